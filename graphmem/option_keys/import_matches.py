"""Matches of imported names by their segments: `a.b` is in `a.b` and in `a.b.c`, and never in `a.bc`."""

from __future__ import annotations

from collections.abc import Sequence

#: A key that ends with it matches the name itself and nothing below it.
EXACT = "$"
#: Precedes a name that is imported from a module: `lodash#get`.
MEMBER = "#"
_MOST_SEGMENTS = 60


def is_below(key: str, name: str, separator: str) -> bool:
    """Return True if a name is that of a key or lies below it.

    Args:
        key: A name, whose segments may have `*` for some characters or be `**` for any number of segments; with a
            `$` at its end, names below it do not match.
        name: The imported name.
        separator: The separator between segments.
    """
    is_exact = key.endswith(EXACT)
    parts = key.removesuffix(EXACT).split(separator)
    names = name.split(separator)
    if len(parts) > _MOST_SEGMENTS or len(names) > _MOST_SEGMENTS:
        return False
    # Numbers of leading segments of `names` that the parts read so far can match.
    reached = {0}
    for part in parts:
        if part == "**":
            reached = set(range(min(reached), len(names) + 1))
        else:
            reached = {at + 1 for at in reached if at < len(names) and _is_like(part, names[at])}
        if not reached:
            return False
    return len(names) in reached if is_exact else True


def contains_run(key: Sequence[str], name: Sequence[str]) -> bool:
    """Return True if a name has the segments of a key as a contiguous run."""
    return any(list(key) == list(name[at : at + len(key)]) for at in range(len(name) - len(key) + 1))


def _is_like(pattern: str, segment: str) -> bool:
    """Return True if a segment has the fixed parts of a pattern in their order; `*` is any text."""
    if "*" not in pattern:
        return pattern == segment
    first, *middle, last = pattern.split("*")
    if not segment or len(segment) < len(first) + len(last):
        return False
    if not segment.startswith(first) or not segment.endswith(last):
        return False
    at, end = len(first), len(segment) - len(last)
    for part in middle:
        index = segment.find(part, at, end)
        if index < 0:
            return False
        at = index + len(part)
    return True
