"""What an answer is made of before anybody decides how to paint it: lines of marked text, and tables of them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum


class Look(StrEnum):
    """What a stretch of text is; painters that have colour choose one, none needs it."""

    PLAIN = "plain"
    STRONG = "strong"
    DIM = "dim"
    ID = "id"
    GOOD = "good"
    BAD = "bad"
    WARN = "warn"
    PAST = "past"


@dataclass(frozen=True, slots=True)
class Span:
    """Text of one look."""

    text: str
    look: Look = Look.PLAIN


@dataclass(frozen=True, slots=True)
class Line:
    """Spans side by side, so many cells in from the left; continued lines keep the indent."""

    spans: tuple[Span, ...]
    indent: int = 0

    @property
    def text(self) -> str:
        """The words alone."""
        return "".join(span.text for span in self.spans)


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells below headings."""

    heads: tuple[str, ...]
    rows: tuple[tuple[Line, ...], ...]


@dataclass(frozen=True, slots=True)
class Beside:
    """Two boxes side by side where there is room, else one below the other."""

    left: Box
    right: Box


@dataclass(frozen=True, slots=True)
class Box:
    """Lines in a frame with a heading."""

    head: str
    lines: tuple[Line, ...]
    look: Look = Look.PLAIN


Block = Line | Table | Box | Beside


def line(*parts: str | Span, indent: int = 0) -> Line:
    """A line of spans and plain texts."""
    spans = tuple(part if isinstance(part, Span) else Span(part) for part in parts)
    return Line(tuple(Span(printable(span.text), span.look) for span in spans), indent)


def strong(text: str) -> Span:
    """What the eye should find first."""
    return Span(text, Look.STRONG)


def dim(text: str) -> Span:
    """What may be passed over."""
    return Span(text, Look.DIM)


_UNSHOWABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    """Text that cannot steer a terminal: control and direction-overriding characters become a visible sign."""
    return _UNSHOWABLE.sub("\N{REPLACEMENT CHARACTER}", text.replace("\n", " ").replace("\t", " "))


def cells(text: str) -> int:
    """How many terminal cells a text takes."""
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )


def fit(text: str, width: int) -> str:
    """The text in exactly so many cells: cut with an ellipsis, or filled with spaces."""
    if cells(text) > width:
        while text and cells(text) > width - 1:
            text = text[:-1]
        text = text.rstrip() + "…"
    return text + " " * (width - cells(text))


def short(text: str, width: int) -> str:
    """The text in at most so many cells."""
    return fit(text, width).rstrip()
