"""Copies of the whole file: sound at every size and whoever writes meanwhile, private, and all or nothing."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from graphmem.adapters.sqlite import SQLiteStore, backup
from graphmem.adapters.sqlite.connection import VFS
from graphmem.errors import CorruptStore, InvalidInput, StoreUnavailable
from tests.adapters.sqlite.given import MAIN, add, everything, ids, raw, send

_PAGE_BYTES = 8192


def _filled(store: SQLiteStore, path: Path, pages: int, *, has_log: bool) -> None:
    """Grow a file to so many pages, all of them in the log or none."""
    if not has_log:
        store.close()
    with raw(path) as database:
        assert database.execute("PRAGMA wal_autocheckpoint = 0")
        free = int(str(database.execute("PRAGMA freelist_count").get))
        missing = pages + free - int(str(database.execute("PRAGMA page_count").get))
        database.execute("CREATE TABLE filler (data)")
        database.execute(
            "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < ?)"
            " INSERT INTO filler SELECT randomblob(7500) FROM n",
            (missing,),
        )
        if not has_log:
            database.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0)


@pytest.mark.heavy
@pytest.mark.parametrize("has_log", [True, False])
@pytest.mark.parametrize("pages", [1, 400, 500, 20_000])
def test_a_backup_of_every_size_can_be_opened(store: SQLiteStore, path: Path, pages: int, *, has_log: bool) -> None:
    send(store, add("a"))
    _filled(store, path, pages, has_log=has_log)
    assert Path(f"{path}-wal").exists() is has_log
    target = path.with_name("copy.db")
    with SQLiteStore.open(path, create=False) as again:
        again.backup(target)
        assert target.stat().st_size >= pages * _PAGE_BYTES
        with SQLiteStore.open(target, create=False) as copy:
            assert (ids(copy), copy.check()) == (["a"], [])
            assert everything(copy) == everything(again)
    with raw(target) as copied:
        assert copied.execute("PRAGMA quick_check").get == "ok"


@pytest.mark.parametrize("is_free", [True, False])
def test_a_copy_that_is_not_sound_is_not_kept(
    store: SQLiteStore, path: Path, monkeypatch: pytest.MonkeyPatch, *, is_free: bool
) -> None:
    send(store, add("a"))
    _filled(store, path, 60, has_log=True)
    if is_free:
        with raw(path) as database:
            database.execute("DROP TABLE filler")
    copy = backup._copy  # noqa: SLF001 - what a disk does in between cannot be had otherwise

    def spoiled(connection: apsw.Connection, draft: Path) -> None:
        copy(connection, draft)
        with draft.open("r+b") as file:
            file.seek(-77, os.SEEK_END)
            file.write(b"spoiled")

    monkeypatch.setattr(backup, "_copy", spoiled)
    with pytest.raises(CorruptStore, match=r"failed its check.*page \d+ has a wrong checksum.*was removed"):
        store.backup(path.with_name("copy.db"))
    assert not list(path.parent.glob("copy*"))


def test_a_copy_that_lacks_something_is_not_kept(
    store: SQLiteStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = backup._copy  # noqa: SLF001

    def other_copied(_: apsw.Connection, draft: Path) -> None:
        with closing(apsw.Connection(str(path.with_name("other.db")), vfs=VFS)) as other:
            copy(other, draft)

    with SQLiteStore.open(path.with_name("other.db"), create=True):
        send(store, add("a"))
        monkeypatch.setattr(backup, "_copy", other_copied)
        with pytest.raises(CorruptStore, match="row counts differ"):
            store.backup(path.with_name("copy.db"))
    assert not list(path.parent.glob("copy*"))


@pytest.mark.parametrize("kind", ["itself", "hard link", "symbolic link", "dangling link", "folder", "file"])
def test_no_name_that_is_taken_is_taken_over(store: SQLiteStore, path: Path, kind: str) -> None:
    send(store, add("a"))
    target = path.with_name("copy.db")
    match kind:
        case "itself":
            target = path
        case "hard link":
            target.hardlink_to(path)
        case "symbolic link":
            target.symlink_to(path)
        case "dangling link":
            target.symlink_to(path.with_name("nowhere"))
        case "folder":
            target.mkdir()
        case _:
            target.write_text("mine")
    before = sorted(path.parent.iterdir())
    with pytest.raises(InvalidInput, match="exists"):
        store.backup(target)
    assert sorted(path.parent.iterdir()) == before
    assert ids(store) == ["a"]


def test_a_backup_into_no_folder_names_the_target(store: SQLiteStore, path: Path) -> None:
    with pytest.raises(StoreUnavailable, match=r"nowhere/copy\.db"):
        store.backup(path.parent / "nowhere" / "copy.db")
    assert not list(path.parent.glob("*.new"))


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    """A folder on another file system than the tests' own, if this machine has one."""
    import tempfile

    roots = [Path(one) for one in ("/dev/shm", "/var/tmp", "/tmp", tmp_path) if os.access(one, os.W_OK)]  # noqa: S108
    others = [one for one in roots if one.stat().st_dev != tmp_path.stat().st_dev]
    with tempfile.TemporaryDirectory(dir=(others or [tmp_path])[0]) as name:
        yield Path(name)


def test_a_backup_goes_to_another_file_system_and_is_private(store: SQLiteStore, elsewhere: Path) -> None:
    send(store, add("a"))
    before = os.umask(0)
    try:
        store.backup(elsewhere / "copy.db")
    finally:
        os.umask(before)
    assert [one.name for one in elsewhere.iterdir()] == ["copy.db"]
    assert stat.S_IMODE((elsewhere / "copy.db").stat().st_mode) == 0o600
    with SQLiteStore.open(elsewhere / "copy.db", create=False) as copy:
        assert ids(copy) == ["a"]


def test_a_backup_needs_no_locks_and_no_shared_memory_where_it_is_put(
    store: SQLiteStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(store, add("a"))
    check, beside = backup._check, list[str]()  # noqa: SLF001 - nothing else can look in between

    def looked(connection: apsw.Connection, draft: Path, source: Path) -> None:
        check(connection, draft, source)
        beside.extend(sorted(one.name for one in draft.parent.iterdir()))

    monkeypatch.setattr(backup, "_check", looked)
    store.backup(path.with_name("copy.db"))
    assert beside == ["copy.db", "lock"]


def test_a_broken_off_backup_leaves_nothing(store: SQLiteStore, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(backup, "_check", interrupted)
    with pytest.raises(KeyboardInterrupt):
        store.backup(path.with_name("copy.db"))
    assert not list(path.parent.glob("copy*"))


@pytest.mark.parametrize(("number", "said"), [(errno.ENOSPC, "disk is full|No space"), (errno.EIO, "Input/output")])
def test_a_disk_that_fails_at_the_sync_leaves_nothing(
    store: SQLiteStore, path: Path, monkeypatch: pytest.MonkeyPatch, number: int, said: str
) -> None:
    def fail(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StoreUnavailable, match=rf"copy\.db.*({said})"):
        store.backup(path.with_name("copy.db"))
    assert not list(path.parent.glob("copy*"))


_IN_A_CHILD = """
import resource, sys
from pathlib import Path
from graphmem.adapters.sqlite import SQLiteStore
from graphmem.errors import GraphMemError
from tests.adapters.sqlite.given import ids, MAIN
with SQLiteStore.open(Path(sys.argv[1]), create=False) as store:
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
    try:
        store.backup(Path(sys.argv[2]))
    except GraphMemError as refusal:
        print(type(refusal).__name__, refusal)
    print(ids(store))
"""


def test_a_disk_that_fills_up_during_a_backup_is_named_and_leaves_nothing(store: SQLiteStore, path: Path) -> None:
    send(store, add("a"))
    _filled(store, path, 600, has_log=True)
    target = path.with_name("copy.db")
    program = [sys.executable, "-c", _IN_A_CHILD, str(path), str(target)]
    done = subprocess.run(program, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": "."})
    assert not done.returncode, done.stderr
    refusal, seen = done.stdout.splitlines()
    assert refusal.startswith(f"StoreUnavailable {str(target)!r} cannot be")
    assert seen == "['a']"
    assert not list(path.parent.glob("copy*"))


_BACKS_UP = """
import sys
from pathlib import Path
from graphmem.adapters.sqlite import SQLiteStore, backup
check = backup._check
def stop(*arguments):
    check(*arguments)
    print("checked", flush=True)
    sys.stdin.read()
backup._check = stop
with SQLiteStore.open(Path(sys.argv[1]), create=False) as store:
    store.backup(Path(sys.argv[2]))
"""


def test_the_next_start_removes_what_a_killed_backup_left(store: SQLiteStore, path: Path, elsewhere: Path) -> None:
    send(store, add("a"))
    child = subprocess.Popen(
        [sys.executable, "-c", _BACKS_UP, str(path), str(elsewhere / "copy.db")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "checked\n"
    with SQLiteStore.open(path, create=False):
        assert len(list(elsewhere.iterdir())) == 1, "a live backup's draft is kept"
    child.kill()
    child.communicate()
    with SQLiteStore.open(path, create=False) as again:
        assert ids(again) == ["a"]
    assert not [*elsewhere.iterdir(), *path.parent.glob("*.new")]


def test_a_store_and_what_lies_beside_it_are_its_owners_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with SQLiteStore.open(tmp_path / "memory.db", create=True) as store:
            send(store, add("a"))
            modes = {one.name: stat.S_IMODE(one.stat().st_mode) for one in tmp_path.iterdir()}
    finally:
        os.umask(before)
    assert modes.keys() == {"memory.db", "memory.db-lock", "memory.db-shm", "memory.db-wal"}
    assert set(modes.values()) == {0o600}


def test_whoever_may_write_a_shared_file_may_lock_it(store: SQLiteStore, path: Path) -> None:
    store.close()
    path.chmod(0o660)
    Path(f"{path}-lock").unlink()
    before = os.umask(0)
    try:
        with SQLiteStore.open(path, create=False):
            assert stat.S_IMODE(Path(f"{path}-lock").stat().st_mode) == 0o660
    finally:
        os.umask(before)


def test_a_backup_while_a_read_is_open_for_ever_has_what_was_written_since(store: SQLiteStore, path: Path) -> None:
    send(store, add("a"))
    lines = store.export(MAIN)
    next(lines)
    send(store, add("b"))
    store.backup(path.with_name("copy.db"))
    with SQLiteStore.open(path.with_name("copy.db"), create=False) as copy:
        assert ids(copy) == ["a", "b"]
    lines.close()  # type: ignore[attr-defined]
