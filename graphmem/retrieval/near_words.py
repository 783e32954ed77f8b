"""Words near a misspelt one, among the words of the memories that a reader sees.

No store keeps a list of its words (ADR-0058). The spellings one edit away are sent to the store as the terms of a
question, which finds only what the reader may see. Spellings two edits away are looked for in the newest memories.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from graphmem.model import Statement
from graphmem.retrieval.request import Query
from graphmem.retrieval.spelling import Reading, edited_terms, most_edits, nearest
from graphmem.store import Probe, Store
from graphmem.temporal import View

MOST_WORDS = 3
#: Terms that are looked up at once.
_TERMS_AT_ONCE = 200
#: So many memories are read for each look-up.
_MOST_HOLDERS = 35
#: So many of the newest memories are looked through for two edits.
_NEWEST = 1_000
_READ_AT_ONCE = 200
#: No more memories are read once their texts have so many characters together.
_MOST_CHARS = 1_000_000


def readings(store: Store, words: Sequence[str], query: Query, seq: int) -> list[Reading]:
    """Finds the nearest words for each of some words; words without a near one are left out.

    Args:
        store: Asked for about 200 spellings at a time.
        words: Long words that no memory has.
        query: Whose reader and filter count.
        seq: The ledger position that counts.
    """
    found = (_reading(store, word, query, seq) for word in words[:MOST_WORDS])
    return [one for one in found if one is not None]


def _reading(store: Store, word: str, query: Query, seq: int) -> Reading | None:
    near = nearest(word, _holders(store, edited_terms(word), query, seq), 1)
    if near is not None or most_edits(word) == 1:
        return near
    return nearest(word, _newest(store, query, seq), most_edits(word))


def _holders(store: Store, terms: Sequence[str], query: Query, seq: int) -> Iterator[Statement]:
    """Statements of memories that hold any of the terms and that the reader sees."""
    for first in range(0, len(terms), _TERMS_AT_ONCE):
        probe = Probe(tuple(terms[first : first + _TERMS_AT_ONCE]), limit=_MOST_HOLDERS)
        found = store.match(query.reader, probe, query.of_matches, seq=seq)
        yield from _statements(View(found.rows, query.reader, seq), found.ids)


def _newest(store: Store, query: Query, seq: int) -> Iterator[Statement]:
    """Statements of the newest memories that the reader sees, as far as their texts are within the bounds."""
    ids, read = store.select(query.reader, query.where, at=None, before=seq + 1, limit=_NEWEST), 0
    for first in range(0, len(ids), _READ_AT_ONCE):
        some = ids[first : first + _READ_AT_ONCE]
        view = View(store.rows(query.reader, some, is_alone=True), query.reader, seq)
        for said in _statements(view, some):
            yield said
            read += len(said.body) + len(said.rationale)
        if read > _MOST_CHARS:
            return


def _statements(view: View, ids: Sequence[str]) -> Iterator[Statement]:
    memories = (view.memory(key) for key in ids)
    return (one.statement for one in memories if one is not None and one.statement is not None)
