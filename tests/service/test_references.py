"""Memories by their ids, aliases and the beginnings of ids; files by the paths that they really have."""

from __future__ import annotations

from dataclasses import replace

import pytest

from graphmem.errors import InvalidInput, NotFound
from graphmem.model import At, LinkKind, Move, Statement, Status
from graphmem.service import GraphMemory, New, Write
from graphmem.sources.observations import Observation, Reading
from graphmem.store import Filter
from tests.service.conftest import REPO, day


def record(memory: GraphMemory, key: str, *aliases: str, write: Write | None = None, title: str | None = None) -> None:
    memory.add_many([New(statement=Statement(title=title or key, aliases=aliases), id=key)], write=write)


@pytest.mark.parametrize("ref", ["keysv4", "ADR-0001", "adr 1", "keys"])
def test_an_id_an_alias_and_the_beginning_of_an_id_name_a_memory(memory: GraphMemory, ref: str) -> None:
    record(memory, "keysv4", "ADR-1")
    record(memory, "other", "ADR-2")
    told = (memory.get(ref).id, memory.history(ref).card.id, memory.explain(ref).card.id)
    assert told == ("keysv4", "keysv4", "keysv4")


def test_every_verb_that_writes_takes_them_too(memory: GraphMemory) -> None:
    record(memory, "keysv4", "ADR-1")
    record(memory, "keyring", "ADR-2")
    record(memory, "audit", "ADR-3")
    assert memory.confirm("ADR-1").ids == ("keysv4",)
    assert memory.transition("keysv", Status.DEFERRED).ids == ("keysv4",)
    assert memory.link("ADR-2", "ADR-1", LinkKind.DEPENDS_ON).ids == ("keyring", "keysv4")
    assert memory.supersede("ADR-1", by=["ADR-2", "audit"]).ids == ("keysv4", "keyring", "audit")
    assert memory.amend("ADR-2", by="adr 3", part="x").ids == ("keyring", "audit")
    assert memory.end("ADR-3").ids == memory.retract("audi").ids == memory.erase("ADR-3").ids == ("audit",)


def test_an_id_goes_before_an_alias_and_that_before_a_beginning(memory: GraphMemory) -> None:
    record(memory, "main", "x")
    record(memory, "mainline", "main")
    record(memory, "third", "mainl")
    assert [memory.get(ref).id for ref in ("main", "mainl", "mainli")] == ["main", "third", "mainline"]


def test_an_ambiguous_name_lists_what_it_may_mean(memory: GraphMemory) -> None:
    record(memory, "keys1", "ADR-1", title="In the shop")
    record(memory, "keys2", "ADR-1", title="In the bank")
    for ref in ("ADR-1", "keys"):
        with pytest.raises(InvalidInput, match=r"names 2 memories.*keys1 'In the shop' \(holds\); keys2 'In the bank'"):
            memory.get(ref)


def test_of_words_that_were_replaced_under_one_alias_the_current_ones_are_meant(memory: GraphMemory) -> None:
    record(memory, "first", "ADR-1")
    record(memory, "second", "ADR-1")
    memory.supersede("first", by="second")
    assert memory.get("ADR-1").id == "second"


def test_nobody_is_told_of_what_they_do_not_see(memory: GraphMemory) -> None:
    record(memory, "annskeys", "ADR-9", write=Write(scope=replace(REPO, user="ann")))
    record(memory, "annoy", "ADR-9")
    for ref in ("anns", "annskeys"):
        with pytest.raises(NotFound):
            memory.get(ref)
    assert memory.get("ADR-9").id == "annoy"
    with pytest.raises(InvalidInput, match="names 2"):
        memory.get("ADR-9", scope=replace(REPO, user="ann"))


def test_a_name_is_looked_up_at_the_asked_position(memory: GraphMemory) -> None:
    record(memory, "keys1", "ADR-1")
    record(memory, "keys2", "ADR-1")
    assert memory.get("ADR-1", at=At(known_at=1)).id == "keys1"


@pytest.mark.parametrize("ref", ["key", "keys v4", "Keys", "", "%", "ADR"])
def test_what_names_nothing_is_not_found(memory: GraphMemory, ref: str) -> None:
    record(memory, "keysv4", "ADR-1")
    with pytest.raises(NotFound):
        memory.get(ref)


def test_one_word_is_words_unless_it_is_a_memory(memory: GraphMemory) -> None:
    record(memory, "old")
    done = memory.supersede("old", "PostgreSQL", at=day(2))
    assert memory.get(done.ids[1]).title == "PostgreSQL"
    record(memory, "other")
    assert memory.supersede("other", done.ids[1]).ids == ("other", done.ids[1])


def test_what_reads_like_an_id_is_no_title_by_mistake(memory: GraphMemory) -> None:
    record(memory, "old")
    with pytest.raises(NotFound, match="reads like an id"):
        memory.supersede("old", "7pj22wc17zc2")
    done = memory.supersede("old", Statement(title="7pj22wc17zc2"))
    assert memory.get(done.ids[1]).title == "7pj22wc17zc2"


def test_what_supersedes_is_given_once(memory: GraphMemory) -> None:
    record(memory, "old")
    with pytest.raises(InvalidInput, match="give either `new`"):
        memory.supersede("old")
    with pytest.raises(InvalidInput, match="give either `new`"):
        memory.supersede("old", "words", by="old")
    with pytest.raises(NotFound):
        memory.supersede("old", by="two words")


def test_a_write_sent_again_by_an_alias_gives_the_first_answer(memory: GraphMemory) -> None:
    record(memory, "keysv4", "ADR-1")
    first, second = (memory.supersede("ADR-1", "New words", write=Write(op_id="once")) for _ in range(2))
    assert (first.ids, first.change) == (second.ids, second.change)


def test_a_path_finds_what_was_imported_from_that_file(memory: GraphMemory) -> None:
    for name in ("claude/owner+repo/AGENTS.md/3f2a", "docs/AGENTS.md", "basic-memory/main/AGENTS.md"):
        observation = Observation(
            key=name, statement=Statement(title=name), moves=(Move(Status.ACTIVE, day(1)),), path=name
        )
        memory.ingest(Reading((observation,), (), ()))
    for path in ("AGENTS.md", "./AGENTS.md"):
        found = {card.title for card in memory.list(Filter(paths=(path,))).cards}
        assert found == {"claude/owner+repo/AGENTS.md/3f2a", "basic-memory/main/AGENTS.md"}
        assert len(memory.timeline(path=path).lanes) == 2
    assert [card.title for card in memory.list(Filter(paths=("docs/",))).cards] == ["docs/AGENTS.md"]


def test_repositories_are_those_that_a_reader_would_see_something_in(memory: GraphMemory) -> None:
    for repo, user in (("shop", None), ("bank", None), ("secret", "bob"), (None, None)):
        memory.add(f"in {repo}", write=Write(scope=replace(REPO, repo=repo, user=user)))
    assert memory.repositories() == ("bank", "shop")
    assert memory.repositories(scope=replace(REPO, repo=None, user="bob")) == ("bank", "secret", "shop")
    assert memory.repositories(scope=replace(REPO, tenant="other")) == ()
