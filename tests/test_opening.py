from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

import graphmem
from graphmem.errors import InvalidInput, NotFound, Unsupported
from graphmem.opening import initialise
from tests.fake_embedder import no_embedder


def test_init_makes_a_store_that_git_ignores_and_open_finds_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    initialise(tmp_path)
    monkeypatch.chdir(tmp_path)
    with graphmem.open(embedder=no_embedder) as memory:
        memory.add("Use tabs")
    with graphmem.open(embedder=no_embedder) as memory:
        assert [card.title for card in memory.list().cards] == ["Use tabs"]
    assert (tmp_path / ".graphmem" / ".gitignore").read_text() == "*\n"


def test_init_twice_keeps_what_is_there(tmp_path: Path) -> None:
    path = initialise(tmp_path)
    with graphmem.open(str(path), embedder=no_embedder) as memory:
        memory.add("Use tabs")
    initialise(tmp_path)
    with graphmem.open(str(path), embedder=no_embedder) as memory:
        assert memory.status().memories == 1


def test_a_url_names_a_file(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/m.db"
    with graphmem.open(url, create=True, embedder=no_embedder) as memory:
        assert memory.status().changes == 0


def test_a_missing_file_is_not_made_by_accident(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="graphmem init"):
        graphmem.open(str(tmp_path / "typo.db"))
    assert not (tmp_path / "typo.db").exists()


def test_a_store_of_an_unknown_kind_is_named() -> None:
    with pytest.raises(Unsupported, match="postgres://"):
        graphmem.open("postgres://localhost/x")


def test_a_url_without_a_path_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no path"):
        graphmem.open("sqlite://memory.db")


def test_what_init_makes_is_its_owners_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        (tmp_path / ".git").mkdir()
        path = initialise(tmp_path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert {stat.S_IMODE(one.stat().st_mode) for one in path.parent.iterdir()} == {0o600}
