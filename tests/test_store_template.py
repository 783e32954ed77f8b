"""A copied store is the store that a migration makes, and nobody else's."""

from __future__ import annotations

from pathlib import Path

from graphmem import GraphMemory
from graphmem.adapters.sqlite import SQLiteStore
from graphmem.opening import open_memory
from tests.fake_embedder import no_embedder
from tests.store_template import place_empty_store


def opened(path: Path) -> GraphMemory:
    return open_memory(str(path), embedder=no_embedder)


def test_it_has_the_bytes_and_the_mode_of_one_that_was_made(tmp_path: Path) -> None:
    SQLiteStore.open(tmp_path / "made", create=True).close()
    copied = place_empty_store(tmp_path / "copied")
    assert copied.read_bytes() == (tmp_path / "made").read_bytes()
    assert copied.stat().st_mode == (tmp_path / "made").stat().st_mode


def test_what_is_written_to_one_is_in_no_other_and_stays(tmp_path: Path) -> None:
    first, second = (place_empty_store(tmp_path / name) for name in ("first", "second"))
    with opened(first) as memory:
        memory.add("Logs are lines of JSON")
    with opened(second) as memory:
        assert memory.list().cards == ()
    with opened(place_empty_store(first)) as memory:
        assert [card.title for card in memory.list().cards] == ["Logs are lines of JSON"]
