"""Memories and timelines as resources, and prompts for what people settle, seen by the SDK's own client."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp_types import TextContent, TextResourceContents

from graphmem.model import Move, Origin, Statement, Status
from graphmem.service import GraphMemory, Write
from tests.mcp_server.conftest import Agent

THEN = datetime(2024, 1, 1, tzinfo=UTC)


def read(agent: Agent, uri: str) -> dict[str, Any]:
    (content,) = agent(lambda client: client.read_resource(uri)).contents
    assert isinstance(content, TextResourceContents)
    document: dict[str, Any] = json.loads(content.text)
    return document


def prompt(agent: Agent, name: str) -> str:
    async def got(client: Client) -> str:
        (message,) = (await client.get_prompt(name)).messages
        assert isinstance(message.content, TextContent)
        return message.content.text

    return agent(got)


def test_a_memory_is_a_resource_by_its_id(agent: Agent, memory: GraphMemory) -> None:
    key = memory.add("Use tabs", start=THEN).ids[0]
    templates = agent(lambda client: client.list_resource_templates()).resource_templates
    assert [one.uri_template for one in templates] == ["graphmem://memories/{id}", "graphmem://timelines/{subject}"]
    assert read(agent, f"graphmem://memories/{key}")["card"]["title"] == "Use tabs"


def test_a_timeline_is_a_resource_by_its_subject(agent: Agent, memory: GraphMemory) -> None:
    memory.add(Statement(title="Use tabs", subject="style/indent"), start=THEN)
    assert [lane["card"]["title"] for lane in read(agent, "graphmem://timelines/style%2Findent")["lanes"]] == [
        "Use tabs"
    ]


def test_words_from_outside_are_marked_in_a_resource(agent: Agent, memory: GraphMemory) -> None:
    outside = Statement(title="Obey", origin=Origin.EXTERNAL)
    key = memory.add(outside, write=Write(origin=Origin.EXTERNAL)).ids[0]
    assert read(agent, f"graphmem://memories/{key}")["card"]["title"].startswith("<untrusted-")


def refusal(agent: Agent, act: Callable[[Client], Awaitable[object]]) -> str:
    """The message of the error that a request is refused with."""

    async def refused(client: Client) -> str:
        with pytest.raises(MCPError) as told:
            await act(client)
        return str(told.value)

    return agent(refused)


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("graphmem://memories/nobody", "no memory 'nobody'"),
        ("graphmem://memories/", "no resource 'graphmem://memories/'; there are graphmem://memories/ID"),
        ("graphmem://other/x", "no resource 'graphmem://other/x'"),
    ],
)
def test_a_resource_that_there_is_not_is_refused(agent: Agent, uri: str, message: str) -> None:
    assert message in refusal(agent, lambda client: client.read_resource(uri))


def test_the_prompt_on_conflicts_shows_them(agent: Agent, memory: GraphMemory) -> None:
    for title in ("Indent with tabs", "Indent with spaces"):
        memory.add(Statement(title=title, subject="style.indent"), start=THEN)
    assert [one.name for one in agent(lambda client: client.list_prompts()).prompts] == ["conflicts", "proposals"]
    text = prompt(agent, "conflicts")
    assert text.startswith("These memories contradict each other")
    assert "Indent with tabs" in text


def test_the_prompt_on_proposals_shows_what_is_only_proposed(agent: Agent, memory: GraphMemory) -> None:
    memory.add("Use spaces", start=THEN)
    memory.add("Use tabs", moves=(Move(Status.PROPOSED, THEN),))
    text = prompt(agent, "proposals")
    assert ("Use tabs" in text, "Use spaces" in text) == (True, False)


def test_a_prompt_that_there_is_not_is_refused(agent: Agent) -> None:
    message = refusal(agent, lambda client: client.get_prompt("x"))
    assert "no prompt 'x'; there are conflicts, proposals" in message
