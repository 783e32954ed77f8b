"""Blocks of a page, before a renderer chooses colours and widths: lines of styled text, tables and boxes."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum

from graphmem.deferred_dataclass import dataclass


class Look(StrEnum):
    """The style of a span; renderers with colour map it to a colour, others ignore it."""

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
    """Text with a single look."""

    text: str
    look: Look = Look.PLAIN


@dataclass(frozen=True, slots=True)
class Line:
    """Spans in a row, indented by a number of terminal cells; wrapped lines keep the indent."""

    spans: tuple[Span, ...]
    indent: int = 0

    @property
    def text(self) -> str:
        """The text without looks."""
        return "".join(span.text for span in self.spans)


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells below headings."""

    heads: tuple[str, ...]
    rows: tuple[tuple[Line, ...], ...]


@dataclass(frozen=True, slots=True)
class Beside:
    """Two boxes side by side if the width suffices, else stacked."""

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
    """A span for the most important text of a line."""
    return Span(text, Look.STRONG)


def dim(text: str) -> Span:
    """A span for secondary text."""
    return Span(text, Look.DIM)


_UNSHOWABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    """Text that cannot steer a terminal: control and direction-overriding characters become a visible sign."""
    return _UNSHOWABLE.sub("\N{REPLACEMENT CHARACTER}", text.replace("\n", " ").replace("\t", " "))


def cells(text: str) -> int:
    """The number of terminal cells that a text takes."""
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )


def fit(text: str, width: int) -> str:
    """The text in exactly `width` cells: cut with an ellipsis, or filled with spaces."""
    if cells(text) > width:
        while text and cells(text) > width - 1:
            text = text[:-1]
        text = text.rstrip() + "…"
    return text + " " * (width - cells(text))


def short(text: str, width: int) -> str:
    """The text in at most `width` cells."""
    return fit(text, width).rstrip()
