"""Words of memories, each with the origin that says how far they are to be trusted."""

from __future__ import annotations

from graphmem.answers import Sentence
from graphmem.model import Origin
from graphmem.rows import EdgeRow
from graphmem.temporal import View


def quoted_of(view: View, edge: EdgeRow, words: str) -> Sentence:
    """Words of a supersession: as far to be trusted as the less trusted of the memories that it relates."""
    return Sentence.quoting(words, min(origin_of(view, edge.old), origin_of(view, edge.new), key=lambda one: one.trust))


def origin_of(view: View, key: str) -> Origin:
    """The origin of a memory; that of an erased or unseen one is not known, and trusted least."""
    memory = view.memory(key)
    return Origin.EXTERNAL if memory is None or memory.statement is None else memory.statement.origin
