"""Cursors that stay put: they pin the point that the first page was answered for and count on from there.

They are signed: a made-up one could pin a point that is not past yet.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass

from graphmem.errors import InvalidInput
from graphmem.instants import from_micros, to_micros
from graphmem.model import Point, Scope
from graphmem.store import Page, Store

_MAX_CURSOR_CHARS = 200


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page starts: the pinned point and how many answers came before."""

    point: Point
    offset: int


def question_mark(*parts: object) -> str:
    """Short stable mark of the question that a cursor belongs to."""
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()[:12]


class Seal:
    """Signs texts with the secret of a tenant, so that nobody else makes one that passes for the store's own."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._secrets: dict[str, str] = {}

    def __call__(self, reader: Scope, purpose: str, text: str) -> str:
        """A signature of 26 small letters and digits; another one for every purpose."""
        secret = self._secrets.get(reader.tenant) or self._store.secret(reader)
        self._secrets[reader.tenant] = secret
        return sealed(secret, purpose, text)


def sealed(secret: str, purpose: str, text: str) -> str:
    """The signature of a text under a secret; see `Seal`."""
    said = f"{purpose}\x1f{text}".encode("utf-8", "surrogatepass")
    digest = hmac.digest(secret.encode("utf-8", "surrogatepass"), said, "sha256")
    return base64.b32encode(digest[:16]).decode().rstrip("=").lower()


@dataclass(frozen=True, slots=True)
class Cursors:
    """Makes and reads the cursors of one question of one reader."""

    seal: Seal
    reader: Scope
    mark: str

    def place(self, page: Page, point: Point) -> Place:
        """Where a page starts: at its cursor, or at the beginning of the given point.

        Raises:
            InvalidInput: The cursor is damaged, made by somebody else, or belongs to another question.
        """
        if page.limit < 1:
            raise InvalidInput(f"limit {page.limit!r} is not at least 1")
        if page.cursor is None:
            return Place(point, 0)
        text, _, signature = page.cursor.partition(".")
        is_ours = len(page.cursor) <= _MAX_CURSOR_CHARS and hmac.compare_digest(
            signature.encode("utf-8", "surrogatepass"), self._signature(text).encode()
        )
        if not is_ours:
            told = f"{page.cursor[:40]!r} is no cursor of this question"
            raise InvalidInput(f"{told}; take the one that the answer before gave, and ask the same question again")
        valid, seq, offset = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        return Place(Point(from_micros(valid), seq), offset)

    def after(self, place: Place, shown: int, total: int) -> str | None:
        """The cursor after the answers shown, None when there are no more."""
        offset = place.offset + shown
        if offset >= total:
            return None
        raw = json.dumps([to_micros(place.point.valid), place.point.seq, offset], separators=(",", ":"))
        text = base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")
        return f"{text}.{self._signature(text)}"

    def _signature(self, text: str) -> str:
        return self.seal(self.reader, "cursor", f"{self.mark}\x1f{text}")


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
