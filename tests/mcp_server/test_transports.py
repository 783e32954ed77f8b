"""The tools over both transports, with real processes and sockets of this machine."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
import uvicorn
from mcp import Client
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from starlette.applications import Starlette
from starlette.routing import Route

from graphmem.errors import Forbidden
from graphmem.mcp_server.http_app import MountedTools
from graphmem.model import Scope
from graphmem.opening import initialise, open_memory
from graphmem.service import GraphMemory, Write
from graphmem.vocabulary import Permission
from tests.fake_embedder import no_embedder
from tests.mcp_server.conftest import Agent
from tests.sources.git.repositories import Repository

REPO = Path(__file__).parent.parent.parent
OFF = {"GRAPHMEM_EMBEDDINGS": "off"}


# ---- stdio


def started_by(folder: Path) -> StdioServerParameters:
    environment = {**os.environ, **OFF, "PYTHONPATH": str(REPO)}
    return StdioServerParameters(
        command=sys.executable, args=["-m", "graphmem.cli", "mcp"], env=environment, cwd=str(folder)
    )


def test_a_session_over_stdio(tmp_path: Path) -> None:
    initialise(tmp_path)
    agent = Agent(started_by(tmp_path))
    key = agent.told("memory_add", text="Use tabs")["ids"][0]
    assert agent.told("memory_search", query="tabs")["hits"][0]["id"] == key


def test_without_a_store_tools_are_listed_and_calls_say_how_to_make_one(tmp_path: Path) -> None:
    agent = Agent(started_by(tmp_path))
    assert len(agent(lambda client: client.list_tools()).tools) == 8
    error = agent.error("memory_search", query="x")
    assert (error["code"], "graphmem init" in error["message"]) == ("not_found", True)


@pytest.mark.unmeasured
def test_clients_with_processes_of_their_own_share_one_store(tmp_path: Path) -> None:
    initialise(tmp_path)

    async def act() -> list[list[str]]:
        async with (
            Client(started_by(tmp_path)) as one,
            Client(started_by(tmp_path)) as other,
            anyio.create_task_group() as group,
        ):
            for number, client in enumerate((one, other)):
                group.start_soon(client.call_tool, "memory_add", {"text": f"rule {number}"})
        async with Client(started_by(tmp_path)) as reader:
            told: Any = (await reader.call_tool("memory_search", {"query": "rule"})).structured_content
            return [[hit["title"] for hit in told["hits"]]]

    assert sorted(anyio.run(act)[0]) == ["rule 0", "rule 1"]


#: How the SDK's client connects, and the version of the protocol that it then speaks.
VERSIONS = [("legacy", "2025-11-25"), ("2026-07-28", "2026-07-28")]


@pytest.mark.unmeasured
@pytest.mark.parametrize(("mode", "version"), VERSIONS)
def test_eight_clients_at_once_over_stdio(tmp_path: Path, mode: Any, version: str) -> None:  # noqa: ANN401 - a literal
    initialise(tmp_path)
    told: dict[int, tuple[str, int, str]] = {}

    async def use(number: int) -> None:
        async with Client(started_by(tmp_path), mode=mode) as client:
            tools = (await client.list_tools()).tools
            added: Any = (await client.call_tool("memory_add", {"text": f"rule {number}"})).structured_content
            key = added["ids"][0]
            resource: Any = (await client.read_resource(f"graphmem://memories/{key}")).contents[0]
            told[number] = (
                client.protocol_version,
                len(tools),
                json.loads(resource.text)["card"]["title"],
            )

    async def act() -> None:
        async with anyio.create_task_group() as group:
            for number in range(8):
                group.start_soon(use, number)

    anyio.run(act)
    assert told == {number: (version, 8, f"rule {number}") for number in range(8)}


def test_a_process_ends_by_itself_when_its_input_ends_during_a_call(tmp_path: Path) -> None:
    initialise(tmp_path)
    call: dict[str, Any] = {"name": "memory_ingest", "arguments": {}, "_meta": {"progressToken": 1}}
    sent: list[dict[str, Any]] = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
            "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": call},
    ]  # fmt: skip
    made = Repository.made(tmp_path / "work")
    made.write(AGENTS_dot_md="".join(f"- Write module {number} without global state\n" for number in range(3_000)))
    made.commit()
    environment = {
        **os.environ,
        **OFF,
        "PYTHONPATH": str(REPO),
        "GRAPHMEM_URL": str(tmp_path / ".graphmem" / "memory.db"),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "graphmem.cli", "mcp", "--profile", "full"],
        cwd=made.root,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("".join(json.dumps(one) + "\n" for one in sent))
        process.stdin.flush()
        lines = [json.loads(process.stdout.readline()) for _ in range(2)]
        process.stdin.close()
        lines += [json.loads(line) for line in process.stdout]
        assert process.wait() == 0
    assert lines[1]["method"] == "notifications/progress"
    assert all(line["jsonrpc"] == "2.0" for line in lines)
    assert not [line for line in lines if line.get("id") == 2 and "result" in line], "the call was given up"


def test_standard_output_carries_messages_alone(tmp_path: Path) -> None:
    sent: list[dict[str, Any]] = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
            "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/call",
         "params": {"name": "memory_search", "arguments": {"query": "x"}}},
    ]  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "graphmem.cli", "mcp"],
        cwd=tmp_path,
        env={**os.environ, **OFF, "PYTHONPATH": str(REPO)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("".join(json.dumps(one) + "\n" for one in sent))
        process.stdin.flush()
        got = [json.loads(process.stdout.readline()) for _ in range(2)]
        process.stdin.close()
        assert process.stdout.read() == ""
        assert process.wait() == 0
    assert [(one["jsonrpc"], one["id"]) for one in got] == [("2.0", 1), ("2.0", 2)]


# ---- streamable HTTP


@dataclass(frozen=True, slots=True)
class KeyOf:
    """A caller by the name in a header: reads and writes one user's memories; `guest` only reads."""

    name: str
    may_read: bool = True
    may_write: bool = True

    def require(self, permission: Permission) -> None:
        del permission

    def may_name(self, repo: str) -> bool:
        return bool(repo)

    def own_op_id(self, op_id: str) -> str:
        return op_id

    @property
    def actor(self) -> str:
        return f"key of {self.name}"

    def scope_for(self, asked: Scope, *, is_write: bool) -> Scope:
        if is_write and self.name == "guest":
            raise Forbidden("this key only reads")
        return replace(asked, user=self.name)


def by_header(scope: Mapping[str, Any]) -> KeyOf:
    headers = dict(scope["headers"])
    return KeyOf(headers[b"x-who"].decode())


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[GraphMemory]:
    with open_memory(str(tmp_path / "m.db"), create=True, embedder=no_embedder) as memory:
        yield memory


@pytest.fixture
def url(memory: GraphMemory) -> Iterator[str]:
    """An application with the tools mounted in it, served on a free port of this machine."""
    tools = MountedTools(memory, by_header)

    @asynccontextmanager
    async def life(_: Starlette) -> Any:  # noqa: ANN401 - what Starlette takes
        async with tools.running():
            yield

    app = Starlette(routes=[Route("/mcp", endpoint=tools)], lifespan=life)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/mcp"
        server.should_exit = True
        thread.join()


@asynccontextmanager
async def client_of(url: str, who: str) -> Any:  # noqa: ANN401 - an asynchronous context
    async with (
        httpx2.AsyncClient(headers={"x-who": who}, timeout=None) as http,
        Client(streamable_http_client(url, http_client=http)) as client,
    ):
        yield client


def test_a_session_over_http_is_the_callers(url: str, memory: GraphMemory) -> None:
    async def act() -> Any:  # noqa: ANN401 - JSON
        async with client_of(url, "ann") as client:
            await client.call_tool("memory_add", {"text": "Use tabs"})
            return (await client.call_tool("memory_search", {"query": "tabs"})).structured_content

    (hit,) = anyio.run(act)["hits"]
    assert (hit["title"], hit["scope"]["user"]) == ("Use tabs", "ann")
    (change,) = memory.changes(scope=Scope(user="ann"))
    assert change.provenance.actor == "key of ann"


@pytest.mark.parametrize(("mode", "version"), VERSIONS)
def test_eight_clients_at_once_over_http(url: str, memory: GraphMemory, mode: Any, version: str) -> None:  # noqa: ANN401
    told: dict[str, tuple[str, str, list[str]]] = {}

    async def use(who: str) -> None:
        async with (
            httpx2.AsyncClient(headers={"x-who": who}, timeout=None) as http,
            Client(streamable_http_client(url, http_client=http), mode=mode) as client,
        ):
            added: Any = (await client.call_tool("memory_add", {"text": f"rule of {who}"})).structured_content
            resource: Any = (await client.read_resource(f"graphmem://memories/{added['ids'][0]}")).contents[0]
            prompts = [prompt.name for prompt in (await client.list_prompts()).prompts]
            title = json.loads(resource.text)["card"]["title"]
            told[who] = (client.protocol_version, title, prompts)

    async def act() -> None:
        async with anyio.create_task_group() as group:
            for number in range(8):
                group.start_soon(use, f"user{number}")

    anyio.run(act)
    people = [f"user{number}" for number in range(8)]
    assert told == {who: (version, f"rule of {who}", ["conflicts", "proposals"]) for who in people}
    assert memory.status().changes == 8


def test_who_may_only_read_is_refused_with_our_code(url: str, memory: GraphMemory) -> None:
    async def act() -> Any:  # noqa: ANN401 - JSON
        async with client_of(url, "guest") as client:
            return (await client.call_tool("memory_add", {"text": "x"})).structured_content

    assert anyio.run(act)["error"]["code"] == "forbidden"
    assert memory.status().changes == 0


def test_clients_with_the_same_ids_never_get_each_others_answers(url: str, memory: GraphMemory) -> None:
    people = [f"user{number}" for number in range(6)]
    for who in people:
        memory.add(f"The secret of {who}", write=Write(scope=Scope(user=who)))
    seen: dict[str, set[str]] = {who: set() for who in people}

    async def ask(who: str) -> None:
        async with client_of(url, who) as client:
            for _ in range(5):
                told = (await client.call_tool("memory_search", {"query": "the secret"})).structured_content
                seen[who] |= {hit["title"] for hit in told["hits"]}

    async def act() -> None:
        async with anyio.create_task_group() as group:
            for who in people:
                group.start_soon(ask, who)

    anyio.run(act)
    assert seen == {who: {f"The secret of {who}"} for who in people}


def call(number: int) -> dict[str, Any]:
    return {
        "jsonrpc": "2.0", "id": number, "method": "tools/call",
        "params": {"name": "memory_search", "arguments": {"query": "secret"}},
    }  # fmt: skip


def test_raw_requests_in_parallel_with_one_id(url: str, memory: GraphMemory) -> None:
    for who in ("ann", "bob"):
        memory.add(f"The secret of {who}", write=Write(scope=Scope(user=who)))
    accept = {"accept": "application/json, text/event-stream"}

    async def ask(http: httpx2.AsyncClient, who: str) -> None:
        answer = (await http.post(url, json=call(7), headers={**accept, "x-who": who})).json()
        (hit,) = answer["result"]["structuredContent"]["hits"]
        assert (answer["id"], hit["title"]) == (7, f"The secret of {who}")

    async def act() -> None:
        async with httpx2.AsyncClient(timeout=None) as http, anyio.create_task_group() as group:
            for number in range(20):
                group.start_soon(ask, http, ("ann", "bob")[number % 2])

    anyio.run(act)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"origin": "http://localhost:3000"}, 200),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"host": "evil.example"}, 421),
        ({"host": "localhost.evil.example:80"}, 421),
    ],
)
def test_foreign_hosts_and_origins_are_refused(url: str, headers: dict[str, str], status: int) -> None:
    sent = {"accept": "application/json, text/event-stream", "x-who": "ann", **headers}
    assert httpx2.post(url, json=call(1), headers=sent, timeout=None).status_code == status


def test_a_body_that_is_too_large_is_refused_and_the_next_is_answered(url: str) -> None:
    sent = {"accept": "application/json, text/event-stream", "x-who": "ann"}
    large = {**call(1), "padding": "x" * (2 << 20)}
    assert httpx2.post(url, json=large, headers=sent, timeout=None).status_code == 413
    assert httpx2.post(url, json=call(2), headers=sent, timeout=None).status_code == 200
