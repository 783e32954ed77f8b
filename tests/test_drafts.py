"""Private files that appear whole: in the folder itself, on failure, after a kill, and beside a live writer."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from graphmem.drafts import drafted, make_private_folder, remove_dead_drafts, write_private

_WRITES_AND_WAITS = """
import sys
from pathlib import Path
from graphmem.drafts import drafted
note = Path(sys.argv[2]) if len(sys.argv) > 2 else None
with drafted(Path(sys.argv[1]), replaces=False, noted_in=note) as draft:
    draft.write_text("half")
    print(draft, flush=True)
    sys.stdin.read()
"""


def _writer(target: Path, *more: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _WRITES_AND_WAITS, str(target), *map(str, more)]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert Path(child.stdout.readline().strip()).read_text() == "half"
    return child


def _kill(child: subprocess.Popen[str]) -> None:
    child.kill()
    child.communicate()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_private_file_is_its_owners_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        make_private_folder(tmp_path / "home")
        write_private(tmp_path / "home" / "file", "words")
    finally:
        os.umask(before)
    assert (mode(tmp_path / "home"), mode(tmp_path / "home" / "file")) == (0o700, 0o600)
    assert [one.name for one in (tmp_path / "home").iterdir()] == ["file"]


def test_a_draft_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def broken_off() -> None:
        with drafted(tmp_path / "file", replaces=False) as draft:
            assert mode(draft.parent) == 0o700
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken_off()
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_was_taken_meanwhile_is_kept(tmp_path: Path) -> None:
    target = tmp_path / "file"

    def late() -> None:
        with drafted(target, replaces=False):
            target.write_text("theirs")

    with pytest.raises(FileExistsError):
        late()
    assert target.read_text() == "theirs"
    assert list(tmp_path.iterdir()) == [target]


def test_a_name_is_not_taken_over_where_files_have_one_name_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    with drafted(tmp_path / "file", replaces=False) as draft:
        draft.write_text("mine")
    assert (tmp_path / "file").read_text() == "mine"
    with pytest.raises(FileExistsError), drafted(tmp_path / "file", replaces=False):
        pass


def test_a_killed_writers_draft_is_removed_and_a_live_ones_is_kept(tmp_path: Path) -> None:
    dead, live = _writer(tmp_path / "a"), _writer(tmp_path / "b")
    _kill(dead)
    remove_dead_drafts(tmp_path)
    assert [one.name[:2] for one in tmp_path.iterdir()] == ["b."]
    live.communicate("")
    assert [one.name for one in tmp_path.iterdir()] == ["b"]


def test_a_killed_writers_draft_in_another_folder_is_removed_by_its_note(tmp_path: Path) -> None:
    home, there = tmp_path / "home", tmp_path / "there"
    home.mkdir()
    there.mkdir()
    child = _writer(there / "copy", home)
    assert len(list(home.iterdir())) == len(list(there.iterdir())) == 1
    _kill(child)
    remove_dead_drafts(home)
    assert [*home.iterdir(), *there.iterdir()] == []


def test_what_merely_looks_like_a_draft_is_kept(tmp_path: Path) -> None:
    kept = [tmp_path / "plan.new", tmp_path / f"file.{'0' * 32}.new"]
    for one in kept:
        one.write_text("kept")
    (tmp_path / f"link.{'1' * 32}.new").symlink_to(tmp_path)
    remove_dead_drafts(tmp_path)
    assert len(list(tmp_path.iterdir())) == 3


def test_a_file_system_without_locks_takes_drafts_and_loses_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "no locks here")

    monkeypatch.setattr("fcntl.flock", refuse)
    with drafted(tmp_path / "file", replaces=False) as draft:
        draft.write_text("mine")
        remove_dead_drafts(tmp_path)
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [("file", "mine")]
