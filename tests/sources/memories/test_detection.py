"""Whose memory a file or folder is, by its looks."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from graphmem.errors import InvalidInput, NotFound
from graphmem.sources.memories import MemoryFormat, detect
from graphmem.sources.memories.export import digest
from tests.sources.memories.conftest import DATA


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("memory.jsonl", MemoryFormat.MCP_MEMORY),
        ("mem0/export.json", MemoryFormat.MEM0),
        ("mem0/history.json", MemoryFormat.MEM0),
        ("basic-memory", MemoryFormat.BASIC_MEMORY),
        ("basic-memory/auth.md", MemoryFormat.BASIC_MEMORY),
    ],
)
def test_what_is_plain(path: str, source: MemoryFormat) -> None:
    assert detect(DATA / path) is source


@pytest.mark.parametrize("name", ["CLAUDE.md", "CLAUDE.local.md", "MEMORY.md", ".claude/rules/x.md"])
def test_claudes_files_are_known_by_their_names(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text("x", encoding="utf-8")
    assert detect(tmp_path) is detect(tmp_path / name) is MemoryFormat.CLAUDE


def test_an_answer_of_read_graph_is_the_reference_servers(tmp_path: Path) -> None:
    (tmp_path / "graph.json").write_text('{\n  "entities": [],\n  "relations": []\n}', encoding="utf-8")
    assert detect(tmp_path / "graph.json") is MemoryFormat.MCP_MEMORY


def test_a_database_is_taken_for_a_history(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "history.db")) as connection, connection:
        connection.execute("CREATE TABLE history (id)")
    assert detect(tmp_path) is detect(tmp_path / "history.db") is MemoryFormat.MEM0


def test_what_looks_like_two_is_asked_back(tmp_path: Path) -> None:
    (tmp_path / "CLAUDE.md").write_text("x", encoding="utf-8")
    (tmp_path / "memory.jsonl").write_text("", encoding="utf-8")
    with pytest.raises(InvalidInput, match=r"more than one memory: say with --from which it is: mcp-memory, claude"):
        detect(tmp_path)


@pytest.mark.parametrize("text", ["", "words", "[1, 2]", '{"a": 1}'])
def test_what_looks_like_none_is_refused_with_the_choices(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput, match="--from which it is: mem0, mcp-memory, basic-memory, claude"):
        detect(tmp_path / "x.json")


def test_what_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no file or folder at"):
        detect(tmp_path / "gone")
    with pytest.raises(InvalidInput, match="NUL"):
        detect(Path("a\0b"))


def test_parts_that_hold_a_separator_have_a_name_of_their_own() -> None:
    assert digest("a\x1fb", "c") != digest("a", "b\x1fc")
    assert digest("a\x1fb") == digest("a", "b"), "names given by earlier releases stay"
