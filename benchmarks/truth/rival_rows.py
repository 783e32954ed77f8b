"""Rows of the rivals' corpus: whether the current memory of a subject comes first, by whether it was ever replaced."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.rows import Row
from benchmarks.truth.firsts import First, share
from benchmarks.truth.loaded import OURS
from benchmarks.truth.rivals import PLAIN, REPLACED

_AIMS = {("rivals 10000", PLAIN): 0.75, ("rivals 10000", REPLACED): 0.90}


def rival_rows(found: Sequence[First]) -> Iterator[Row]:
    """Figures over all seeds of a size."""
    for group, contestant in dict.fromkeys((one.group, one.contestant) for one in found):
        mine = [one for one in found if (one.group, one.contestant) == (group, contestant)]
        is_ours = contestant == OURS
        for kind in (PLAIN, REPLACED):
            some = [one for one in mine if one.question.type == kind]
            goal = _AIMS.get((group, kind)) if is_ours else None
            yield Row(
                f"{group} {contestant} {kind} current first", share(o.is_first for o in some), "share", "higher", goal
            )
        stale = share(one.is_stale for one in mine if one.question.type == REPLACED)
        yield Row(f"{group} {contestant} replaced stale first", stale, "share", "lower", 0.0 if is_ours else None)
