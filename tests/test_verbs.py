"""The table of verbs and what surfaces make of it."""

from __future__ import annotations

import json
import shlex
from copy import copy
from pathlib import Path
from typing import Any

import anyio
import click
import pytest
from mcp import Client
from mcp_types import CallToolResult

from graphmem import GraphMemory
from graphmem.cli.app import app
from graphmem.mcp_server.tool_arguments import schema
from graphmem.mcp_server.tool_callers import LocalCaller
from graphmem.mcp_server.tool_server import make_server
from graphmem.mcp_server.tools import tools_of
from graphmem.verbs import VERBS, Profile, Verb
from graphmem.wire.contracts import Role, contract
from tests.parity.world import HERE, make, opened

WITH_COMMAND = [verb for verb in VERBS.values() if verb.example]


def test_every_public_method_of_a_memory_is_a_verb() -> None:
    methods = {name for name in dir(GraphMemory) if not name.startswith("_")} - {"close", "scope"}
    assert methods == set(VERBS)


def test_a_summary_is_a_phrase_of_one_line() -> None:
    assert all(verb.summary and verb.summary[-1] != "." and len(verb.summary) < 80 for verb in VERBS.values())


def _runs_by_itself(command: click.Group, words: list[str]) -> bool:
    """Whether words are no command of a group that can do without one."""
    return command.invoke_without_command and words[0] not in command.commands


@pytest.mark.parametrize("verb", WITH_COMMAND, ids=lambda verb: verb.name)
def test_an_example_is_a_command_line_of_the_verb(verb: Verb) -> None:
    words = shlex.split(verb.example)
    command: click.Command = app
    context = click.Context(app)
    while isinstance(command, click.Group) and not _runs_by_itself(command, words):
        found = command.get_command(context, words.pop(0))
        assert found is not None, verb.example
        command = found
    # Files in examples do not exist.
    command = copy(command)
    command.params = [one for one in command.params if not isinstance(one.type, click.Path)] or command.params
    assert command.make_context("example", words, parent=context, resilient_parsing=True)


def test_every_parameter_that_people_give_is_described() -> None:
    shown = (Role.PATH, Role.BODY, Role.QUERY)
    silent = [
        (verb.name, parameter.name)
        for verb in VERBS.values()
        if verb.name != "to_networkx" and verb.route
        for parameter in contract(verb.name).of(*shown)
        if not parameter.description
    ]
    assert silent == []


def test_a_write_takes_a_writer_and_a_read_does_not() -> None:
    named = [verb for verb in VERBS.values() if verb.route]
    assert {verb.name for verb in named if contract(verb.name).of(Role.WRITER)} == {
        verb.name for verb in named if verb.is_write
    }


# ---- all tools


def test_the_full_profile_has_the_core_and_a_tool_for_every_verb_with_one() -> None:
    core, full = tools_of(Profile.CORE), tools_of(Profile.FULL)
    assert list(full)[: len(core)] == list(core)
    of_verbs = {f"memory_{verb.name}" for verb in VERBS.values() if verb.profile is not None}
    assert set(full) == of_verbs | {"memory_ingest", "memory_review"}


def test_no_tool_has_a_union_at_the_root_of_its_schema() -> None:
    assert all(schema(tool.arguments)["type"] == "object" for tool in tools_of(Profile.FULL).values())


def test_a_client_of_the_full_profile_lists_transitions_and_links(tmp_path: Path) -> None:
    with opened(make(tmp_path).parent) as memory:
        listed = called(memory, "memory_list", kind="convention", limit=2)
        assert len(listed["cards"]) == 2
        moved = called(memory, "memory_transition", id="lint", status="ended", at="2026-01-01")
        assert moved["change"]["operation"]["move"]["status"] == "ended"
        linked = called(memory, "memory_link", id="lint", target="postgres", kind="depends_on")
        assert linked["change"]["operation"]["operation"] == "link"


def called(memory: GraphMemory, name: str, **given: object) -> dict[str, Any]:
    """The structured answer of a tool of the full profile."""

    async def call() -> CallToolResult:
        server = make_server(lambda _: (memory, LocalCaller(HERE)), profile=Profile.FULL)
        async with Client(server) as client:
            done = await client.call_tool(name, given)
            assert isinstance(done, CallToolResult)
            return done

    done = anyio.run(call)
    assert not done.is_error, json.dumps(done.structured_content)
    assert done.structured_content is not None
    structured: dict[str, Any] = done.structured_content
    return structured
