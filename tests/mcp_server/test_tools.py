"""What the tools do, seen by the SDK's own client."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp_types import TextContent

from graphmem.mcp_server.listing import listing
from graphmem.model import At, Origin, Scope, Statement
from graphmem.service import GraphMemory, Write
from graphmem.wire.documents import document
from tests.mcp_server.conftest import Agent
from tools.list_mcp_tools import TARGET

THEN = datetime(2024, 1, 1, tzinfo=UTC)


def test_seven_tools_with_short_schemas_and_hints(agent: Agent) -> None:
    tools = agent(lambda client: client.list_tools()).tools
    assert [one.name for one in tools] == [
        "memory_search", "memory_add", "memory_supersede", "memory_end", "memory_confirm", "memory_history",
        "memory_explain",
    ]  # fmt: skip
    hints = [one.annotations and (one.annotations.read_only_hint, one.annotations.destructive_hint) for one in tools]
    assert hints == [(True, False), *[(False, False)] * 4, (True, False), (True, False)]
    assert all(len(json.dumps(one.input_schema)) < 1_600 for one in tools)
    assert len(json.dumps([one.model_dump(mode="json", exclude_none=True) for one in tools])) < 2_600 * len(tools)


def test_the_listing_that_is_shipped_is_that_of_the_tools() -> None:
    assert TARGET.read_text(encoding="utf-8") == listing(), "run: python -m tools.list_mcp_tools"


def test_starting_imports_nothing_that_only_calls_need() -> None:
    script = (
        "import sys; from graphmem.mcp_server.stdio import serve_stdio; "
        "print(sorted({'graphmem.service', 'graphmem.answers', 'apsw', 'numpy'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_search_gives_the_written_form_of_the_answer(agent: Agent, memory: GraphMemory) -> None:
    old = memory.add("The database is MySQL", start=THEN).ids[0]
    memory.supersede(old, "The database is PostgreSQL")
    told = agent.told("memory_search", query="MySQL database", limit=3)
    at = At(datetime.fromisoformat(told["at"]["as_of"]), told["at"]["known_at"])
    assert told == document(memory.search("MySQL database", at=at))
    assert [hit["card"]["title"] for hit in told["hits"]] == ["The database is PostgreSQL"]


def test_a_search_of_the_past_and_by_filters(agent: Agent, memory: GraphMemory) -> None:
    old = memory.add("The database is MySQL", start=THEN).ids[0]
    memory.supersede(old, "The database is PostgreSQL")
    agent.told(
        "memory_add", text="The cache database is Redis", tags=["cache"], paths=["src/cache.py"], kind="decision"
    )
    then = agent.told("memory_search", query="database", as_of="2024-06-01")
    assert [hit["card"]["title"] for hit in then["hits"]] == ["The database is MySQL"]
    for given in ({"tags": ["cache"]}, {"path": "src/"}, {"kind": "decision"}):
        found = agent.told("memory_search", query="database", **given)
        assert [hit["card"]["title"] for hit in found["hits"]] == ["The cache database is Redis"]


def test_a_text_for_the_model_leaves_out_what_is_empty(agent: Agent) -> None:
    agent.told("memory_add", text="Use tabs")
    done = agent.call("memory_search", query="tabs")
    (content,) = done.content
    assert isinstance(content, TextContent)
    assert json.loads(content.text)["hits"][0]["card"]["title"] == "Use tabs"
    assert "null" not in content.text


def test_what_an_agent_adds_is_of_an_agent(agent: Agent, memory: GraphMemory) -> None:
    told = agent.told(
        "memory_add", text="Keys are UUIDv7\nThey sort.", kind="decision", subject="keys.format", rationale="order",
        reason="review", source="PR 12", start="2025-01-01",
    )  # fmt: skip
    said = memory.get(told["ids"][0]).memory.statement
    assert said is not None
    assert (said.title, said.body, said.subject, said.origin) == (
        "Keys are UUIDv7",
        "They sort.",
        "keys.format",
        "agent",
    )
    by = {"actor": "ada", "source": "PR 12", "reason": "review", "origin": "agent"}
    assert told["change"]["provenance"] == by


def test_adding_names_what_is_similar_and_may_skip_it(agent: Agent) -> None:
    first = agent.told("memory_add", text="Use tabs")
    assert agent.told("memory_add", text="Use tabs!")["similar"][0]["memory"] == first["ids"][0]
    assert agent.told("memory_add", text="use tabs.", on_similar="skip")["is_confirmation"]


def test_new_words_take_over_and_keep_what_the_old_were_about(agent: Agent, memory: GraphMemory) -> None:
    old = memory.add(Statement(title="Use MySQL", subject="stack.database"), start=THEN).ids[0]
    new = agent.told("memory_supersede", old=old, text="Use PostgreSQL", reason="JSON")["ids"][1]
    said = memory.get(new).memory.statement
    assert said is not None
    assert (said.subject, said.origin, memory.get(old).state) == ("stack.database", Origin.AGENT, "superseded")
    back = agent.told("memory_supersede", old=new, new=memory.add("Use SQLite", start=THEN).ids[0])
    assert back["change"]["operation"]["operation"] == "supersede"


def test_a_correction_is_one_that_was_never_right(agent: Agent, memory: GraphMemory) -> None:
    old = memory.add("Port 80", start=THEN).ids[0]
    agent.told("memory_supersede", old=old, text="Port 443", is_correction=True)
    assert memory.get(old).state == "corrected"


def test_a_write_sent_again_changes_nothing(agent: Agent) -> None:
    first = agent.told("memory_add", text="Once", op_id="a1")
    assert agent.told("memory_add", text="Once", op_id="a1") == first
    swap = agent.told("memory_supersede", old=first["ids"][0], text="Twice", op_id="a2")
    assert agent.told("memory_supersede", old=first["ids"][0], text="Twice", op_id="a2") == swap


def test_history_and_explanation_are_the_librarys(agent: Agent, memory: GraphMemory) -> None:
    old = memory.add("Use MySQL", start=THEN).ids[0]
    memory.supersede(old, "Use PostgreSQL now")
    for tool, verb in (("memory_history", memory.history), ("memory_explain", memory.explain)):
        told = agent.told(tool, id=old)
        at = At(datetime.fromisoformat(told["at"]["as_of"]), told["at"]["known_at"])
        assert told == document(verb(old, at=at))


@pytest.mark.parametrize(
    ("tool", "given", "code", "part"),
    [
        ("memory_history", {"id": "nope"}, "not_found", "'nope'"),
        ("memory_explain", {"id": "nope"}, "not_found", "'nope'"),
        ("memory_supersede", {"old": "nope", "text": "x y"}, "not_found", "'nope'"),
        ("memory_search", {}, "invalid_input", "query"),
        ("memory_search", {"query": "x", "limit": 0}, "invalid_input", "limit"),
        ("memory_search", {"query": "x", "as_of": "soon"}, "invalid_input", "'soon' is no time"),
        ("memory_search", {"query": "x", "known_at": "99"}, "invalid_input", "no ledger position"),
        ("memory_search", {"query": "x", "asof": "2020-01-01"}, "invalid_input", "asof"),
        ("memory_add", {"text": "x", "origin": "human"}, "invalid_input", "origin"),
        ("memory_add", {"text": " "}, "invalid_input", "no text"),
        ("memory_supersede", {"old": "a"}, "invalid_input", "one of `text` and `new`"),
        (
            "memory_supersede",
            {"old": "a", "text": "b", "is_correction": True, "at": "2020-01-01"},
            "invalid_input",
            "at",
        ),
    ],
)
def test_errors_have_our_codes(agent: Agent, tool: str, given: dict[str, object], code: str, part: str) -> None:
    error = agent.error(tool, **given)
    assert (error["code"], part in error["message"]) == (code, True), error


def test_a_lost_race_names_what_leads_now(agent: Agent, memory: GraphMemory) -> None:
    old = memory.add("Use MySQL", start=THEN).ids[0]
    head = memory.supersede(old, "Use PostgreSQL now").ids[1]
    error = agent.error("memory_supersede", old=old, text="Use SQLite instead")
    assert (error["code"], error["heads"], error["is_retryable"]) == ("conflict", [head], False)


def test_what_nobody_foresaw_tells_nothing(
    agent: Agent, memory: GraphMemory, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a path such as /secret")

    monkeypatch.setattr(memory, "search", broken)
    error = agent.error("memory_search", query="x")
    assert (error["code"], "secret" in error["message"]) == ("error", False)
    assert "a path such as" in caplog.text


def test_an_unknown_tool_is_a_protocol_error(agent: Agent) -> None:
    async def drop(client: Client) -> None:
        with pytest.raises(MCPError, match="no tool 'memory_drop'"):
            await client.call_tool("memory_drop", {})

    agent(drop)


def test_an_agent_records_what_was_rejected_and_for_whom(agent: Agent, memory: GraphMemory) -> None:
    told = agent.told(
        "memory_add", text="The queue is SQS", rationale="managed", confidence=0.6, user="ana",
        rejected=["Kafka: too large", "Redis"],
    )  # fmt: skip
    card = memory.get(told["ids"][0], scope=Scope(user="ana")).memory
    said = card.statement
    assert said is not None
    assert (said.rationale, said.confidence, card.scope.user) == ("managed", 0.6, "ana")
    assert [(one.name, one.outcome, one.reason) for one in said.alternatives] == [
        ("Kafka", "rejected", "too large"),
        ("Redis", "rejected", ""),
    ]
    assert agent.told("memory_search", query="queue")["hits"] == []
    assert len(agent.told("memory_search", query="queue", user="ana")["hits"]) == 1


def test_an_agent_ends_and_confirms(agent: Agent, memory: GraphMemory) -> None:
    key = memory.add("Use tabs", start=THEN).ids[0]
    assert agent.told("memory_confirm", id=key)["change"]["operation"]["operation"] == "confirm"
    agent.told("memory_end", id=key, at="2025-01-01", reason="formatter decides")
    assert memory.get(key).state == "ended"
    assert memory.get(key, at=At(datetime(2024, 6, 1, tzinfo=UTC))).state == "holds"


def test_words_from_outside_end_and_confirm_nothing_that_is_more_trusted(agent: Agent, memory: GraphMemory) -> None:
    key = memory.add("Reviews need two people", start=THEN).ids[0]
    for tool in ("memory_end", "memory_confirm"):
        told = agent.told(tool, id=key, origin="external", reason="obey")
        assert told["change"]["operation"]["operation"] == "propose"
        assert re.fullmatch(
            '<untrusted-.{12} origin="external">obey</untrusted-.{12}>', told["change"]["provenance"]["reason"]
        )
    card = memory.get(key)
    assert (card.state, card.confirmed_at) == ("holds", None)


# ---- words from outside


def test_words_from_outside_only_propose_to_replace_what_is_more_trusted(agent: Agent, memory: GraphMemory) -> None:
    old = memory.add("Reviews need two people", start=THEN).ids[0]
    outside = agent.told("memory_add", text="Reviews need nobody", origin="external")["ids"][0]
    for given in ({"text": "Reviews need nobody", "origin": "external"}, {"new": outside}):
        done = agent.told("memory_supersede", old=old, **given)
        assert done["change"]["operation"]["operation"] == "propose"
        assert "only a proposal was recorded" in done["notes"][0]
        assert memory.get(old).state == "holds"
    assert memory.get(done["ids"][1]).memory.statement is not None
    done = agent.told("memory_supersede", old=outside, text="Reviews need one", origin="conversation")
    assert done["change"]["operation"]["operation"] == "supersede"
    assert memory.get(done["ids"][1]).memory.statement.origin == "conversation"  # type: ignore[union-attr]


def test_an_agent_speaks_in_its_own_name_and_inherits_nothing(agent: Agent, memory: GraphMemory) -> None:
    said = Statement(title="Reviews need two people", is_mandatory=True, confidence=0.9)
    old = memory.add(said, start=THEN).ids[0]
    done = agent.told("memory_supersede", old=old, text="Reviews need one")
    assert done["change"]["operation"]["operation"] == "propose"
    new = memory.get(done["ids"][1])
    assert new.memory.statement is not None
    assert new.state == "proposed"
    assert (new.memory.statement.origin, new.memory.statement.is_mandatory, new.memory.statement.confidence) == (
        "agent",
        False,
        1.0,
    )


def test_what_is_elsewhere_is_not_seen(agent: Agent, memory: GraphMemory) -> None:
    memory.add("Use tabs", write=Write(scope=Scope(repo="other")))
    assert agent.told("memory_search", query="tabs")["hits"] == []
    assert len(agent.told("memory_search", query="tabs", repo="other")["hits"]) == 1
