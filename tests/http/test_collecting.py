"""What survived the collector once is not looked through again, until everything is once in an hour."""

from __future__ import annotations

import gc
import weakref

from graphmem.http.collecting import sparing


class Node:
    """Something that may lead to itself."""

    def __init__(self) -> None:
        self.next: Node | None = None


def _ring() -> Node:
    node = Node()
    node.next = node
    return node


def test_what_survives_a_full_collection_is_looked_through_again_once_in_an_hour() -> None:
    now = 0.0
    with sparing(lambda: now):
        kept = _ring()
        gc.collect()
        alive = weakref.ref(kept)
        del kept
        gc.collect()
        assert alive() is not None, "it survived the one before"
        fresh = weakref.ref(_ring())
        gc.collect()
        assert fresh() is None, "what is new is collected"
        now = 4_000.0
        gc.collect()  # from here on all of it
        gc.collect()
        assert alive() is None


def test_nothing_stays_frozen_afterwards() -> None:
    before = list(gc.callbacks)
    with sparing():
        gc.collect()
        assert gc.get_freeze_count()
    assert gc.callbacks == before
    assert not gc.get_freeze_count()
