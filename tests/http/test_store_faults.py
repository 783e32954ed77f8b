"""A store that fails under the API: 503 with `Retry-After` on every route, and answers again without a restart."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from graphmem import GraphMemory, Scope
from graphmem.adapters.sqlite import SQLiteStore
from graphmem.http.app import create_app
from graphmem.keys import KeyRing
from graphmem.service import ServiceContext
from graphmem.store import Store
from tests.adapters.neo4j.opening import impatient, opened
from tests.fake_embedder import no_embedder
from tests.faults import FaultProxy, Loss
from tests.http.conftest import Site
from tests.servers import SMALL, Access, access
from tests.service.conftest import TickingClock
from tools.neo4j_server import start

ROOT = Path(__file__).parent.parent.parent
STATEMENT = {"statement": "words that stay"}
READS: list[tuple[str, str, dict[str, Any]]] = [
    *(("GET", path, {}) for path in ("/v1/memories", "/v1/changes", "/v1/conflicts", "/v1/status", "/v1/export")),
    ("GET", "/v1/timeline?subject=s", {}),
    ("GET", "/v1/diff?start=2020-01-01T00:00:00Z", {}),
    ("GET", "/v1/check", {}),
    ("GET", "/v1/memories/nobody", {}),
    ("POST", "/v1/search", {"json": {"query": "words"}}),
    ("GET", "/readyz", {}),
]
WRITES: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", "/v1/memories", {"json": STATEMENT}),
    ("POST", "/v1/memories/batch", {"json": {"items": [{"statement": {"kind": "fact", "title": "words"}}]}}),
    ("POST", "/v1/branches/open?repo=r", {"json": {"name": "b"}}),
]


def over(store: Store, folder: Path) -> Site:
    """A server of a store."""
    context = ServiceContext(store, scope=Scope(), actor="server", clock=TickingClock(), embedder=no_embedder)
    memory = GraphMemory(context)
    return Site(create_app(memory, None), memory, KeyRing(folder / "keys.json", context.clock))


def told(answers: list[httpx2.Response]) -> set[tuple[int, bool]]:
    """Statuses, and whether it is said when to come back."""
    return {(one.status_code, one.headers.get("Retry-After", "").isdecimal()) for one in answers}


def codes(answers: list[httpx2.Response]) -> set[str]:
    """The codes of problems; `/readyz` tells none."""
    return {one.json()["code"] for one in answers if one.request.url.path != "/readyz"}


def until_answered(site: Site, requests: list[tuple[str, str, dict[str, Any]]]) -> None:
    """Send again what is to be sent again, as callers do, until all are answered; a cold server plans for seconds."""
    left = requests
    while left:
        answers = site.send_all([(verb, path, {**more}) for verb, path, more in left])
        assert {one.status_code for one in answers} <= {200, 201, 503}
        left = [asked for asked, one in zip(left, answers, strict=True) if not one.is_success]


# ---- the embedded store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SQLiteStore]:
    with SQLiteStore.open(tmp_path / "memory.db", create=True, lock_timeout_s=0.2) as store:
        yield store


@pytest.fixture
def embedded(store: SQLiteStore, tmp_path: Path) -> Site:
    """With one memory."""
    site = over(store, tmp_path)
    site.memory.add("words that stay")
    return site


_HOLD = """
import sys
from pathlib import Path
from tests.fake_embedder import no_embedder
from graphmem.adapters.sqlite.write_lock import WriteLock, lock_file
with WriteLock(lock_file(Path(sys.argv[1] + "-lock")), 10):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Another process writes, and goes on."""
    words = [sys.executable, "-c", _HOLD, str(path)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        yield
        holder.communicate("")


def test_a_locked_store_refuses_writes_for_now_and_is_read(embedded: Site, tmp_path: Path) -> None:
    with held(tmp_path / "memory.db"):
        refused = embedded.send_all(WRITES)
        assert (told(refused), codes(refused)) == ({(503, True)}, {"store_unavailable"})
        assert all(one.is_success for one in embedded.send_all(READS[:4]))
    until_answered(embedded, WRITES)


def test_a_full_disk_refuses_writes_for_now_and_is_read(embedded: Site, store: SQLiteStore) -> None:
    writer = store._connections.writer()  # noqa: SLF001 - the only way to a full disk for just this file
    writer.pragma("max_page_count", int(str(writer.execute("PRAGMA page_count").get)))
    long = {
        "items": [
            {"statement": {"kind": "fact", "title": f"t{number}", "body": "word " * 2_000}} for number in range(40)
        ]
    }
    (refused,) = embedded.send_all([("POST", "/v1/memories/batch", {"json": long})])
    assert (told([refused]), "disk is full" in refused.json()["detail"]) == ({(503, True)}, True)
    assert embedded.send("GET", "/readyz").is_success
    writer.pragma("max_page_count", 1_000_000)
    assert embedded.send("POST", "/v1/memories/batch", json=long).is_success


def test_a_store_that_cannot_be_opened_is_told_until_it_can(embedded: Site, store: SQLiteStore, tmp_path: Path) -> None:
    file, away = tmp_path / "memory.db", tmp_path / "away.db"
    idle = store._connections._idle  # noqa: SLF001 - whoever asks next opens a connection of his own
    kept = [idle.pop() for _ in list(idle)]
    file.rename(away)
    refused = embedded.send_all(READS)
    assert (told(refused), codes(refused)) == ({(503, True)}, {"store_unavailable"})
    away.rename(file)
    idle.extend(kept)
    assert embedded.send("GET", "/v1/memories").is_success
    assert embedded.send("POST", "/v1/memories", json=STATEMENT).is_success


# ---- a server store


def plan(place: Access, folder: Path, requests: list[tuple[str, str, dict[str, Any]]]) -> None:
    """Ask patiently: who gives up while a statement is planned makes the server begin anew, and may never see its end.

    A branch of another name is opened than by the requests themselves, which may then still open theirs.
    """
    with opened(place) as patient:
        over(patient, folder).send_all([(verb, path, _elsewhere(path, more)) for verb, path, more in requests])


def _elsewhere(path: str, more: dict[str, Any]) -> dict[str, Any]:
    return {"json": {"name": "planned"}} if path.startswith("/v1/branches") else {**more}


def with_one(place: Access, folder: Path) -> None:
    """An empty database that has planned every statement, and one memory in it."""
    place.wipe()
    plan(place, folder, [*READS, *WRITES])
    place.wipe()
    add_one(place, folder)


def add_one(place: Access, folder: Path) -> None:
    with opened(place) as patient:
        over(patient, folder).memory.add("words that stay")


@pytest.fixture
def proxied(neo4j: Access, tmp_path: Path) -> Iterator[tuple[Site, FaultProxy]]:
    """With one memory, behind a proxy that fails on demand."""
    with_one(neo4j, tmp_path)
    with (
        FaultProxy.before(neo4j.url) as proxy,
        impatient(neo4j, proxy.url, patience_s=4.0) as store,
    ):
        yield over(store, tmp_path), proxy


def test_every_route_says_when_neo4j_is_away_and_answers_when_it_is_back(proxied: tuple[Site, FaultProxy]) -> None:
    site, proxy = proxied
    proxy.go_down()
    refused = site.send_all([*READS, *WRITES])
    assert (told(refused), codes(refused)) == ({(503, True)}, {"store_unavailable"})
    proxy.resume()
    until_answered(site, [*READS[:7], *WRITES])


def test_a_neo4j_that_falls_silent_is_told(proxied: tuple[Site, FaultProxy]) -> None:
    site, proxy = proxied
    proxy.stall()
    assert told(site.send_all(READS)) == {(503, True)}
    proxy.resume()
    until_answered(site, READS[:1])


def test_a_commit_of_neo4j_that_is_lost_is_unknown_and_can_be_sent_again(proxied: tuple[Site, FaultProxy]) -> None:
    site, proxy = proxied
    named: dict[str, Any] = {"json": {"statement": "other words"}, "headers": {"Idempotency-Key": "op-1"}}
    proxy.lose_commit(Loss.ANSWER)
    proxy.refuse()
    lost = site.send("POST", "/v1/memories", **named)
    assert (told([lost]), codes([lost])) == ({(503, True)}, {"commit_unknown"})
    proxy.resume()
    until_answered(site, [("POST", "/v1/memories", named)])
    assert len(site.send("GET", "/v1/memories").json()["cards"]) == 2


@pytest.mark.heavy
def test_a_neo4j_killed_under_the_api_is_found_again(tmp_path: Path) -> None:
    server = start(replace(SMALL, folder=tmp_path / "own"))
    try:
        place = access(server)
        add_one(place, tmp_path)
        with impatient(place, place.url, patience_s=4.0) as store:
            site, asked = over(store, tmp_path), [READS[0], READS[-1], *WRITES]
            server.kill()  # before it has planned what nobody will ask it
            assert told(site.send_all(asked)) == {(503, True)}
            server = start(server.options)
            plan(access(server), tmp_path, asked)
            until_answered(site, asked)
    finally:
        server.stop()
