"""Where the tests' files are."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import places
from tools.left_folders import sweep


@pytest.fixture
def unchosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Nobody has chosen a place; everything is as before afterwards."""
    monkeypatch.setattr(places, "_made", [])
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", "set, so that it comes back")
    monkeypatch.delenv("TMPDIR")
    yield
    places.give_back()


@pytest.mark.usefixtures("unchosen")
def test_files_are_in_memory_until_they_are_given_back(tmp_path: Path) -> None:
    places.use_memory(tmp_path, room_bytes=0)
    (folder,) = tmp_path.iterdir()
    assert (tempfile.gettempdir(), os.environ["TMPDIR"]) == (str(folder), str(folder))
    inner = places.folder_in_memory()
    assert inner is not None
    assert inner.parent == folder
    places.give_back()
    assert (list(tmp_path.iterdir()), "TMPDIR" in os.environ) == ([], False)


@pytest.mark.usefixtures("unchosen")
def test_they_are_not_where_there_is_no_room(tmp_path: Path) -> None:
    places.use_memory(tmp_path, room_bytes=2**60)
    places.use_memory(tmp_path / "nowhere")
    assert places.folder_in_memory() is None
    assert (list(tmp_path.iterdir()), "TMPDIR" in os.environ) == ([], False)


@pytest.mark.usefixtures("unchosen")
def test_they_are_where_somebody_chose(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", "/chosen")
    places.use_memory(tmp_path, room_bytes=0)
    assert (list(tmp_path.iterdir()), os.environ["TMPDIR"]) == ([], "/chosen")


def test_what_a_killed_run_left_is_removed_and_what_is_in_use_is_not(tmp_path: Path) -> None:
    beyond = 2**30  # more than any process is numbered
    for name in (f"graphmem-tests-{beyond}-a", f"graphmem-tests-{os.getpid()}-b", "graphmem-tests-x", "others"):
        (tmp_path / name).mkdir()
    sweep(tmp_path, "graphmem-tests-")
    assert {one.name for one in tmp_path.iterdir()} == {f"graphmem-tests-{os.getpid()}-b", "graphmem-tests-x", "others"}
