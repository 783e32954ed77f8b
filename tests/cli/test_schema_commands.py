"""`graphmem schema`, on a file, and what only a server has."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from graphmem.adapters.sqlite.migrations import SCHEMA_VERSION
from graphmem.adapters.sqlite.schema_diff import SQLiteSchema
from graphmem.config import Settings
from graphmem.errors import NotFound
from graphmem.opening import open_store
from graphmem.store import ModelCard
from tests.cli.conftest import Tool
from tests.contract.scenario import DIMENSION, fill
from tests.servers import Access

STORE = "memory.db"
NOW = {"version": SCHEMA_VERSION, "latest": SCHEMA_VERSION}


@pytest.fixture
def place(tool: Tool) -> str:
    tool.add("A")
    return str(tool.folder / STORE)


def change(place: str, statement: str) -> None:
    """By hand, past every check of ours."""
    from graphmem.adapters.sqlite.connection import connect

    connection = connect(Path(place), is_writer=True)
    connection.execute(statement)
    connection.close()


def test_a_store_of_this_release_is_complete(tool: Tool, place: str) -> None:
    assert tool.json("schema", "status", "--url", place) == {**NOW, "pending": []}
    assert tool.json("schema", "diff", "--url", place) == {"differences": []}
    assert tool.out("schema", "diff", "--url", place) == "the schema matches this release\n"
    assert tool.out("schema", "apply", "--url", place) == f"version {SCHEMA_VERSION} of {SCHEMA_VERSION}\n"


def test_what_differs_is_named_and_fails(tool: Tool, place: str) -> None:
    change(place, "DROP INDEX link_target")
    change(place, "CREATE INDEX mine ON link (kind)")
    done = tool.run("schema", "diff", "--url", place)
    assert (done.exit_code, done.stdout.splitlines()) == (
        1,
        [
            "missing link_target  CREATE INDEX link_target ON link (target)",
            "extra mine  CREATE INDEX mine ON link (kind)",
        ],
    )


def test_an_altered_index_shows_both_forms(tool: Tool, place: str) -> None:
    change(place, "DROP INDEX link_target")
    change(place, "CREATE INDEX link_target ON link (kind)")
    assert "ON link (kind), not CREATE INDEX link_target ON link (target)" in _differing(tool, place)


def test_a_newer_store_is_told_and_not_touched(tool: Tool, place: str) -> None:
    change(place, "UPDATE meta SET value = '99' WHERE key = 'schema_version'")
    assert tool.json("schema", "status", "--url", place)["version"] == 99
    assert "newer 99" in _differing(tool, place)
    done = tool.run("schema", "apply", "--url", place)
    assert (done.exit_code, "update graphmem" in done.stderr) == (1, True)


def test_an_older_store_names_what_is_pending(tool: Tool, place: str) -> None:
    change(place, "UPDATE meta SET value = '0' WHERE key = 'schema_version'")
    assert "pending sqlite/0001_initial.sql" in tool.out("schema", "status", "--url", place)
    assert "pending sqlite/0001_initial.sql" in _differing(tool, place)


def test_what_is_no_store_is_refused(tool: Tool, tmp_path: Path) -> None:
    assert "graphmem init" in tool.run("schema", "status", "--url", str(tmp_path / "typo.db")).stderr
    apsw.Connection(str(tmp_path / "other.db")).execute("CREATE TABLE t (x)")
    assert tool.run("schema", "status", "--url", str(tmp_path / "other.db")).exit_code == 2
    with pytest.raises(NotFound, match="no store at"):
        SQLiteSchema(tmp_path / "typo.db")


def test_vectors_are_indexed_and_measured_on_a_server_alone(
    tool: Tool, place: str, neo4j: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = tool.run("schema", "vectors", "on", "--url", place)
    assert (done.exit_code, "compares vectors exactly" in done.stderr) == (1, True)
    neo4j.wipe()
    monkeypatch.setenv("GRAPHMEM_NEO4J_USER", neo4j.user)
    monkeypatch.setenv("GRAPHMEM_NEO4J_PASSWORD", neo4j.password or "")
    tool.run("schema", "apply", "--url", neo4j.url)
    assert "graphmem reindex" in tool.run("schema", "vectors", "on", "--url", neo4j.url).stderr
    with open_store(neo4j.url, Settings(neo4j_user=neo4j.user, neo4j_password=neo4j.password), create=True) as store:
        store.adopt_model(ModelCard("drawn", DIMENSION, "hash"))
        fill(store)
    assert tool.json("schema", "vectors", "on", "--url", neo4j.url)["indexes"][""]["recall"] == 1.0
    assert "recall 100.0%" in tool.out("schema", "vectors", "on", "--url", neo4j.url)
    assert "compared exactly" in tool.out("schema", "vectors", "off", "--url", neo4j.url)


def _differing(tool: Tool, place: str) -> str:
    done = tool.run("schema", "diff", "--url", place)
    assert done.exit_code == 1
    return done.stdout
