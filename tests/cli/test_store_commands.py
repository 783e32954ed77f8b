"""Commands that keep a memory well."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Tool


def test_init_makes_a_store_that_git_ignores_and_keeps_one_that_is_there(tool: Tool, tmp_path: Path) -> None:
    place = tmp_path / "project"
    place.mkdir()
    assert tool.json("init", str(place)) == {"path": str(place / ".graphmem" / "memory.db"), "created": True}
    assert (place / ".graphmem" / ".gitignore").read_text(encoding="utf-8") == "*\n"
    assert tool.json("init", str(place))["created"] is False
    assert "exists already, unchanged" in tool.out("init", str(place))


def test_status_counts(tool: Tool) -> None:
    tool.add("A")
    store = tool.json("status")["store"]
    assert (store["memories"], store["changes"], store["vectors"]) == (1, 1, 0)
    assert "1 in 1 changes" in tool.out("status")


def test_check_finds_nothing_wrong(tool: Tool) -> None:
    tool.add("A")
    assert tool.json("check") == {"findings": []}
    assert tool.out("check") == "No problems found (1 memory, 1 change checked).\n"


def test_an_export_restores_to_equal_answers(tool: Tool, tmp_path: Path, chain: tuple[str, str]) -> None:
    ledger = tool.out("export")
    other = Tool(tmp_path / "other")
    other.folder.mkdir()
    assert other.json("restore", "-", text=ledger) == {"entries": 3}
    other.now = tool.now
    point = ("--as-of", "2024-01-01", "--known-at", "3")
    assert other.json("history", chain[0], *point) == tool.json("history", chain[0], *point)


def test_an_export_can_go_to_a_file(tool: Tool, tmp_path: Path) -> None:
    tool.add("A")
    target = tmp_path / "ledger.jsonl"
    assert tool.json("export", "--output", str(target)) == {"path": str(target), "lines": 2}
    assert len([json.loads(row) for row in target.read_text(encoding="utf-8").splitlines()]) == 2


def test_an_export_that_fails_leaves_no_file(tool: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> Iterator[str]:
        yield "{}"
        raise OSError(28, "No space left on device", "ledger.jsonl")

    monkeypatch.setattr("graphmem.service.store_verbs.StoreVerbs.export", broken)
    done = tool.run("export", "--output", str(tmp_path / "ledger.jsonl"))
    assert (done.exit_code, done.stderr) == (1, "graphmem: 'ledger.jsonl': No space left on device\n")
    assert [path.name for path in tmp_path.iterdir() if not path.name.startswith("memory.db")] == []


def test_an_erase_that_a_reader_holds_up_says_so_and_status_shows_it(tool: Tool) -> None:
    key = tool.add("The token is xyzzy")
    with tool.memory() as memory:
        lines = memory.export()
        next(lines)
        assert "stay in the store's log" in tool.out("erase", key, "--yes")
        assert "text of 1 erased memory stays in the log" in tool.out("status")
        lines.close()  # type: ignore[attr-defined]
    assert tool.json("status")["store"]["pending_erasures"] == 0
    assert "log" not in tool.out("erase", tool.add("Another"), "--yes")


def test_a_backup_restores_too(tool: Tool, tmp_path: Path, chain: tuple[str, str]) -> None:
    del chain
    copy = tmp_path / "copy.db"
    told = tool.json("backup", str(copy))
    assert (told["path"], told["size_bytes"], told["is_checked"]) == (str(copy), copy.stat().st_size, True)
    assert "opened and checked" in tool.out("backup", str(tmp_path / "second.db"))
    other = Tool(tmp_path / "other")
    other.folder.mkdir()
    assert "3 ledger entries restored" in other.out("restore", str(copy))


def test_restore_needs_an_empty_tenant_or_the_same_ledger(tool: Tool) -> None:
    tool.add("A")
    ledger = tool.out("export")
    assert tool.out("restore", "-", text=ledger) == "1 ledger entries restored\n"
    tool.add("B")
    assert tool.run("restore", "-", text=ledger).exit_code == 2


def test_restore_from_a_file_that_is_no_export(tool: Tool, tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("no ledger\n", encoding="utf-8")
    assert tool.run("restore", str(tmp_path / "x.txt")).exit_code == 2


def test_reindex_without_a_model_names_the_reason(tool: Tool) -> None:
    done = tool.run("reindex")
    assert (done.exit_code, "no model in this test" in done.stderr) == (1, True)
