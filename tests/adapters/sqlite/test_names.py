"""One file under several names: a symbolic link is the file itself, a second name of its own is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphmem.adapters.sqlite import SQLiteStore, migrations
from graphmem.adapters.sqlite.schema_diff import SQLiteSchema
from graphmem.errors import Unsupported
from tests.adapters.sqlite.given import MAIN, add, ids, send


def test_a_second_hard_link_is_refused_under_both_names_and_leaves_nothing(store: SQLiteStore, path: Path) -> None:
    send(store, add("a"))
    store.close()
    other = path.with_name("other.db")
    other.hardlink_to(path)
    before = sorted(path.parent.iterdir())
    for name in (path, other):
        with pytest.raises(Unsupported, match=r"one of 2 names.*hard links.*-lock"):
            SQLiteStore.open(name, create=True)
        with pytest.raises(Unsupported, match="hard links"):
            SQLiteSchema(name)
    assert sorted(path.parent.iterdir()) == before
    other.unlink()
    with SQLiteStore.open(path, create=False) as again:
        assert ids(again) == ["a"]


def test_a_name_given_while_the_store_is_open_is_refused_and_loses_nothing(store: SQLiteStore, path: Path) -> None:
    send(store, add("a"))
    other = path.with_name("other.db")
    other.hardlink_to(path)
    with pytest.raises(Unsupported, match="hard links"):
        SQLiteStore.open(other, create=False)
    send(store, add("b"))
    other.unlink()
    with SQLiteStore.open(path, create=False) as again:
        assert ids(again) == ["a", "b"]


@pytest.mark.parametrize("is_folder", [True, False])
def test_a_symbolic_link_shares_the_log_and_the_lock_of_its_file(
    store: SQLiteStore, path: Path, tmp_path: Path, *, is_folder: bool
) -> None:
    link = tmp_path / "elsewhere"
    link.mkdir()
    if is_folder:
        (link / "folder").symlink_to(path.parent, target_is_directory=True)
        name = link / "folder" / path.name
    else:
        name = link / "other.db"
        name.symlink_to(path)
    with SQLiteStore.open(name, create=True) as other:
        send(other, add("a"))
        send(store, add("b"))
        assert ids(other) == ids(store) == ["a", "b"]
        assert other.info(MAIN).size_bytes == store.info(MAIN).size_bytes
        assert other._lock is store._lock  # noqa: SLF001 - writers must wait for each other, whatever name they use
    assert [one.name for one in link.iterdir()] == [name.relative_to(link).parts[0]]


def test_a_link_to_a_file_that_is_not_there_makes_it_there(tmp_path: Path) -> None:
    link, there = tmp_path / "link.db", tmp_path / "there"
    there.mkdir()
    link.symlink_to(there / "memory.db")
    with SQLiteStore.open(link, create=True) as store:
        send(store, add("a"))
    assert link.is_symlink()
    with SQLiteStore.open(there / "memory.db", create=False) as again:
        assert ids(again) == ["a"]


def test_a_file_that_is_mounted_by_itself_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with SQLiteStore.open(path, create=True):
        monkeypatch.setattr(migrations, "mount_of", lambda _: (str(path), "ext4"))
        with pytest.raises(Unsupported, match="mount its folder"):
            SQLiteStore.open(path, create=False)
