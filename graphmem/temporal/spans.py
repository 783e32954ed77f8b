"""Sets of valid time: sorted tuples of disjoint, non-touching, half-open spans.

`BEGINNING` and `FOREVER` are the bounds of an open side, so that spans compare without special cases.
"""

from __future__ import annotations

from datetime import datetime

from graphmem.model import BEGINNING, FOREVER

Span = tuple[datetime, datetime]
Spans = tuple[Span, ...]

NEVER: Spans = ()
ALWAYS: Spans = ((BEGINNING, FOREVER),)


def span(start: datetime | None, end: datetime | None) -> Spans:
    """`[start, end)` as a set; None is an open side, and an empty span is the empty set."""
    low, high = start or BEGINNING, end or FOREVER
    return ((low, high),) if low < high else NEVER


def union(*sets: Spans) -> Spans:
    """Every instant that is in any of the sets."""
    filled = [spans for spans in sets if spans]
    if len(filled) < 2:  # noqa: PLR2004 - nothing to merge
        return filled[0] if filled else NEVER
    merged: list[Span] = []
    for low, high in sorted(piece for spans in filled for piece in spans):
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return tuple(merged)


def intersection(left: Spans, right: Spans) -> Spans:
    """Every instant that is in both sets."""
    if left == ALWAYS:
        return right
    if right == ALWAYS:
        return left
    common = []
    for low, high in left:
        for right_low, right_high in right:
            start, end = max(low, right_low), min(high, right_high)
            if start < end:
                common.append((start, end))
    return tuple(common)


def complement(spans: Spans) -> Spans:
    """Every instant that is not in the set."""
    gaps, reached = [], BEGINNING
    for low, high in spans:
        if reached < low:
            gaps.append((reached, low))
        reached = high
    if reached < FOREVER:
        gaps.append((reached, FOREVER))
    return tuple(gaps)


def difference(left: Spans, right: Spans) -> Spans:
    """Every instant of `left` that is not in `right`."""
    return intersection(left, complement(right)) if right else left


def containing(spans: Spans, instant: datetime) -> Span | None:
    """The span that contains the instant; None if there is none."""
    # Most memories have a single span, so a linear scan is faster than a binary search.
    for piece in spans:
        if piece[0] <= instant < piece[1]:
            return piece
    return None


def is_endless(spans: Spans) -> bool:
    """Return True if the set has no end."""
    return bool(spans) and spans[-1][1] == FOREVER
