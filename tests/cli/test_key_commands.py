"""Keys from the command line, and the server that asks for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphmem.cli.serve_command import ring_if_any
from graphmem.config import Settings, keys_file
from tests.cli.conftest import Tool


@pytest.fixture
def url(tmp_path: Path) -> str:
    return str(tmp_path / "memory.db")


def test_a_key_is_shown_once_and_listed_without_its_secret(tool: Tool, url: str) -> None:
    made = tool.json("key", "create", "ci", "--permission", "read", "--tenant", "acme", "--repo", "r", "--url", url)
    listed = tool.out("key", "list", "--url", url)
    assert made["key"].startswith(f"gmk_{made['id']}_")
    assert f"{made['id']} ci · tenant acme · read · only r" in " ".join(listed.split())
    assert made["key"].split("_")[2] not in listed + (Path(url).parent / "memory.keys.json").read_text()


def test_a_key_is_rotated_and_revoked(tool: Tool, url: str) -> None:
    old = tool.json("key", "create", "ci", "--url", url)
    new = tool.json("key", "rotate", old["id"], "--grace-days", "1", "--url", url)
    tool.out("key", "revoke", new["id"], "--url", url)
    ring = ring_if_any(url)
    assert ring is not None
    assert (ring.find(old["key"]) is None, ring.find(new["key"])) == (False, None)
    listed = {one["id"]: one for one in tool.json("key", "list", "--url", url)["keys"]}
    assert listed[old["id"]]["expires_at"] is not None
    assert listed[new["id"]]["revoked_at"] is not None


def test_no_keys_are_told(tool: Tool, url: str) -> None:
    assert "graphmem key create" in tool.out("key", "list", "--url", url)
    ring = ring_if_any(url)
    assert ring is not None
    assert not ring.is_in_use()


def test_an_unknown_key_is_refused(tool: Tool, url: str) -> None:
    done = tool.run("key", "revoke", "nobody", "--url", url)
    assert (done.exit_code, "no key 'nobody'" in done.stderr) == (1, True)


def test_a_server_without_keys_does_not_listen_to_other_machines(tool: Tool, url: str) -> None:
    done = tool.run("serve", "--host", "0.0.0.0", "--url", url)  # noqa: S104 - what is refused
    assert (done.exit_code, "graphmem key create" in done.stderr) == (2, True)


def test_keys_stand_beside_the_store_or_where_they_are_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert keys_file("sqlite:///a/m.db", Settings()) == Path("a/m.keys.json")
    assert keys_file("neo4j://host", Settings()) is None
    assert keys_file("neo4j://host", Settings(keys="k.json")) == Path("k.json")
    (tmp_path / ".graphmem").mkdir()
    assert keys_file("neo4j://host", Settings()) == tmp_path / ".graphmem" / "keys.json"


def test_keys_to_a_server_store_need_a_place(tool: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = tool.run("key", "create", "ci", "--url", "neo4j://127.0.0.1:9")
    assert (done.exit_code, "GRAPHMEM_KEYS" in done.stderr) == (1, True)
