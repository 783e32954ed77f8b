"""Scripts as people write them for mem0's open-source `Memory`, with the import changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

import graphmem
from graphmem import Statement
from graphmem.compat import Memory, NoSuchMemory, WrongArgument
from graphmem.errors import GraphMemError, Unsupported
from tests.fake_embedder import no_embedder


@pytest.fixture
def store(tmp_path: Path) -> Iterator[graphmem.GraphMemory]:
    with graphmem.open(str(tmp_path / "m.db"), create=True, embedder=no_embedder) as memory:
        yield memory


@pytest.fixture
def m(store: graphmem.GraphMemory) -> Memory:
    return Memory(memory=store)


def texts(found: dict[str, Any]) -> list[str]:
    return [one["memory"] for one in found["results"]]


ALICE = {"user_id": "alice"}


def test_a_chat_remembers_what_was_said(m: Memory) -> None:
    def chat(message: str, user_id: str = "default_user") -> str:
        found = m.search(query=message, filters={"user_id": user_id}, top_k=3)
        known = "\n".join(f"- {entry['memory']}" for entry in found["results"])
        messages = [{"role": "system", "content": f"Known:\n{known}"}, {"role": "user", "content": message}]
        messages.append({"role": "assistant", "content": "Noted."})
        m.add(messages, user_id=user_id)
        return known

    assert chat("I play tennis on Sundays") == ""
    assert "I play tennis on Sundays" in chat("when do I play tennis?")
    assert not any("Known:" in text for text in texts(m.get_all(filters={"user_id": "default_user"})))


def test_a_life_of_one_memory(m: Memory) -> None:
    (added,) = m.add("Likes to play cricket on weekends", user_id="alice", metadata={"category": "hobbies"})["results"]
    key = added["id"]
    assert (added["memory"], added["event"]) == ("Likes to play cricket on weekends", "ADD")
    assert m.update(memory_id=key, text="Likes to play tennis on weekends") == {
        "message": "Memory updated successfully!"
    }
    got = m.get(key)
    assert got is not None
    assert (got["id"], got["memory"], got["metadata"]) == (
        key,
        "Likes to play tennis on weekends",
        {"category": "hobbies"},
    )
    assert texts(m.search("cricket", filters=ALICE)) == ["Likes to play tennis on weekends"]
    assert m.delete(key) == {"message": "Memory deleted successfully!"}
    assert m.get(key) is None
    assert texts(m.get_all(filters=ALICE)) == []
    events = [(one["event"], one["old_memory"], one["new_memory"]) for one in m.history(memory_id=key)]
    assert events == [
        ("ADD", None, "Likes to play cricket on weekends"),
        ("UPDATE", "Likes to play cricket on weekends", "Likes to play tennis on weekends"),
        ("DELETE", "Likes to play tennis on weekends", None),
    ]
    assert {one["memory_id"] for one in m.history(key)} == {key}


def test_what_a_person_recorded_is_only_proposed_to_change(m: Memory, store: graphmem.GraphMemory) -> None:
    key = store.add("Reviews need two people").ids[0]
    assert m.update(key, "Reviews need nobody")["message"].startswith("Recorded as a proposal")
    assert m.delete(key)["message"].startswith("Recorded as a proposal")
    assert store.get(key).state == "holds"


def test_every_key_of_an_answer_is_there(m: Memory) -> None:
    m.add([{"role": "user", "content": "Vegetarian", "name": "ann"}], user_id="alice", agent_id="cook", run_id="r1")
    (found,) = m.search("vegetarian", filters=ALICE, explain=True)["results"]
    assert found.keys() == {
        "id", "memory", "hash", "created_at", "updated_at", "score", "user_id", "agent_id", "run_id", "role",
        "actor_id", "score_details",
    }  # fmt: skip
    assert (found["user_id"], found["agent_id"], found["run_id"]) == ("alice", "cook", "r1")
    assert (found["role"], found["actor_id"], 0 < found["score"] < 1) == ("user", "ann", True)
    assert m.history(found["id"])[0].keys() == {
        "id", "memory_id", "old_memory", "new_memory", "event", "created_at", "updated_at", "is_deleted", "actor_id",
        "role",
    }  # fmt: skip


def test_owners_are_conditions_that_add_up(m: Memory) -> None:
    m.add("both", user_id="alice", agent_id="bot")
    m.add("alice alone", user_id="alice")
    m.add("the bot alone", agent_id="bot")
    assert set(texts(m.get_all(filters=ALICE))) == {"both", "alice alone"}
    assert set(texts(m.get_all(filters={"agent_id": "bot"}))) == {"both", "the bot alone"}
    assert texts(m.get_all(filters={"user_id": "alice", "agent_id": "bot"})) == ["both"]
    assert texts(m.get_all(filters={"user_id": "alic"})) == []


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ({"year": 1999}, {"matrix"}),
        ({"year": {"gte": 1999, "lt": 2010}}, {"matrix"}),
        ({"genre": {"in": ["drama", "war"]}}, {"dune"}),
        ({"genre": {"ne": "drama"}}, {"alien", "matrix"}),
        ({"genre": {"nin": ["drama"]}}, {"alien", "matrix"}),
        ({"genre": {"icontains": "SCI"}}, {"matrix"}),
        ({"genre": {"contains": "SCI"}}, set()),
        ({"genre": "*"}, {"matrix", "dune"}),
        ({"OR": [{"year": 1979}, {"genre": "drama"}]}, {"alien", "dune"}),
        ({"AND": [{"year": {"gt": 1990}}, {"genre": "drama"}]}, {"dune"}),
        ({"NOT": [{"year": 1999}, {"genre": "drama"}]}, {"alien"}),
    ],
)
def test_conditions_on_metadata(m: Memory, condition: dict[str, Any], found: set[str]) -> None:
    m.add("matrix", user_id="alice", metadata={"year": 1999, "genre": "sci-fi"})
    m.add("dune", user_id="alice", metadata={"year": 2021, "genre": "drama"})
    m.add("alien", user_id="alice", metadata={"year": 1979})
    assert set(texts(m.get_all(filters={**ALICE, **condition}))) == found
    assert set(texts(m.search("matrix dune alien", filters={**ALICE, **condition}))) == found


def test_metadata_of_any_json_comes_back(m: Memory) -> None:
    told = {"a=b": "c=d", "nested": {"list": [1, None, "ä"]}, "user_id": "mallory"}
    key = m.add("x", user_id="alice", metadata=told)["results"][0]["id"]
    got = m.get(key)
    assert got is not None
    assert got["metadata"] == {"a=b": "c=d", "nested": {"list": [1, None, "ä"]}}
    assert got["user_id"] == "alice"


def test_metadata_may_change_alone(m: Memory) -> None:
    key = m.add("x\nwith a body", user_id="alice", metadata={"a": 1, "b": 1})["results"][0]["id"]
    m.update(key, metadata={"b": 2})
    got = m.get(key)
    assert got is not None
    assert (got["memory"], got["metadata"]) == ("x\nwith a body", {"a": 1, "b": 2})
    assert got["created_at"] < got["updated_at"]


def test_what_expired_is_hidden_until_asked_for(m: Memory) -> None:
    m.add("old news", user_id="alice", expiration_date="2020-01-01")
    key = m.add("fresh news", user_id="alice", expiration_date="2999-01-01")["results"][0]["id"]
    assert texts(m.get_all(filters=ALICE)) == ["fresh news"]
    assert set(texts(m.get_all(filters=ALICE, show_expired=True))) == {"old news", "fresh news"}
    assert set(texts(m.search("news", filters=ALICE, show_expired=True))) == {"old news", "fresh news"}
    m.update(key, expiration_date="2021-01-01")
    assert texts(m.get_all(filters=ALICE)) == []
    m.update(key, expiration_date=None)
    assert texts(m.get_all(filters=ALICE)) == ["fresh news"]


def test_all_of_a_user_are_deleted_and_nobody_elses(m: Memory) -> None:
    for number in range(5):
        key = m.add(f"note {number}", user_id="alice")["results"][0]["id"]
    m.update(key, "note 4, rewritten")
    m.add("other", user_id="bob")
    assert m.delete_all(user_id="alice") == {"message": "Memories deleted successfully!"}
    assert texts(m.get_all(filters=ALICE)) == []
    assert texts(m.get_all(filters={"user_id": "bob"})) == ["other"]


def test_reset_leaves_what_was_written_otherwise(m: Memory, store: graphmem.GraphMemory) -> None:
    store.add(Statement(title="A decision of the project", labels=("kept",)))
    m.add("note", user_id="alice")
    m.reset()
    assert [card.title for card in store.list().cards] == ["A decision of the project"]


def test_the_same_again_is_told_as_there_already(m: Memory) -> None:
    first = m.add("Likes tea", user_id="alice")["results"][0]
    again = m.add("Likes tea", user_id="alice")["results"][0]
    assert (again["id"], again["event"]) == (first["id"], "NONE")


def test_what_took_over_elsewhere_answers_here(m: Memory, store: graphmem.GraphMemory) -> None:
    key = m.add("Lives in Rome", user_id="alice")["results"][0]["id"]
    store.supersede(key, "Lives in Oslo now")
    assert texts(m.search("Rome", filters=ALICE)) == ["Lives in Oslo now"]
    got = m.get(key)
    assert got is not None
    assert got["memory"] == "Lives in Oslo now"


def test_a_question_of_the_past(m: Memory) -> None:
    key = m.add("Lives in Rome", user_id="alice", timestamp=1_600_000_000)["results"][0]["id"]
    m.update(key, "Lives in Oslo")
    assert texts(m.search("Rome", filters=ALICE, reference_date="2021-01-01T00:00:00+00:00")) == ["Lives in Rome"]


def test_arguments_of_earlier_releases_are_understood(m: Memory) -> None:
    for number in range(4):
        m.add(f"note {number}", user_id="alice")
    assert len(m.search("note", user_id="alice", limit=2)["results"]) == 2
    assert len(m.get_all(user_id="alice", limit=3)["results"]) == 3


def test_a_long_text_comes_back_whole(m: Memory) -> None:
    text = "word " * 100 + "end"
    key = m.add(text, user_id="alice")["results"][0]["id"]
    got = m.get(key)
    assert got is not None
    assert got["memory"] == text


def test_more_than_one_page_is_listed_and_searched(m: Memory) -> None:
    m.add([{"role": "user", "content": f"note {number}"} for number in range(250)], user_id="alice")
    assert len(m.get_all(filters=ALICE, top_k=1_000)["results"]) == 250
    m.delete_all(user_id="alice")
    assert m.get_all(filters=ALICE)["results"] == []


def test_messages_come_in_several_shapes(m: Memory) -> None:
    m.add({"role": "user", "content": "one message"}, user_id="alice")
    parts = [{"type": "text", "text": "in parts"}, {"type": "image_url", "image_url": {"url": "x"}}]
    m.add([{"role": "user", "content": parts}, {"role": "assistant", "content": None}], user_id=7)
    assert texts(m.get_all(filters=ALICE)) == ["one message"]
    assert texts(m.get_all(filters={"user_id": 7})) == ["in parts"]


def test_a_date_may_be_one_of_python(m: Memory) -> None:
    m.add("until a day", user_id="alice", expiration_date=date(2999, 1, 1))
    m.add("until a moment", user_id="alice", expiration_date=datetime(2999, 1, 1, 12, tzinfo=UTC))
    assert [one["expiration_date"] for one in m.get_all(filters=ALICE)["results"]] == ["2999-01-01"] * 2


def test_values_that_cannot_be_compared_do_not_fit(m: Memory) -> None:
    m.add("x", user_id="alice", metadata={"year": "unknown"})
    assert texts(m.get_all(filters={**ALICE, "year": {"gt": 3}})) == []


def test_an_argument_that_there_is_not_is_a_type_error(m: Memory) -> None:
    with pytest.raises(TypeError, match="'page'"):
        m.search("x", filters=ALICE, page=2)


def test_a_memory_of_another_surface_is_shown_too(m: Memory, store: graphmem.GraphMemory) -> None:
    key = store.add(Statement(title="Decided elsewhere", labels=("user_id=alice",))).ids[0]
    got = m.get(key)
    assert got is not None
    assert (got["memory"], "user_id" in got) == ("Decided elsewhere", False)
    assert texts(m.get_all(filters=ALICE)) == []


@pytest.mark.parametrize(
    "wrong",
    [
        lambda m: m.add("x"),
        lambda m: m.add("x", user_id=" "),
        lambda m: m.add("x", user_id="a b"),
        lambda m: m.add(7, user_id="a"),
        lambda m: m.add(["x"], user_id="a"),
        lambda m: m.add("x", user_id="a", expiration_date="soon"),
        lambda m: m.add("x", user_id="a", metadata={"x": object()}),
        lambda m: m.search("x"),
        lambda m: m.search(" ", filters=ALICE),
        lambda m: m.search("x", filters={**ALICE, "y": {"like": 1}}),
        lambda m: m.search("x", filters=ALICE, top_k=-1),
        lambda m: m.search("x", filters=ALICE, reference_date="soon"),
        lambda m: m.get_all(filters={"category": "x"}),
        lambda m: m.get_all(filters={**ALICE, "OR": 1}),
        lambda m: m.delete_all(),
        lambda m: m.delete("nope"),
        lambda m: m.update("nope", "x"),
        lambda m: m.update("nope"),
    ],
)
def test_what_is_wrong_is_a_value_error_and_ours(m: Memory, wrong: Any) -> None:  # noqa: ANN401
    m.add("something", user_id="alice")
    with pytest.raises(GraphMemError) as refused:
        wrong(m)
    assert isinstance(refused.value, ValueError)
    assert isinstance(refused.value, WrongArgument | NoSuchMemory)


def test_what_needs_a_language_model_is_refused(m: Memory) -> None:
    with pytest.raises(Unsupported, match="language model"):
        m.add("x", agent_id="a", memory_type="procedural_memory")


def test_a_configuration_is_read_for_its_place_alone(tmp_path: Path) -> None:
    config = {"url": str(tmp_path / "c.db"), "llm": {"provider": "openai"}, "version": "v1.1"}
    with pytest.warns(UserWarning, match="these settings: llm, version"), Memory.from_config(config) as m:
        m.add("x", user_id="alice")
    assert (tmp_path / "c.db").exists()


def test_without_a_place_the_users_own_folder_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("GRAPHMEM_EMBEDDINGS", "off")
    monkeypatch.chdir(tmp_path)
    with Memory() as m:
        m.add("x", user_id="alice")
    with Memory() as m:
        assert texts(m.get_all(filters=ALICE)) == ["x"]
    assert (tmp_path / "data" / "graphmem" / "compat.db").exists()
