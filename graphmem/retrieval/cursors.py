"""Stable page cursors: a cursor pins the point of the first page and counts hits from there.

Cursors are signed: a forged cursor could pin a point in the future.
"""

from __future__ import annotations

import base64
import json

from graphmem.deferred_dataclass import dataclass
from graphmem.digests import sha256
from graphmem.errors import InvalidInput
from graphmem.instants import from_micros, to_micros
from graphmem.model import Point, Scope
from graphmem.store import Page, Store

_MAX_CURSOR_CHARS = 200


@dataclass(frozen=True, slots=True)
class PageStart:
    """The start of a page: the pinned point and the number of earlier hits."""

    point: Point
    offset: int


def question_mark(*parts: object) -> str:
    """Return a short stable hash of the query that a cursor belongs to."""
    return sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()[:12]


class Seal:
    """Signs texts with a tenant's secret, so that clients cannot forge them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._secrets: dict[str, str] = {}

    def __call__(self, reader: Scope, purpose: str, text: str) -> str:
        """Return a signature of 26 lower-case letters and digits; it differs for each purpose."""
        secret = self._secrets.get(reader.tenant) or self._store.secret(reader)
        self._secrets[reader.tenant] = secret
        return sealed(secret, purpose, text)


def sealed(secret: str, purpose: str, text: str) -> str:
    """Return the signature of a text under a secret; see `Seal`."""
    import hmac

    data = f"{purpose}\x1f{text}".encode("utf-8", "surrogatepass")
    digest = hmac.digest(secret.encode("utf-8", "surrogatepass"), data, "sha256")
    return base64.b32encode(digest[:16]).decode().rstrip("=").lower()


@dataclass(frozen=True, slots=True)
class Cursors:
    """Creates and reads the cursors of a reader's query."""

    seal: Seal
    reader: Scope
    mark: str

    def start(self, page: Page, point: Point) -> PageStart:
        """Return the start of a page: its cursor, or the first hit at the given point.

        Raises:
            InvalidInput: The cursor is damaged or forged, or belongs to another query.
        """
        if page.limit < 1:
            raise InvalidInput(f"limit {page.limit!r} is not at least 1")
        if page.cursor is None:
            return PageStart(point, 0)
        import hmac

        text, _, signature = page.cursor.partition(".")
        is_ours = len(page.cursor) <= _MAX_CURSOR_CHARS and hmac.compare_digest(
            signature.encode("utf-8", "surrogatepass"), self._signature(text).encode()
        )
        if not is_ours:
            fault = f"cursor {page.cursor[:40]!r} does not belong to this query"
            raise InvalidInput(f"{fault}; use the cursor of the previous page, with the same query")
        valid, seq, offset = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        return PageStart(Point(from_micros(valid), seq), offset)

    def after(self, start: PageStart, shown: int, total: int) -> str | None:
        """Return the cursor after the hits shown; None after the last."""
        offset = start.offset + shown
        if offset >= total:
            return None
        raw = json.dumps([to_micros(start.point.valid), start.point.seq, offset], separators=(",", ":"))
        text = base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")
        return f"{text}.{self._signature(text)}"

    def _signature(self, text: str) -> str:
        return self.seal(self.reader, "cursor", f"{self.mark}\x1f{text}")


def page_of(page: Page | None, limit: int | None, default: Page) -> Page:
    """Return the page for a call's `page` or `limit` argument.

    Raises:
        InvalidInput: Both are given.
    """
    if limit is None:
        return page or default
    if page is not None:
        raise InvalidInput("give limit or page, not both: a page has its own limit")
    return Page(limit)
