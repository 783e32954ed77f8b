"""What a store has of a source, in a form in which two stores can be compared."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import graphmem
from graphmem.service import GraphMemory
from graphmem.store import Filter, Page
from tests.fake_embedder import no_embedder


@contextmanager
def opened(path: Path) -> Iterator[GraphMemory]:
    """A new store that is opened as a user does it."""
    with graphmem.open(str(path), create=True, embedder=no_embedder) as memory:
        yield memory


def stored(memory: GraphMemory) -> list[tuple[object, ...]]:
    """Title, body, moves and successors of every memory, sorted, with the links of those without a successor."""
    cards = memory.list(Filter(include_history=True), page=Page(limit=1_000)).cards
    titles = {card.id: card.title for card in cards}
    listed = []
    for card in cards:
        statement = memory.get(card.id).memory.statement
        assert statement is not None
        history = memory.history(card.id)
        moves = [(told.status.value, told.word, told.at) for told in history.moves]
        successors = sorted(titles[step.memory.id] for step in history.successors)
        explained = memory.explain(card.id).related
        outgoing = [link for link in explained if link.is_outgoing and not successors]
        links = sorted((link.kind.value, titles[link.memory.id]) for link in outgoing)
        listed.append((card.title, statement.body, statement.anchors, moves, successors, links))
    return sorted(listed, key=repr)
