"""What the long words of a question that no memory has may be meant for, among the words that a reader sees.

No store keeps a list of its words (ADR-0058): what one edit makes of a word is looked up like the words of any
question, so that only what the reader may see is found; two edits are looked for among the newest memories.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from graphmem.model import Statement
from graphmem.retrieval.request import Query
from graphmem.retrieval.spelling import Reading, edited_terms, most_edits, nearest
from graphmem.store import Probe, Store
from graphmem.temporal import View
from graphmem.terms import text_terms

MOST_WORDS = 3
#: Terms that are looked up at once.
_TERMS_AT_ONCE = 200
#: Memories of those that have a neighbour of the word.
_MOST_HOLDERS = 35
#: So many of the newest memories are looked through for two edits.
_NEWEST = 1_000


def readings(store: Store, words: Sequence[str], query: Query, seq: int) -> list[Reading]:
    """What each of some words may be meant for; those with no near word are left out."""
    found = (_reading(store, word, query, seq) for word in words[:MOST_WORDS])
    return [one for one in found if one is not None]


def _reading(store: Store, word: str, query: Query, seq: int) -> Reading | None:
    if any(True for _ in _holders(store, text_terms(word), query, seq)):
        return None  # some memory has it that came too far behind the others to be looked at
    near = nearest(word, _holders(store, edited_terms(word), query, seq), 1)
    if near is not None or most_edits(word) == 1:
        return near
    return nearest(word, _newest(store, query, seq), most_edits(word))


def _holders(store: Store, terms: Sequence[str], query: Query, seq: int) -> Iterator[Statement]:
    """Memories that the reader sees with any of the terms."""
    where = replace(query.where, origins=(), statuses=(), min_confidence=0.0)
    for first in range(0, len(terms), _TERMS_AT_ONCE):
        probe = Probe(tuple(terms[first : first + _TERMS_AT_ONCE]), limit=_MOST_HOLDERS)
        found = store.match(query.reader, probe, where, seq=seq)
        yield from _statements(View(found.rows, query.reader, seq), found.ids)


def _newest(store: Store, query: Query, seq: int) -> Iterator[Statement]:
    ids = store.select(query.reader, query.where, at=None, before=seq + 1, limit=_NEWEST)
    yield from _statements(View(store.rows(query.reader, ids, is_alone=True), query.reader, seq), ids)


def _statements(view: View, ids: Sequence[str]) -> Iterator[Statement]:
    memories = (view.memory(key) for key in ids)
    return (one.statement for one in memories if one is not None and one.statement is not None)
