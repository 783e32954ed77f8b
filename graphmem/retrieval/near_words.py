"""Finds words near a misspelt word among the memories that a reader sees.

No store has a word list (ADR-0058). Spellings at edit distance 1 are sent to the store as query terms, so only visible
memories match. Spellings at edit distance 2 are searched in the newest memories.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from graphmem.model import Statement
from graphmem.retrieval.corrections import Correction, nearest
from graphmem.retrieval.request import Query
from graphmem.retrieval.word_edits import MOST_WORDS, edited_terms, most_edits
from graphmem.store import Probe, Store
from graphmem.temporal import CachedView, View

#: Terms per query of the store.
_TERMS_AT_ONCE = 200
#: Memories read per query.
_MOST_HOLDERS = 35
#: The newest memories searched for distance 2.
_NEWEST = 1_000
_READ_AT_ONCE = 200
#: Correction stops after this many characters.
_MOST_CHARS = 1_000_000


def readings(store: Store, words: Sequence[str], query: Query, seq: int) -> list[Correction]:
    """Return the nearest words for each of some words; words without a near word are omitted.

    Args:
        store: Queried with about 200 spellings at a time.
        words: Long words that no memory has.
        query: The query, for its reader and filter.
        seq: The ledger position.
    """
    results = (_reading(store, word, query, seq) for word in words[:MOST_WORDS])
    return [reading for reading in results if reading is not None]


def _reading(store: Store, word: str, query: Query, seq: int) -> Correction | None:
    near = nearest(word, _holders(store, edited_terms(word), query, seq), 1)
    if near is not None or most_edits(word) == 1:
        return near
    return nearest(word, _newest(store, query, seq), most_edits(word))


def _holders(store: Store, terms: Sequence[str], query: Query, seq: int) -> Iterator[Statement]:
    """Yield statements of visible memories with any of the terms."""
    for first in range(0, len(terms), _TERMS_AT_ONCE):
        probe = Probe(tuple(terms[first : first + _TERMS_AT_ONCE]), limit=_MOST_HOLDERS)
        matches = store.match(query.reader, probe, query.of_matches, seq=seq)
        yield from _statements(CachedView(matches.rows, query.reader, seq), matches.ids)


def _newest(store: Store, query: Query, seq: int) -> Iterator[Statement]:
    """Yield statements of the newest visible memories, within the limits."""
    ids, read = store.select(query.reader, query.where, at=None, before=seq + 1, limit=_NEWEST), 0
    for first in range(0, len(ids), _READ_AT_ONCE):
        batch = ids[first : first + _READ_AT_ONCE]
        view = View(store.rows(query.reader, batch, is_alone=True), query.reader, seq)
        for statement in _statements(view, batch):
            yield statement
            read += len(statement.body) + len(statement.rationale)
        if read > _MOST_CHARS:
            return


def _statements(view: View, ids: Sequence[str]) -> Iterator[Statement]:
    memories = (view.memory(memory_id) for memory_id in ids)
    return (memory.statement for memory in memories if memory is not None and memory.statement is not None)
