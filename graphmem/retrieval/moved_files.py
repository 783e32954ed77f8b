"""Adds to cards where the files of their memories are by now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from graphmem.answers import Card
from graphmem.instants import to_micros
from graphmem.model import AnchorKind, Point, Scope
from graphmem.repository.file_places import FilePlace, place_of
from graphmem.retrieval.mainlines import Mainlines


def with_files(mainlines: Mainlines, reader: Scope, card: Card, at: Point) -> Card:
    """Return a card with its last verdict, and with the files of its memory that have moved or are gone by then."""
    places = tuple(_places(mainlines, reader, card, at))
    home = card.memory.scope
    verdict = mainlines.at(reader, home.repo, at.seq).verdicts.get(card.id)
    return replace(card, files=places, verdict=verdict) if places or verdict is not None else card


def _places(mainlines: Mainlines, reader: Scope, card: Card, at: Point) -> Iterable[FilePlace]:
    start_us = _start_us(card)
    for anchor in card.statement.anchors:
        if anchor.kind is AnchorKind.FILE:
            history = mainlines.at(reader, anchor.repo or card.memory.scope.repo, at.seq)
            place = place_of(history, anchor.name, start_us, to_micros(at.valid))
            if place is not None:
                yield place


def _start_us(card: Card) -> int:
    start = card.holding[0].start if card.holding else card.told.at if card.told is not None else card.recorded_at
    return 0 if start is None else to_micros(start)
