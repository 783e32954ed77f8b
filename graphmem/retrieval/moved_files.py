"""Adds to cards where the files and symbols of their memories are by now, and finds the commits that date them."""

from __future__ import annotations

from collections.abc import Iterable

from graphmem.answers import Card
from graphmem.deferred_dataclass import replace
from graphmem.instants import to_micros
from graphmem.model import AnchorKind, Origin, Point, Scope
from graphmem.repository.dating_commits import DatingCommit, dating_commit
from graphmem.repository.file_places import FilePlace, place_of
from graphmem.repository.folder_places import place_of_folder
from graphmem.repository.symbol_places import SymbolPlace, place_of_symbol
from graphmem.retrieval.mainlines import Mainlines


def with_files(mainlines: Mainlines, reader: Scope, card: Card, at: Point) -> Card:
    """Return a card with its last verdict, and with the files and symbols of its memory that moved or are gone."""
    places = tuple(_places(mainlines, reader, card, at))
    symbols = tuple(_symbols(mainlines, reader, card, at))
    home = card.memory.scope
    verdict = mainlines.at(reader, home.repo, at.seq).verdicts.get(card.id)
    if not places and not symbols and verdict is None:
        return card
    return replace(card, files=places, symbols=symbols, verdict=verdict)


def dated_by(mainlines: Mainlines, reader: Scope, card: Card, at: Point) -> DatingCommit | None:
    """Return the commit at whose time a memory came into force; None for a memory that a person stated."""
    start = card.holding[0].start if card.holding else None
    if start is None or card.statement.origin is Origin.HUMAN:
        return None
    return dating_commit(mainlines.at(reader, card.memory.scope.repo, at.seq), to_micros(start))


def _places(mainlines: Mainlines, reader: Scope, card: Card, at: Point) -> Iterable[FilePlace]:
    start_us = _start_us(card)
    for anchor in card.statement.anchors:
        if anchor.kind is AnchorKind.FILE:
            history = mainlines.at(reader, anchor.repo or card.memory.scope.repo, at.seq)
            at_us = to_micros(at.valid)
            file = place_of(history, anchor.name, start_us, at_us)
            if file is None and not history.segments_of(anchor.name):
                file = place_of_folder(history, anchor.name, start_us, at_us)
            if file is not None:
                yield file


def _symbols(mainlines: Mainlines, reader: Scope, card: Card, at: Point) -> Iterable[SymbolPlace]:
    files = [anchor.name for anchor in card.statement.anchors if anchor.kind is AnchorKind.FILE]
    for anchor in card.statement.anchors:
        if anchor.kind is AnchorKind.SYMBOL:
            history = mainlines.at(reader, anchor.repo or card.memory.scope.repo, at.seq)
            symbol = place_of_symbol(history, anchor.name, files, _start_us(card), to_micros(at.valid))
            if symbol is not None:
                yield symbol


def _start_us(card: Card) -> int:
    start = card.holding[0].start if card.holding else card.told.at if card.told is not None else card.recorded_at
    return 0 if start is None else to_micros(start)
