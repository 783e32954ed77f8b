"""Cursors that stay put: they pin the point that the first page was answered for and count on from there."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass

from graphmem.errors import InvalidInput
from graphmem.ledger import from_micros, to_micros
from graphmem.model import Point
from graphmem.store import Page

_MAX_CURSOR_CHARS = 200


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page starts: the pinned point and how many answers came before."""

    point: Point
    offset: int


def question_mark(*parts: object) -> str:
    """Short stable mark of the question that a cursor belongs to."""
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()[:12]


def make_cursor(place: Place, mark: str) -> str:
    """The opaque text of a place."""
    raw = json.dumps([to_micros(place.point.valid), place.point.seq, place.offset, mark], separators=(",", ":"))
    return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")


def place_of(page: Page, point: Point, mark: str) -> Place:
    """Where a page starts: at its cursor, or at the beginning of the given point.

    Raises:
        InvalidInput: The cursor is damaged or belongs to another question.
    """
    if page.limit < 1:
        raise InvalidInput(f"limit {page.limit!r} is not at least 1")
    if page.cursor is None:
        return Place(point, 0)
    try:
        place, its_mark = _read(page.cursor)
    except (ValueError, TypeError, OverflowError) as exc:
        raise InvalidInput(f"{page.cursor[:40]!r} is no cursor; take the one that the answer before gave") from exc
    if its_mark != mark:
        raise InvalidInput("the cursor belongs to another question; ask the same question again to go on with it")
    return place


def _read(cursor: str) -> tuple[Place, str]:
    if len(cursor) > _MAX_CURSOR_CHARS:
        raise ValueError(len(cursor))
    valid, seq, offset, mark = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    place = Place(Point(from_micros(valid), int(seq)), int(offset))
    if place.offset < 0 or place.point.seq < 0:
        raise ValueError(place)
    return place, mark


def next_cursor(place: Place, shown: int, total: int, mark: str) -> str | None:
    """The cursor after the answers shown, None when there are no more."""
    after = place.offset + shown
    return make_cursor(Place(place.point, after), mark) if after < total else None


def page_of(page: Page | None, limit: int | None, default: Page) -> Page:
    """The page that a call asks for, by a page or by a number alone.

    Raises:
        InvalidInput: Both are given.
    """
    if limit is None:
        return page or default
    if page is not None:
        raise InvalidInput("give limit or page, not both: a page has a limit of its own")
    return Page(limit)
