"""Quotations of memories, each with the origin that determines its trust."""

from __future__ import annotations

from graphmem.answers import Sentence
from graphmem.model import Origin
from graphmem.rows import EdgeRow
from graphmem.temporal import View


def quoted_of(view: View, edge: EdgeRow, words: str) -> Sentence:
    """Return a supersession's text as a quotation with the less trusted origin of its two memories."""
    return Sentence.quoting(
        words, min(origin_of(view, edge.old), origin_of(view, edge.new), key=lambda origin: origin.trust)
    )


def origin_of(view: View, memory_id: str) -> Origin:
    """Return the origin of a memory; the least trusted origin if it is erased or not visible."""
    memory = view.memory(memory_id)
    return Origin.EXTERNAL if memory is None or memory.statement is None else memory.statement.origin
