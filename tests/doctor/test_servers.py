"""A `graphmem serve` that a URL names: away, silent, another program, locked, without its store, of another release."""

from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from graphmem import GraphMemory, __version__
from graphmem.doctor import CheckedLink, LinkHealth, examine
from graphmem.doctor import server as looked
from graphmem.http import app as served
from graphmem.http.server import ListenAddress, uvicorn_config
from graphmem.keys import Key, KeyRing, Permission
from graphmem.mcp_server.key_callers import keyed_tools
from graphmem.opening import open_memory, utc_now
from tests.client.conftest import running
from tests.doctor.conftest import link

ADDRESS = "127.0.0.1"


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers here always answer, on a busy machine after a while."""
    monkeypatch.setattr(looked, "_ANSWER_S", 60)


@pytest.fixture
def memory(store: Path) -> Iterator[GraphMemory]:
    with open_memory(str(store)) as memory:
        yield memory


@contextmanager
def serving(memory: GraphMemory, ring: KeyRing | None = None) -> Iterator[str]:
    """The URL of a server as `graphmem serve` runs it, with tools."""
    with running(uvicorn_config(memory, ring, ListenAddress(port=0), tools=keyed_tools(memory, ()))) as url:
        yield url


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    return KeyRing(tmp_path / "keys.json", utc_now)


def key(ring: KeyRing, *permissions: Permission) -> str:
    made = datetime(2026, 1, 1, tzinfo=UTC)
    draft = Key(id="", digest="", name="ci", tenant="default", permissions=permissions, created_at=made)
    return ring.create(draft).text


def links(url: str) -> dict[str, CheckedLink]:
    return {one.name: one for one in examine(url)}


def test_a_server_that_answers_has_no_broken_link(memory: GraphMemory) -> None:
    with serving(memory) as url:
        found = links(url)
    assert [one for one in found.values() if one.health is LinkHealth.BROKEN] == []
    assert list(found) == [
        *("settings", "project", "server", "version", "key", "its store", "its tools", "agents", "hooks", "hosts"),
    ]
    assert found["version"].found == f"{__version__}, the same as here"
    assert found["its tools"].found == "/mcp lists 8 tools"


@pytest.mark.usefixtures("project")
def test_a_server_that_is_down_is_started_by_its_fix() -> None:
    with socket.socket() as unused:
        unused.bind((ADDRESS, 0))
        port = unused.getsockname()[1]
        found = links(f"http://{ADDRESS}:{port}")
    assert (found["server"].health, found["server"].fix) == (LinkHealth.BROKEN, f"graphmem serve --port {port}")
    assert found["key"].found == "not checked: fix server first"
    assert found["agents"].found.startswith("graphmem mcp")


@pytest.mark.usefixtures("project")
def test_a_server_that_accepts_and_says_nothing_does_not_hang_the_doctor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looked, "_ANSWER_S", 0.2)
    with socket.create_server((ADDRESS, 0)) as silent:
        found = link("server", f"http://{ADDRESS}:{silent.getsockname()[1]}")
    assert (found.health, found.found.startswith("no answer from")) == (LinkHealth.BROKEN, True)


@pytest.mark.usefixtures("project")
def test_a_server_of_another_program_is_told() -> None:
    with http.server.ThreadingHTTPServer((ADDRESS, 0), http.server.SimpleHTTPRequestHandler) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        found = link("server", f"http://{ADDRESS}:{other.server_port}")
        other.shutdown()
    assert (found.health, "is not graphmem" in found.found) == (LinkHealth.BROKEN, True)


def test_a_server_of_another_release_is_told(memory: GraphMemory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served, "__version__", "99.0")
    with serving(memory) as url:
        found = link("version", url)
    assert (found.health, found.fix) == (LinkHealth.WARN, "pip install 'graphmem==99.0'")


def test_no_key_and_a_wrong_one_are_told_and_none_is_shown(
    memory: GraphMemory, ring: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, gone = key(ring, Permission.READ), key(ring, Permission.READ)
    ring.revoke(gone.split("_")[1])
    with serving(memory, ring) as url:
        none = link("key", url)
        monkeypatch.setenv("GRAPHMEM_KEY", gone)
        wrong, tools = link("key", url), link("its tools", url)
        monkeypatch.setenv("GRAPHMEM_KEY", good)
        right = link("key", url)
    assert (none.health, none.fix) == (LinkHealth.BROKEN, "export GRAPHMEM_KEY=gmk_…")
    assert (wrong.health, "graphmem key create" in str(wrong.fix)) == (LinkHealth.BROKEN, True)
    assert (tools.health, right.health) == (LinkHealth.BROKEN, LinkHealth.OK)
    assert gone.split("_")[2] not in repr((none, wrong, tools))


def test_a_key_that_may_not_read_is_told(memory: GraphMemory, ring: KeyRing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPHMEM_KEY", key(ring, Permission.WRITE))
    with serving(memory, ring) as url:
        found = link("key", url)
    assert (found.health, "--permission read" in str(found.fix)) == (LinkHealth.WARN, True)


def test_a_server_whose_store_is_gone_is_told(memory: GraphMemory) -> None:
    with serving(memory) as url:
        memory.close()
        found = links(url)
    assert (found["its store"].health, str(found["its store"].fix)[:15]) == (LinkHealth.BROKEN, "graphmem doctor")
    assert (found["server"].health, found["key"].health) == (LinkHealth.OK, LinkHealth.WARN)


@pytest.mark.usefixtures("project")
def test_a_login_in_a_url_is_refused_and_not_repeated() -> None:
    found = links("http://ann:correct-horse@127.0.0.1:9")
    assert "correct-horse" not in repr(list(found.values()))
    assert found["server"].health is LinkHealth.BROKEN
