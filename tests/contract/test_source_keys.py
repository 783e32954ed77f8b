"""Source keys, alike on every store: found, renamed, erased, restored, and taken out of old ledgers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from graphmem.errors import InvalidInput
from graphmem.ledger import change_of
from graphmem.model import Add, Anchor, AnchorKind, Confirm, Erase, OpenBranch, Scope
from graphmem.store import Filter, Store
from tests.laws.world import ANN, STRANGER, R, X, add, send
from tests.oracle import OracleStore
from tests.oracle import lines as exported

OLD_EXPORT = Path(__file__).parent / "data" / "recorded_in.jsonl"
EVERY = ("",)


def keyed(memory_id: str, key: str, home: Scope = R) -> Add:
    return replace(add(memory_id, home=home, subject=None), source_key=key)


def found(store: Store, reader: Scope, *keys: str, memories: tuple[str, ...] = ()) -> list[tuple[str, str, int]]:
    return [(row.memory, row.key, row.stamp.seq) for row in store.sources(reader, keys=keys, memories=memories)]


def on_path(store: Store, *paths: str) -> list[str]:
    return store.select(R, Filter(paths=paths), at=None, before=99, limit=99)


@pytest.fixture
def keyed_store(store: Store) -> Store:
    send(store, "1", keyed("a", "adr/1.md"))
    send(store, "2", keyed("b", "adr/deep/2.md"))
    send(store, "3", keyed("p", "adr/1.md", ANN), ANN)
    send(store, "4", add("n", subject=None, anchors=(Anchor(AnchorKind.FILE, "src/db.py"),)))
    return store


def test_memories_are_found_by_key_by_folder_and_by_id(keyed_store: Store) -> None:
    assert found(keyed_store, R, "adr/1.md") == [("a", "adr/1.md", 1)]
    assert found(keyed_store, R, "adr/") == [("a", "adr/1.md", 1), ("b", "adr/deep/2.md", 2)]
    assert found(keyed_store, R, *EVERY) == found(keyed_store, R, "adr/")
    assert found(keyed_store, R, memories=("b", "n", "unknown")) == [("b", "adr/deep/2.md", 2)]
    assert found(keyed_store, R, "adr/1", "adr", "dr/") == []


def test_a_reader_finds_only_what_its_scope_admits(keyed_store: Store) -> None:
    assert [memory for memory, _, _ in found(keyed_store, ANN, "adr/1.md")] == ["a", "p"]
    assert found(keyed_store, STRANGER, *EVERY, memories=("a",)) == []


def test_a_row_has_the_branch_on_which_it_was_recorded(store: Store) -> None:
    send(store, "open", OpenBranch("x"))
    send(store, "x", keyed("on-x", "adr/x.md", X), X)
    assert [row.stamp.branch for row in store.sources(X, keys=("adr/x.md",))] == ["r:x"]


def test_a_confirmation_gives_a_memory_another_key(keyed_store: Store) -> None:
    send(keyed_store, "5", Confirm("a", "adr/9.md"))
    assert found(keyed_store, R, memories=("a",)) == [("a", "adr/1.md", 1), ("a", "adr/9.md", 5)]
    assert found(keyed_store, R, "adr/9.md") == [("a", "adr/9.md", 5)]
    assert keyed_store.check() == []


def test_a_path_finds_what_a_source_has_there(keyed_store: Store) -> None:
    send(keyed_store, "5", Confirm("b", "notes/b.md"))
    assert on_path(keyed_store, "adr/") == ["b", "a"]
    assert on_path(keyed_store, "adr/1.md", "src/") == ["n", "a"]
    assert on_path(keyed_store, "**/b.md") == ["b"]
    assert on_path(keyed_store, "adr/*.md") == ["a"]
    assert on_path(keyed_store, "adr/1.mdx") == []


def test_an_erased_memory_has_no_key(keyed_store: Store) -> None:
    send(keyed_store, "5", Confirm("a", "secret/a.md"))
    send(keyed_store, "6", Erase("a"))
    assert found(keyed_store, R, "secret/", "adr/1.md", memories=("a",)) == []
    assert "secret/a.md" not in "".join(keyed_store.export(R))
    assert [row.memory for row in keyed_store.sources(ANN, keys=("adr/1.md",))] == ["p"], "another memory keeps it"
    assert keyed_store.check() == []


def test_keys_survive_export_and_restore(keyed_store: Store) -> None:
    send(keyed_store, "5", Confirm("b", "notes/b.md"))
    copy = OracleStore()
    copy.restore(keyed_store.export(R), tenant="default")
    assert copy.sources(ANN, keys=EVERY) == keyed_store.sources(ANN, keys=EVERY)


def test_an_identical_add_gives_its_key_to_the_memory_that_it_confirms(keyed_store: Store) -> None:
    same = replace(add("a2", title="a", subject=None), source_key="rules/a.md")
    assert send(keyed_store, "5", same).operation == Confirm("a", "rules/a.md")
    assert found(keyed_store, R, "rules/") == [("a", "rules/a.md", 5)]


@pytest.mark.parametrize("key", ["", "a\nb", "k" * 1_001])
def test_a_key_that_no_file_or_record_has_is_refused(key: str) -> None:
    with pytest.raises(InvalidInput, match="source key"):
        keyed("a", key)


def test_the_role_of_earlier_releases_is_reserved() -> None:
    with pytest.raises(InvalidInput, match="recorded in"):
        Anchor(AnchorKind.FILE, "adr/1.md", role="recorded in")


def test_the_anchor_of_an_earlier_release_is_read_as_a_source_key(store: Store) -> None:
    lines = OLD_EXPORT.read_text(encoding="utf-8").splitlines()
    store.restore(lines, tenant="default")
    assert [row.key for row in store.sources(R, keys=EVERY)] == [
        "adr/0001-mysql.md",
        "adr/0002-postgres.md",
        "adr/0003-cache.md",
        "adr/0002-postgres.md",
        "adr/0009-cache.md",
    ]
    changes = store.changes(R)
    statements = [one.operation.memory.statement for one in changes if isinstance(one.operation, Add)]
    assert {anchor.role for one in statements if one is not None for anchor in one.anchors} == {"about"}
    assert store.check() == []
    assert list(store.export(R))[1:] == lines[1:], "the ledger keeps its bytes"


def test_old_and_new_spelling_of_a_key_are_one_operation() -> None:
    entries = exported.read(OLD_EXPORT.read_text(encoding="utf-8").splitlines(), "default").entries
    operation = change_of(entries[0]).operation
    assert isinstance(operation, Add)
    assert operation.source_key == "adr/0001-mysql.md"
