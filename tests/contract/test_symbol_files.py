"""Memories that name symbols alone are found by the symbols' files, alike on every store."""

from __future__ import annotations

import pytest

from graphmem.model import Anchor, AnchorKind, Erase
from graphmem.repository.filter_reach import FilterReach
from graphmem.store import Filter, Store
from tests.laws.world import ANN, R, add, send
from tests.oracle import OracleStore

#: Id and symbol; the last three name no file.
SYMBOLS = {
    "hash": "src/pool.py#Pool.acquire",
    "colon": "src/pool.py:Pool",
    "colons": "src/deep/pool.rs::Pool::get",
    "longer": "src/pool.pyi#Pool",
    "root": "pool.py#Pool",
    "dotted": "src.pool.Pool",
    "folder": "src/#Pool",
    "plain": "Pool::acquire",
}
PATHS = {
    ("src/pool.py",): {"hash", "colon"},
    ("pool.py",): {"root"},
    ("src/",): {"hash", "colon", "colons", "longer", "file"},
    ("src/deep/",): {"colons"},
    ("src/*.py",): {"hash", "colon", "file"},
    ("src/**/*.rs", "pool.p?"): {"colons", "root"},
    ("**",): {"hash", "colon", "colons", "longer", "root", "file"},
    ("src/pool",): set(),
    ("Pool",): set(),
}


def on_paths(store: Store, paths: tuple[str, ...]) -> set[str]:
    return set(store.select(R, Filter(paths=paths), at=None, before=99, limit=99))


def test_a_path_finds_the_symbols_of_its_files(store: Store) -> None:
    oracle = OracleStore()
    for told in (store, oracle):
        for number, (key, name) in enumerate(SYMBOLS.items()):
            send(told, str(number), add(key, subject=None, anchors=(Anchor(AnchorKind.SYMBOL, name),)))
        send(told, "file", add("file", subject=None, anchors=(Anchor(AnchorKind.FILE, "src/db.py"),)))
        hers = (Anchor(AnchorKind.SYMBOL, "src/pool.py#Pool.acquire"),)
        send(told, "private", add("private", subject=None, home=ANN, anchors=hers), ANN)
    for paths, expected in PATHS.items():
        assert (on_paths(store, paths), on_paths(oracle, paths)) == (expected, expected), paths
    send(store, "erase", Erase("hash"))
    assert on_paths(store, ("src/pool.py",)) == {"colon"}
    assert store.check() == []


def test_moved_symbols_are_on_a_path_with_a_file_that_had_them(store: Store) -> None:
    oracle = OracleStore()
    old = Anchor(AnchorKind.FILE, "old.py")
    memories = {
        "full": (Anchor(AnchorKind.SYMBOL, "old.py#f"),),
        "both": (old, Anchor(AnchorKind.SYMBOL, "f")),
        "bare": (Anchor(AnchorKind.SYMBOL, "f"),),
        "other": (old, Anchor(AnchorKind.SYMBOL, "g")),
        "there": (Anchor(AnchorKind.FILE, "new.py"),),
        "elsewhere": (Anchor(AnchorKind.FILE, "new.md"), Anchor(AnchorKind.SYMBOL, "f")),
    }
    for told in (store, oracle):
        for number, (key, anchors) in enumerate(memories.items()):
            send(told, str(number), add(key, subject=None, anchors=anchors))
    reach = FilterReach(symbols=("old.py#f", "f", "old.f"), symbol_files=("old.py",))
    for paths in (("new.py",), ("*.py",), ("new.p?", "none.md")):
        where = Filter(paths=paths, reach=reach)
        expected = {"full", "both", "there"} if paths != ("*.py",) else {"full", "both", "other", "there"}
        for told in (store, oracle):
            assert set(told.select(R, where, at=None, before=99, limit=99)) == expected, paths


@pytest.mark.parametrize(
    ("name", "file"), [("src/a.py#f", "src/a.py"), ("a.b:c", "a.b"), ("a.b.c", None), ("a:b", None)]
)
def test_a_symbol_may_begin_with_its_file(name: str, file: str | None) -> None:
    assert Anchor(AnchorKind.SYMBOL, name).file == file
    assert Anchor(AnchorKind.FILE, name).file == name
    assert Anchor(AnchorKind.COMPONENT, name).file is None
