"""The tools at /mcp of the HTTP surface, behind its door."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from graphmem.keys import Key, KeyRing, Permission
from graphmem.mcp_server.key_callers import keyed_tools
from graphmem.model import Scope
from graphmem.opening import open_memory, utc_now
from graphmem.service import GraphMemory
from tests.client.conftest import serving
from tests.fake_embedder import no_embedder

NAME = "memory.example.org"


@dataclass(frozen=True, slots=True)
class Site:
    """A served memory with keys, and its URL."""

    url: str
    memory: GraphMemory
    ring: KeyRing

    def key(self, name: str, *permissions: Permission, tenant: str = "ours", repos: tuple[str, ...] = ()) -> str:
        born = datetime(2026, 1, 1, tzinfo=UTC)
        draft = Key(id="", digest="", name=name, tenant=tenant, permissions=permissions, created_at=born, repos=repos)
        return self.ring.create(draft).text

    def call(self, key: str, tool: str, head: dict[str, str] | None = None, **arguments: Any) -> Any:  # noqa: ANN401 - JSON
        """What a tool answers to the SDK's own client."""

        async def act() -> Any:  # noqa: ANN401 - JSON
            async with (
                httpx2.AsyncClient(headers={"Authorization": f"Bearer {key}", **(head or {})}, timeout=None) as http,
                Client(streamable_http_client(f"{self.url}/mcp", http_client=http)) as client,
            ):
                return (await client.call_tool(tool, arguments)).structured_content

        return anyio.run(act)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    ring = KeyRing(tmp_path / "keys.json", utc_now)
    with (
        open_memory(str(tmp_path / "m.db"), create=True, embedder=no_embedder) as memory,
        serving(memory, ring, keyed_tools(memory, [NAME])) as url,
    ):
        yield Site(url, memory, ring)


def test_a_key_opens_its_tenant_alone_and_writes_in_its_name(site: Site) -> None:
    ours = site.key("ci", Permission.READ, Permission.WRITE)
    theirs = site.key("other", Permission.READ, tenant="theirs")
    key = site.call(ours, "memory_add", text="Use tabs")["ids"][0]
    assert [hit["id"] for hit in site.call(ours, "memory_search", query="tabs")["hits"]] == [key]
    assert site.call(theirs, "memory_search", query="tabs")["hits"] == []
    assert site.call(theirs, "memory_history", id=key)["error"]["code"] == "not_found"
    (change,) = site.memory.changes(scope=Scope("ours"))
    assert change.provenance.actor == "ci"


def test_a_header_names_the_repository_of_all_requests(site: Site) -> None:
    key = site.key("ci", Permission.READ, Permission.WRITE)
    shop = {"X-Graphmem-Repo": "shop"}
    done = site.call(key, "memory_add", shop, text="Use tabs")
    assert done["change"]["operation"]["memory"]["scope"]["repo"] == "shop"
    assert site.call(key, "memory_search", query="tabs")["hits"] == []
    assert [one["title"] for one in site.call(key, "memory_search", shop, query="tabs")["hits"]] == ["Use tabs"]
    assert site.call(key, "memory_search", shop, query="tabs", repo="billing")["hits"] == []
    bound = site.key("bound", Permission.READ, repos=("billing",))
    assert site.call(bound, "memory_search", shop, query="tabs")["error"]["code"] == "forbidden"


def test_a_key_of_one_repository_stands_there(site: Site) -> None:
    key = site.key("ci", Permission.READ, Permission.WRITE, repos=("shop",))
    site.call(key, "memory_add", text="Use tabs")
    told = site.call(key, "memory_search", query="tabs")
    assert ([one["scope"]["repo"] for one in told["hits"]], told["notes"]) == (
        ["shop"],
        ["Searched by words alone: no model in this test"],
    )


def test_a_key_is_told_of_no_repositories_but_those_that_it_opens(site: Site) -> None:
    writer = site.key("ci", Permission.READ, Permission.WRITE)
    for repo in ("shop", "secret", "billing"):
        site.call(writer, "memory_add", text=f"Use tabs in {repo}", repo=repo)
    notes = [
        site.call(key, "memory_search", query="tabs")["notes"]
        for key in (writer, site.key("two", Permission.READ, repos=("shop", "billing")))
    ]
    assert ["3 repositories have more" in notes[0][1], "2 repositories have more" in notes[1][1]] == [True, True]


def test_what_a_key_does_not_allow_is_refused(site: Site) -> None:
    reader = site.key("reader", Permission.READ)
    assert site.call(reader, "memory_add", text="x")["error"]["code"] == "forbidden"
    assert site.memory.status(scope=Scope("ours")).changes == 0


def test_without_a_live_key_nothing_is_answered(site: Site) -> None:
    site.key("somebody", Permission.READ)
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    accept = {"accept": "application/json, text/event-stream"}
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        assert httpx2.post(f"{site.url}/mcp", json=call, headers={**accept, **headers}, timeout=None).status_code == 401
    live = {**accept, "Authorization": f"Bearer {site.key('ci', Permission.READ)}"}
    for host, status in ((NAME, 200), ("evil.example", 421)):
        assert (
            httpx2.post(f"{site.url}/mcp", json=call, headers={**live, "host": host}, timeout=None).status_code
            == status
        )
