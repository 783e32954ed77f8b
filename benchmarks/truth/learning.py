"""Weights and curves learnt from cases: a softmax over each question's candidates, and a logistic curve."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from benchmarks.truth.cases import COLUMNS, MEANING, TITLE, Case, Floats, is_answerable
from graphmem.retrieval import fusion
from graphmem.temporal import Standing

_STEPS, _RATE, _SHRINK = 300, 0.2, 0.001
Places = NDArray[np.intp]
_HOLDING = frozenset({Standing.HOLDS, Standing.NAMED})


@dataclass(frozen=True, slots=True)
class Weights:
    """How a score is put together; as they stand, those that graphmem has."""

    columns: tuple[float, ...] = (1.0, 1.0, fusion.TITLE_WEIGHT, 1.0)
    title_power: float = fusion.TITLE_POWER
    not_holding: float = fusion.NOT_HOLDING
    prior: float = 1.0

    def without_meaning(self) -> Weights:
        """The same by words alone."""
        return self.weighing(MEANING, 0.0)

    def weighing(self, column: int, weight: float) -> Weights:
        """The same with another weight of a column."""
        return replace(self, columns=(*self.columns[:column], weight, *self.columns[column + 1 :]))


def features(case: Case, weights: Weights) -> Floats:
    """A case's features with the share of the title raised to its power."""
    found = case.features.copy()
    found[:, TITLE] **= weights.title_power
    return found


def order(case: Case, weights: Weights) -> list[int]:
    """The candidates' rows, best first, a leader before what it overrules; those with no score are left out."""
    said = features(case, weights) @ np.array(weights.columns)
    scores = said * (1.0 + weights.prior * (case.prior - 1.0))
    behind = np.array([one not in _HOLDING for one in case.standings], bool)
    scores = scores - weights.not_holding * behind
    ranked = [int(row) for row in np.argsort(-scores, kind="stable") if said[row] > 0.0]
    for row, leader in case.leaders.items():
        if row in ranked and leader in ranked and ranked.index(row) < ranked.index(leader):
            here, there = ranked.index(row), ranked.index(leader)
            ranked[here], ranked[there] = leader, row
    return ranked


def learnt(cases: Sequence[Case], weights: Weights) -> Weights:
    """The same with columns that make the answers of these cases most likely, none below 0; words weigh 1.

    Every group of questions counts alike, however many it has.
    """
    said = [(features(case, weights), case) for case in cases if is_answerable(case) and case.is_right.any()]
    counts = Counter(case.group for _, case in said)
    starts = np.cumsum([0, *(len(rows) for rows, _ in said)], dtype=np.intp)[:-1]
    rows = np.vstack([one for one, _ in said])
    right = np.concatenate([case.is_right for _, case in said]).astype(float)
    heft = np.array([1.0 / counts[case.group] for _, case in said]) / len(counts)
    question = np.repeat(np.arange(len(said), dtype=np.intp), [len(one) for one, _ in said])
    found = _descended(rows, right, heft[question], (starts, question))
    return replace(weights, columns=tuple(float(one / max(found[0], 1e-9)) for one in found))


def _descended(rows: Floats, right: Floats, heft: Floats, cut: tuple[Places, Places]) -> Floats:
    """Adam's steps down the log loss."""
    starts, question = cut
    found, mean, square = np.full(len(COLUMNS), 2.0), np.zeros(len(COLUMNS)), np.zeros(len(COLUMNS))
    for step in range(1, _STEPS + 1):
        scores = rows @ found
        likely = np.exp(scores - np.maximum.reduceat(scores, starts)[question])
        among_all = likely / np.add.reduceat(likely, starts)[question]
        rights = likely * right
        among_right = rights / np.maximum(np.add.reduceat(rights, starts), 1e-12)[question]
        slope = ((among_all - among_right) * heft) @ rows + _SHRINK * found
        mean, square = 0.9 * mean + 0.1 * slope, 0.999 * square + 0.001 * slope**2
        found = found - _RATE * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
        found = np.maximum(found, 0.0)
    return found


def curve(values: Floats, right: Floats) -> tuple[float, float]:
    """Slope and offset of the logistic curve nearest to what was right, by Newton's steps."""
    found, rows = np.zeros(2), np.column_stack([values, np.ones(len(values))])
    for _ in range(100):
        chance = 1.0 / (1.0 + np.exp(-rows @ found))
        slope = rows.T @ (chance - right) + 1e-3 * found
        bend = rows.T @ (rows * (chance * (1.0 - chance))[:, None]) + 1e-3 * np.eye(2)
        found = found - np.linalg.solve(bend, slope)
    return float(found[0]), float(found[1])
