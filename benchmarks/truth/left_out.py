"""What weights make of cases, in groups, and which cases are left out together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from benchmarks.truth.cases import Case, is_answerable
from benchmarks.truth.firsts import share
from benchmarks.truth.learning import Weights, order

_THREE = 3


@dataclass(frozen=True, slots=True)
class Judged:
    """The first answers to one question under some weights."""

    is_first: bool
    in_three: bool
    is_stale: bool


@dataclass(frozen=True, slots=True)
class Figures:
    """Of a group of questions with an answer."""

    first: float
    three: float
    stale: float
    count: int

    def __str__(self) -> str:
        return f"{self.first:.3f} / {self.three:.3f} / {self.stale:.3f}"


def folds(cases: Iterable[Case]) -> list[str]:
    """What is left out, one at a time."""
    return sorted({case.fold for case in cases})


def figures(cases: Iterable[Case], weights: Weights) -> dict[str, Figures]:
    """The figures of each group under some weights."""
    groups: dict[str, list[Judged]] = defaultdict(list)
    for case in cases:
        if is_answerable(case):
            groups[case.group].append(judged(case, order(case, weights)))
    return {group: _figures(some) for group, some in groups.items()}


def judged(case: Case, ranked: Sequence[int]) -> Judged:
    """A case under an order of its candidates' rows."""
    counted = [row for row in ranked if case.only is None or case.standings[row] in case.only]
    is_first = bool(counted) and bool(case.is_right[counted[0]])
    is_stale = bool(counted) and not is_first and bool(case.is_wrong[counted[0]])
    return Judged(is_first, any(case.is_right[row] for row in counted[:_THREE]), is_stale)


def _figures(some: Sequence[Judged]) -> Figures:
    return Figures(
        share(one.is_first for one in some),
        share(one.in_three for one in some),
        share(one.is_stale for one in some),
        len(some),
    )
