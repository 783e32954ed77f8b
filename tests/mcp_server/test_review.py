"""A person reviews proposals through the agent's client: in a form where it shows forms, else by a question."""

from __future__ import annotations

from typing import Any, Literal

import anyio
import pytest
from mcp import Client
from mcp.client.session import ClientRequestContext
from mcp_types import CallToolResult, ElicitRequestParams, ElicitResult

from graphmem.mcp_server.tool_callers import LocalCaller
from graphmem.mcp_server.tool_server import make_server
from graphmem.service import GraphMemory
from graphmem.sources.transcripts import Message
from graphmem.verbs import Profile
from tests.mcp_server.conftest import Agent

MODES = pytest.mark.parametrize("mode", ["auto", "legacy"])
SAID = "We decided to use httpx instead of requests because it is async."


@pytest.fixture
def proposal(memory: GraphMemory) -> str:
    return memory.capture([Message("user", SAID)], session="s1").captured[0].id


def reviewed(
    memory: GraphMemory, proposal: str, answer: ElicitResult | None, mode: str, shown: list[Any] | None = None
) -> CallToolResult:
    """The result of a call by a client whose user answers forms so; by one without forms for None."""

    async def fill_in(context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
        del context
        if shown is not None:
            shown.append(params)
        assert answer is not None
        return answer

    async def connected() -> CallToolResult:
        server = make_server(lambda _: (memory, LocalCaller(memory.scope)), profile=Profile.FULL)
        callback = None if answer is None else fill_in
        async with Client(server, mode=mode, elicitation_callback=callback) as client:
            return await client.call_tool("memory_review", {"id": proposal})

    return anyio.run(connected)


def filled(**fields: str | int) -> ElicitResult:
    return ElicitResult(action="accept", content=dict(fields))


def told(done: CallToolResult) -> dict[str, Any]:
    assert not done.is_error, done.structured_content
    document: dict[str, Any] = done.structured_content
    return document


@MODES
def test_a_form_shows_the_words_and_the_users_verdict_is_a_persons(
    memory: GraphMemory, proposal: str, mode: str
) -> None:
    shown: list[Any] = []
    answer = told(reviewed(memory, proposal, filled(verdict="accept", reason="as we agreed"), mode, shown))
    assert (answer["is_reviewed"], answer["message"]) == (True, "The user's verdict: accept.")
    (form,) = shown
    assert f"A decision waits for your review ({proposal}):\n\nUse httpx instead of requests" in form.message
    assert f"> {SAID}" in form.message
    card = memory.search("httpx").hits[0].card
    assert (card.state, card.statement.origin) == ("holds", "human")
    assert memory.changes()[-1].provenance.reason == "as we agreed"


@MODES
def test_a_proposal_is_edited_or_rejected(memory: GraphMemory, proposal: str, mode: str) -> None:
    words = filled(verdict="edit", reason="only there", statement="Use httpx in the API")
    assert told(reviewed(memory, proposal, words, mode))["is_reviewed"]
    assert memory.search("httpx").hits[0].card.title == "Use httpx in the API"
    other = memory.capture([Message("user", "Never commit generated files.")]).captured[0].id
    assert told(reviewed(memory, other, filled(verdict="reject", reason="a joke"), mode))["is_reviewed"]
    assert memory.get(other).state == "rejected"


@MODES
@pytest.mark.parametrize("action", ["decline", "cancel"])
def test_a_user_who_does_not_answer_leaves_it_waiting(
    memory: GraphMemory, proposal: str, action: Literal["decline", "cancel"], mode: str
) -> None:
    answer = told(reviewed(memory, proposal, ElicitResult(action=action), mode))
    assert (answer["is_reviewed"], memory.get(proposal).state) == (False, "proposed")


@MODES
@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"verdict": "accept"}, "a review needs a reason"),
        ({"verdict": "praise", "reason": "r"}, "'praise' is no review"),
        ({"verdict": "edit", "reason": "r"}, "edit needs the words"),
        ({"verdict": 1, "reason": "r"}, "'' is no review"),
    ],
)
def test_a_form_that_is_filled_in_wrongly_records_nothing(
    memory: GraphMemory, proposal: str, fields: dict[str, str | int], message: str, mode: str
) -> None:
    done = reviewed(memory, proposal, filled(**fields), mode)
    assert done.is_error
    assert message in done.structured_content["error"]["message"]
    assert memory.get(proposal).state == "proposed"


@MODES
def test_a_client_without_forms_gets_a_question_for_its_user(memory: GraphMemory, proposal: str, mode: str) -> None:
    answer = told(reviewed(memory, proposal, None, mode))
    assert answer["is_reviewed"] is False
    assert f"graphmem review {proposal} accept|edit|reject --reason TEXT" in answer["message"]
    assert ("<untrusted-" in str(answer["proposal"]), memory.get(proposal).state) == (True, "proposed")


def test_no_argument_of_an_agent_is_a_verdict(full_agent: Agent, proposal: str) -> None:
    assert full_agent.error("memory_review", id=proposal, verdict="accept")["code"] == "invalid_input"


def test_what_is_no_proposal_is_named(memory: GraphMemory, full_agent: Agent) -> None:
    key = memory.add("Use tabs").ids[0]
    assert "is no proposal that waits: it is holds" in full_agent.error("memory_review", id=key)["message"]
    assert full_agent.error("memory_review", id="nobody")["code"] == "not_found"


def test_the_core_profile_has_no_review(agent: Agent) -> None:
    names = [tool.name for tool in agent(lambda client: client.list_tools()).tools]
    assert "memory_review" not in names
