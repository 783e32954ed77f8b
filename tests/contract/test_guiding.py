"""Which memories may govern work on files, by what every store finds."""

from __future__ import annotations

from typing import Any

from graphmem.model import Add, Anchor, AnchorKind, Erase, Operation, Scope
from graphmem.store import Store
from tests.laws.world import ANN, R, add, send


def anchored(
    key: str,
    *names: str,
    kind: AnchorKind = AnchorKind.FILE,
    home: Scope = R,
    **said: Any,  # noqa: ANN401 - of a statement
) -> Add:
    return add(key, home=home, anchors=tuple(Anchor(kind, name, "r") for name in names), **said)


def fill(store: Store) -> None:
    operations: tuple[Operation, ...] = (
        anchored("file", "a/b.py"),
        anchored("folder", "a/"),
        anchored("glob", "x/**", "y"),
        anchored("near", "a/b.pyi"),
        anchored("module", "a/b.py", kind=AnchorKind.MODULE),
        anchored("bound", is_mandatory=True),
        anchored("gone", "a/b.py"),
        Erase("gone"),
    )
    for place, operation in enumerate(operations):
        send(store, f"op{place}", operation)


def test_names_of_anchors_wildcards_and_mandates_lead_to_memories(store: Store) -> None:
    fill(store)
    assert store.guiding(R, ["a/b.py", "a/", "a"]) == ["bound", "file", "folder", "glob"]
    assert store.guiding(R, []) == ["bound", "glob"]


def test_only_what_the_reader_may_see_is_found(store: Store) -> None:
    send(store, "op", anchored("private", "a/b.py", home=ANN), ANN)
    assert store.guiding(R, ["a/b.py"]) == []
    assert store.guiding(ANN, ["a/b.py"]) == ["private"]


def test_words_that_look_like_a_mandate_are_none(store: Store) -> None:
    send(store, "op", anchored("said", body='{"is_mandatory":true}'))
    assert store.guiding(R, []) == []
