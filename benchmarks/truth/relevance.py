"""The curve of relevance, learnt without each pack of everyday questions, and what the cut does to that pack."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from benchmarks.rows import Row
from benchmarks.truth.cases import MEANING, Case, Floats, is_answerable
from benchmarks.truth.firsts import share
from benchmarks.truth.learning import Weights, curve, order
from benchmarks.truth.left_out import folds
from graphmem.retrieval import fusion

_GROUPS = {"records": "everyday", "facts": "facts"}


def tell_relevance(hybrid: Sequence[Case], lexical: Sequence[Case], weights: Weights) -> Iterator[Row]:
    """Print the curves and what they refuse, with vectors and by words alone."""
    yield from _told(_everyday(hybrid), "hybrid", weights, _nearness, fusion.CUT_HYBRID)
    yield from _told(_everyday(lexical), "words only", weights.without_meaning(), _held, fusion.CUT_LEXICAL)


def _everyday(cases: Sequence[Case]) -> list[Case]:
    return [case for case in cases if case.group.startswith(tuple(_GROUPS.values()))]


def _told(
    everyday: Sequence[Case], way: str, weights: Weights, value: Callable[[Case, int], float], cut: float
) -> Iterator[Row]:
    firsts = [_first(case, weights, value) for case in everyday]
    values, right = (np.array(column, float) for column in zip(*firsts, strict=True))
    print(f"{way}: slope and offset of relevance; of all {_two(curve(values, right))}; learnt without")
    chances = np.zeros(len(firsts))
    for fold in folds(everyday):
        mine = np.array([case.fold == fold for case in everyday])
        slope, offset = curve(values[~mine], right[~mine])
        chances[mine] = 1.0 / (1.0 + np.exp(-(slope * values[mine] + offset)))
        print(f"  {fold:12} {_two((slope, offset))}")
    _tell_bins(chances, right)
    for name, prefix in _GROUPS.items():
        mine = np.array([case.group.startswith(prefix) for case in everyday])
        some = [case for case in everyday if case.group.startswith(prefix)]
        yield from _cut_rows(f"everyday {name} {way} left out", some, chances[mine], cut)


def _cut_rows(name: str, cases: Sequence[Case], chances: Floats, cut: float) -> Iterator[Row]:
    pairs = list(zip(map(is_answerable, cases), chances.tolist(), strict=True))
    good, bad = ([chance for has_one, chance in pairs if has_one is asked] for asked in (True, False))
    auc = share((one > other) + (one == other) / 2 for one in good for other in bad)
    for least in (0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4):
        told = "*" if least == cut else " "
        refused, lost = (share(chance < least for chance in some) for some in (bad, good))
        print(f"  {name}: AUC {auc:.3f}; below {least:.2f}{told} refused {refused:.2f}, lost {lost:.3f}")
        if least == cut:
            yield Row(f"{name} refused", refused, "share", "higher")
            yield Row(f"{name} lost", lost, "share", "lower")
    yield Row(f"{name} AUC", auc, "share", "higher")


def _tell_bins(chances: Floats, right: Floats) -> None:
    for low in (0.0, 0.2, 0.4, 0.6, 0.8):
        inside = (chances >= low) & (chances < low + 0.2)
        if inside.any():
            print(f"  relevance {low:.1f} to {low + 0.2:.1f}: {inside.sum()} answers, {right[inside].mean():.2f} right")


def _first(case: Case, weights: Weights, value: Callable[[Case, int], float]) -> tuple[float, bool]:
    """What relevance is made of for the first answer, and whether that is right."""
    ranked = order(case, weights)
    return (value(case, ranked[0]), bool(case.is_right[ranked[0]])) if ranked else (0.0, False)


def _nearness(case: Case, row: int) -> float:
    return float(case.features[row, MEANING] + fusion.SHARE_OF_QUESTION * case.held[row])


def _held(case: Case, row: int) -> float:
    return float(case.held[row])


def _two(pair: tuple[float, float]) -> str:
    return f"{pair[0]:.1f} {pair[1]:.1f}"
