"""A store that the release before wrote, opened by this one: `data/schema1.db.gz` was made by its code."""

from __future__ import annotations

import gzip
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import apsw
import pytest

from graphmem.adapters.sqlite import SQLiteStore, migrations
from graphmem.adapters.sqlite.schema_diff import SQLiteSchema
from graphmem.model import Add, Kind, Memory, Move, Origin, Statement, Status
from graphmem.opening import open_memory
from graphmem.sources.observations import Observation, Reading
from graphmem.store import Filter, Store
from tests.contract.scenario import READERS, fill, sorted_rows
from tests.contract.test_keeping import IDS
from tests.fake_embedder import no_embedder
from tests.laws.world import ANN, R, moves, read, send
from tests.oracle import OracleStore

DATA = Path(__file__).parent / "data" / "schema1.db.gz"
WITH_SOURCES = DATA.parent / "schema4.db.gz"
EXPORT = Path(__file__).parents[2] / "contract" / "data" / "format1.jsonl"

SOURCES_EXPORT = EXPORT.parent / "recorded_in.jsonl"

_KILLED = """
import os, signal, sys
from tests.fake_embedder import no_embedder
from graphmem.adapters.sqlite import SQLiteStore, migrations
count = 0
def dying(text):
    global count
    count += 1
    if count == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    return content(text)
content, migrations._content = migrations._content, dying
SQLiteStore.open(sys.argv[1], create=False)
"""


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "old.db"
    path.write_bytes(gzip.decompress(DATA.read_bytes()))
    return path


def assert_whole(store: Store) -> None:
    """It is as if this release had written all of it."""
    expected = OracleStore()
    expected.restore(EXPORT.read_text(encoding="utf-8").splitlines(), tenant="default")
    assert store.check() == []
    assert store.changes(R) == expected.changes(R)
    for reader in READERS:
        if reader.tenant == "default":
            assert read(store, reader) == read(expected, reader)
            assert sorted_rows(store.rows(reader, IDS)) == sorted_rows(expected.rows(reader, IDS))


def test_an_old_store_is_brought_forward_whole(old: Path) -> None:
    with SQLiteStore.open(old, create=False) as store:
        assert store.info(R).schema_version == migrations.SCHEMA_VERSION
        assert_whole(store)
        assert [one.seq for one in fill(store)] == [one.seq for one in fill(OracleStore())], "nothing is written twice"
    assert SQLiteSchema(old).diff() == []


def test_what_was_taken_for_the_same_is_recorded_now(old: Path) -> None:
    with SQLiteStore.open(old, create=False) as store:
        assert store.rows(R, ["second"]).memories == {}
        said = Statement(title="a", body="b\x1fc")
        done = send(store, "third", Add(Memory("third", R, said), moves(("active", 0))))
        assert isinstance(done.operation, Add)
        again = send(store, "fourth", Add(Memory("fourth", R, said), moves(("active", 0))))
        assert again.operation.id == "third"  # type: ignore[union-attr]
        assert store.check() == []


def test_a_migration_that_was_killed_is_done_again(old: Path) -> None:
    done = subprocess.run([sys.executable, "-c", _KILLED, str(old)], check=False)
    assert done.returncode == -signal.SIGKILL
    with SQLiteStore.open(old, create=False) as store:
        assert_whole(store)


def test_a_statement_that_cannot_be_read_keeps_nothing_from_being_opened(old: Path) -> None:
    with SQLiteStore.open(old, create=False) as store:
        store.close()
    database = apsw.Connection(str(old), vfs="cksmvfs")
    database.execute(
        "UPDATE memory SET statement = '{' WHERE id = 'B'; UPDATE meta SET value = '1' WHERE key = 'schema_version'"
    )
    database.execute("ALTER TABLE tenant DROP COLUMN answered_to; ALTER TABLE tenant DROP COLUMN loose")
    made = "; ".join(f"CREATE TABLE {name} (x)" for name in ("words", "name", "search", "search_terms"))
    dropped = "".join(f"DROP TABLE {name}; " for name in ("segment", "source_key", "reading", "guard_term"))
    database.execute(f"{dropped}DROP INDEX touch_by_seq; {made}")
    database.close()
    with SQLiteStore.open(old, create=False) as store:
        # What it is found by cannot be made anew, and is missed where it was counted.
        assert {one.area for one in store.check()} == {"memories", "words", "totals", "guard terms"}


def test_files_that_memories_were_recorded_in_become_source_keys(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    path.write_bytes(gzip.decompress(WITH_SOURCES.read_bytes()))
    expected = OracleStore()
    expected.restore(SOURCES_EXPORT.read_text(encoding="utf-8").splitlines(), tenant="default")
    with SQLiteStore.open(path, create=False) as store:
        assert store.check() == []
        assert store.sources(ANN, keys=("",)) == expected.sources(ANN, keys=("",))
        assert len(store.sources(replace(R, tenant="other"), keys=("",))) == 1
        for where in (Filter(paths=("adr/",)), Filter(paths=("src/db.py",)), Filter(kinds=(Kind.DECISION,))):
            told = [one.select(R, where, at=None, before=99, limit=99) for one in (store, expected)]
            assert told[0] == told[1] != []
        assert list(store.export(R))[1:] == SOURCES_EXPORT.read_text(encoding="utf-8").splitlines()[1:]
    with apsw.Connection(str(path), vfs="cksmvfs") as database:
        assert [name for (name,) in database.execute("SELECT name FROM anchor")] == ["storage", "src/db.py"]
    assert SQLiteSchema(path).diff() == []


def test_a_second_reading_after_the_migration_records_nothing(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    path.write_bytes(gzip.decompress(WITH_SOURCES.read_bytes()))
    moves = (Move(Status.ACTIVE, datetime(2026, 1, 3, tzinfo=UTC), source_word="Accepted"),)
    said = Statement(title="Cache with Redis", kind=Kind.DECISION, origin=Origin.DOCUMENT)
    moved = Observation(key="adr/0009-cache.md", statement=said, moves=moves, path="adr/0009-cache.md")
    twin = replace(moved, key="adr/0003-cache.md", path="adr/0003-cache.md")
    with open_memory(str(path), scope=R, embedder=no_embedder) as memory:
        assert memory.ingest(Reading((moved,), (), ())).unchanged == 1
        assert len(memory.ingest(Reading((moved, twin), (), ())).added) == 1, "its old name is that of another file"
