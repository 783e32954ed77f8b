"""A server answers alike over every store, and says so when its store is gone."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest

from graphmem.client import Connection, RemoteMemory
from graphmem.service import GraphMemory, ServiceContext
from graphmem.store import Store
from tests.adapters.neo4j.opening import impatient, opened
from tests.client.conftest import serving
from tests.fake_embedder import no_embedder
from tests.faults import FaultProxy
from tests.servers import Access
from tests.service.conftest import REPO, TickingClock
from tests.service.played import Player, everything
from tests.stores import backend, store

__all__ = ["backend", "store"]


def over(store: Store) -> GraphMemory:
    return GraphMemory(ServiceContext(store, scope=REPO, actor="server", clock=TickingClock(), embedder=no_embedder))


def test_a_server_answers_what_its_store_answers(store: Store) -> None:
    local = over(store)
    with serving(local) as url, RemoteMemory(Connection(url), scope=REPO, actor="ada") as remote:
        player = Player(remote, 3)
        player.play(15)
        last = remote.status().changes
        told = everything(remote, REPO, player.ids[:4], last)
        assert told == everything(local, REPO, player.ids[:4], last)
        assert list(remote.export()) == list(local.export())


@pytest.fixture
def faulty(neo4j: Access) -> Iterator[tuple[GraphMemory, FaultProxy]]:
    """A memory on a server behind a proxy that fails on demand."""
    neo4j.wipe()
    with opened(neo4j) as patient:  # the first write is planned for longest
        over(patient).add("planned before")
    with FaultProxy.before(neo4j.url) as proxy, impatient(neo4j, proxy.url, patience_s=4.0) as store:
        yield over(store), proxy


def test_a_store_that_is_gone_neo4j_is_told_and_comes_back_by_itself(faulty: tuple[GraphMemory, FaultProxy]) -> None:
    local, proxy = faulty
    with serving(local) as url, RemoteMemory(Connection(url, pause=lambda _: None), scope=REPO) as remote:
        key = remote.add("words that stay").ids[0]
        proxy.go_down()
        gone = [httpx2.get(f"{url}{path}", timeout=None) for path in ("/v1/memories?repo=r", "/readyz")]
        assert [(one.status_code, "Retry-After" in one.headers) for one in gone] == [(503, True)] * 2
        assert httpx2.get(f"{url}/healthz", timeout=None).status_code == 200
        proxy.resume()
        assert remote.get(key).title == "words that stay"
