from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import apsw
import pytest

from graphmem.adapters import schema_files
from graphmem.adapters.schema_files import schema_text
from graphmem.adapters.sqlite import SQLiteStore, connection, migrations
from graphmem.errors import CorruptStore, InvalidInput, NotFound, StoreUnavailable, Unsupported
from tests.adapters.sqlite.given import MAIN, add, ids, raw, send


def test_a_new_store_is_empty_and_knows_its_schema(store: SQLiteStore) -> None:
    info = store.info(MAIN)
    assert (info.memories, info.changes, info.vectors, info.schema_version) == (0, 0, 0, migrations.SCHEMA_VERSION)
    assert store.position(MAIN).seq == 0
    assert store.check() == []


def test_what_was_written_is_there_after_reopening(store: SQLiteStore, path: Path) -> None:
    send(store, add("a"), add("b"))
    store.close()
    with SQLiteStore.open(path, create=False) as again:
        assert ids(again) == ["a", "b"]


def test_a_missing_file_is_not_made_unasked(path: Path) -> None:
    with pytest.raises(NotFound, match=r"memory\.db"):
        SQLiteStore.open(path, create=False)
    assert not path.exists()


@pytest.mark.parametrize("content", [b"", b"x", b"SQLite format 3\x00", b"# notes\n" * 1000])
def test_a_file_that_is_no_database_is_refused_and_kept(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(CorruptStore, match=r"memory\.db"):
        SQLiteStore.open(path, create=False)
    assert path.read_bytes() == content


def test_a_database_of_another_program_is_refused_and_kept(path: Path) -> None:
    other = apsw.Connection(str(path))
    other.execute("CREATE TABLE notes (text)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(InvalidInput, match="another program"):
        SQLiteStore.open(path, create=True)
    assert path.read_bytes() == before


def test_a_newer_store_is_refused_with_the_fix(store: SQLiteStore, path: Path) -> None:
    store.close()
    with raw(path) as database:
        database.execute("UPDATE meta SET value = '99' WHERE key = 'schema_version'")
    with pytest.raises(Unsupported, match=r"schema 99.*update graphmem"):
        SQLiteStore.open(path, create=False)


def test_an_older_store_is_brought_forward(store: SQLiteStore, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    send(store, add("a"))
    store.close()
    _add_step(monkeypatch, "CREATE TABLE extra (x INTEGER) STRICT")
    with SQLiteStore.open(path, create=False) as again:
        assert again.info(MAIN).schema_version == migrations.SCHEMA_VERSION == 9
        assert ids(again) == ["a"]
    with raw(path) as database:
        assert database.execute("SELECT count(*) FROM extra").get == 0


def test_a_step_that_fails_leaves_the_older_store(
    store: SQLiteStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(store, add("a"))
    store.close()
    with monkeypatch.context() as patch:
        _add_step(patch, "CREATE TABLE extra (x INTEGER) STRICT; SELECT * FROM nowhere")
        with pytest.raises(CorruptStore, match="nowhere"):
            SQLiteStore.open(path, create=False)
    with SQLiteStore.open(path, create=False) as again:
        assert (ids(again), again.check()) == (["a"], [])


def _add_step(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(migrations, "MIGRATIONS", (*migrations.MIGRATIONS, "sqlite/0009_next.sql"))
    monkeypatch.setattr(migrations, "SCHEMA_VERSION", 9)
    monkeypatch.setattr(schema_files, "schema_text", lambda name: text if "0009" in name else schema_text(name))


def test_a_network_file_system_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "file_system", lambda _: "nfs4")
    with pytest.raises(Unsupported, match="nfs4"):
        SQLiteStore.open(path, create=True)


def test_a_closed_store_refuses_and_closes_again(store: SQLiteStore) -> None:
    store.close()
    store.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        store.position(MAIN)


def test_closing_leaves_all_in_one_file(store: SQLiteStore, path: Path) -> None:
    send(store, add("a"))
    store.close()
    assert sorted(file.name for file in path.parent.iterdir()) == ["memory.db", "memory.db-lock"]


def test_a_lost_log_is_noticed(store: SQLiteStore, path: Path) -> None:
    send(store, add("a"))
    log = Path(f"{path}-wal")
    kept = path.read_bytes(), log.read_bytes()
    store.close()
    path.write_bytes(kept[0])
    with pytest.raises(CorruptStore, match="0 changes of 1 that were written"):
        SQLiteStore.open(path, create=False)
    log.write_bytes(kept[1])
    with SQLiteStore.open(path, create=False) as again:
        assert ids(again) == ["a"]


def test_missing_schema_text_is_said() -> None:
    with pytest.raises(FileNotFoundError, match=r"9999\.sql"):
        schema_text("sqlite/9999.sql")


# Everything is imported before the rights go: the interpreter itself may lie where only root reads.
_AS_NOBODY = """
import os, sys
from graphmem.adapters.sqlite import SQLiteStore
from graphmem.adapters.sqlite.connection import load_checksums
from graphmem.errors import GraphMemError
from tests.adapters.sqlite.given import MAIN, add, ids, send
load_checksums()
if os.getuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
try:
    with SQLiteStore.open(sys.argv[1], create=False) as store:
        print(ids(store))
        send(store, add("new"))
except GraphMemError as error:
    print(type(error).__name__, error)
"""


@pytest.fixture
def locked_folder() -> Iterator[Path]:
    """A folder that everybody may enter and nobody may write to once `chmod` was called on it."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
        folder.chmod(0o755)


@pytest.mark.parametrize("has_lock", [True, False])
def test_a_folder_that_cannot_be_written_can_be_read(locked_folder: Path, *, has_lock: bool) -> None:
    path = locked_folder / "memory.db"
    with SQLiteStore.open(path, create=True) as store:
        send(store, add("a"))
    if not has_lock:
        Path(f"{path}-lock").unlink()
    for file in locked_folder.iterdir():
        file.chmod(0o444)
    locked_folder.chmod(0o555)
    program = [sys.executable, "-c", _AS_NOBODY, str(path)]
    done = subprocess.run(program, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": "."})
    assert not done.returncode, done.stderr
    seen = done.stdout.splitlines()
    assert seen[0] == "['a']"
    assert seen[1].startswith("StoreUnavailable")
    assert "writable" in seen[1]


def test_a_full_disk_is_said_and_what_was_there_stays(store: SQLiteStore) -> None:
    send(store, add("a"))
    writer = store._connections.writer()  # noqa: SLF001 - the only way to a full disk for just this file
    pages = writer.execute("PRAGMA page_count").get
    assert writer.pragma("max_page_count", int(str(pages))) == pages
    with pytest.raises(StoreUnavailable, match="disk is full"):
        send(store, *(add(f"m{number}", body="word " * 2_000) for number in range(50)))
    assert ids(store) == ["a"]
    writer.pragma("max_page_count", 1_000_000)
    send(store, add("b"))
    assert (ids(store), store.check()) == (["a", "b"], [])
