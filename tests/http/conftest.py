"""A served memory, asked over ASGI without a network."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from graphmem import GraphMemory, Scope
from graphmem.http.app import create_app
from graphmem.http.request_limits import Limits
from graphmem.keys import Key, KeyRing, Permission
from graphmem.opening import open_memory
from tests.fake_embedder import no_embedder
from tests.service.conftest import TickingClock
from tests.store_template import place_empty_store

URL = "http://127.0.0.1"
NDJSON = {"Content-Type": "application/x-ndjson"}


@dataclass(frozen=True, slots=True)
class Site:
    """A server in this process."""

    app: FastAPI
    memory: GraphMemory
    ring: KeyRing

    def send(self, method: str, path: str, *, key: str | None = None, **more: Any) -> httpx2.Response:  # noqa: ANN401
        """One request's response."""
        return self.send_all([(method, path, {"key": key, **more})])[0]

    def send_all(self, requests: list[tuple[str, str, dict[str, Any]]]) -> list[httpx2.Response]:
        """Responses to requests that are sent at once."""
        return asyncio.run(self._sent(requests))

    async def _sent(self, requests: list[tuple[str, str, dict[str, Any]]]) -> list[httpx2.Response]:
        transport = httpx2.ASGITransport(self.app)
        async with httpx2.AsyncClient(transport=transport, base_url=URL) as client:
            return await asyncio.gather(*(_one(client, *request) for request in requests))

    def key(self, *permissions: Permission, tenant: str = "default", **bound: Any) -> str:  # noqa: ANN401
        """The text of a new key, with all permissions if none is named."""
        draft = Key(
            id="",
            digest="",
            name="tester",
            tenant=tenant,
            permissions=permissions or tuple(Permission),
            created_at=datetime(2026, 1, 1, tzinfo=UTC),
            **bound,
        )
        return self.ring.create(draft).text


async def _one(client: httpx2.AsyncClient, method: str, path: str, more: dict[str, Any]) -> httpx2.Response:
    key = more.pop("key", None)
    headers = {**more.pop("headers", {}), **({} if key is None else {"Authorization": f"Bearer {key}"})}
    return await client.request(method, path, headers=headers, **more)


@pytest.fixture
def clock() -> TickingClock:
    return TickingClock()


@pytest.fixture
def memory(tmp_path: Path, clock: TickingClock) -> Iterator[GraphMemory]:
    with open_memory(
        str(place_empty_store(tmp_path / "memory.db")),
        scope=Scope(),
        actor="server",
        clock=clock,
        embedder=no_embedder,
    ) as memory:
        yield memory


@pytest.fixture
def ring(tmp_path: Path, clock: TickingClock) -> KeyRing:
    return KeyRing(tmp_path / "keys.json", clock)


@pytest.fixture
def limits() -> Limits:
    return Limits()


@pytest.fixture
def site(memory: GraphMemory, ring: KeyRing, limits: Limits) -> Site:
    """A server without keys."""
    return Site(create_app(memory, None, limits), memory, ring)


@pytest.fixture
def locked(memory: GraphMemory, ring: KeyRing, limits: Limits) -> Site:
    """A server with keys."""
    site = Site(create_app(memory, ring, limits), memory, ring)
    site.key()
    return site


@pytest.fixture
def unlocked(memory: GraphMemory, ring: KeyRing, limits: Limits) -> Site:
    """A server with a place for keys, and none."""
    return Site(create_app(memory, ring, limits), memory, ring)
