"""Adds to cards the dependencies of their memories, and those that put the memories in doubt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from graphmem.answers import Card, Reference, Sentence
from graphmem.deferred_dataclass import replace
from graphmem.model import Origin, Point, Scope
from graphmem.relations import link_words
from graphmem.retrieval.reference import references
from graphmem.rows import Rows
from graphmem.store import Store
from graphmem.temporal import DEPENDENCIES, View, doubt
from graphmem.vocabulary import LinkKind

#: Dependencies of more memories than this, direct or not, are not followed further.
_MOST_FOLLOWED = 1_000


def with_dependencies(
    store: Store, reader: Scope, cards: Sequence[Card], at: Point, *, read: View | None = None
) -> tuple[Card, ...]:
    """Return cards whose `depends_on` is complete, with the chains that put their memories in doubt.

    The store is read only if a card has dependencies.

    Args:
        store: Has the memories of the cards.
        reader: Whose cards they are.
        cards: Cards as `graphmem.retrieval.cards.card` makes them: `depends_on` has ids only.
        at: The point of the cards.
        read: A view at that position, used in place of a first read if it has all that the cards name.
    """
    doubtful = [card for card in cards if card.depends_on]
    if not doubtful:
        return tuple(cards)
    ends = (dependency.id for card in doubtful for dependency in card.depends_on)
    keys = list(dict.fromkeys([*(card.id for card in doubtful), *ends]))
    rows = read.rows if read is not None and read.is_of(keys) else store.rows(reader, keys)
    view = View(_followed(store, reader, keys, rows), reader, at.seq)
    return tuple(
        replace(
            card,
            depends_on=tuple(
                reference
                for reference in references(view, [dependency.id for dependency in card.depends_on], at.valid)
                if reference.title is not None
            ),
            suspect=references(view, doubt(view, card.id, at.valid), at.valid),
        )
        if card.depends_on
        else card
        for card in cards
    )


def doubts(
    store: Store, reader: Scope, ids: Sequence[str], points: Sequence[Point]
) -> tuple[Mapping[str, tuple[str, ...]], ...]:
    """Return for each point the chains that put memories in doubt, by the memory; those without doubt are left out.

    The store is read once if the memories depend on nothing.
    """
    rows = _followed(store, reader, ids, store.rows(reader, ids))
    if not any(row.kind in DEPENDENCIES for row in rows.links):
        return tuple({} for _ in points)
    views = [(View(rows, reader, point.seq), point.valid) for point in points]
    return tuple({key: chain for key in ids if (chain := doubt(view, key, valid))} for view, valid in views)


def doubt_sentence(suspect: Sequence[Reference]) -> Sentence:
    """Return the chain that puts a memory in doubt in words.

    For example "depends on 'A', which depends on 'B', which is ended now".

    Args:
        suspect: A card's `suspect`, not empty.
    """
    words = link_words(LinkKind.DEPENDS_ON, is_outgoing=True)
    parts = [Sentence.of(f"{words} '", _title(reference), "', which ") for reference in suspect]
    return Sentence.of(*parts, f"is {suspect[-1].state} now")


def _title(memory: Reference) -> Sentence:
    return Sentence.quoting(memory.title or memory.id, memory.origin or Origin.EXTERNAL)


def _followed(store: Store, reader: Scope, keys: Sequence[str], rows: Rows) -> Rows:
    """Return the rows of memories and of all that they depend on, directly or not.

    Args:
        store: The store.
        reader: The reader's scope.
        keys: The memories, and those that they depend on directly.
        rows: Their rows.
    """
    read = set(keys)
    ahead = _targets(rows, read)
    while ahead and len(read) < _MOST_FOLLOWED:
        read |= ahead
        rows = store.rows(reader, sorted(read))
        ahead = _targets(rows, read)
    return rows


def _targets(rows: Rows, read: set[str]) -> set[str]:
    return {row.target for row in rows.links if row.kind in DEPENDENCIES and row.source in read} - read
