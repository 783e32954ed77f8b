from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from benchmarks.truth.cases import Case
from benchmarks.truth.learning import Weights, curve, learnt, order
from benchmarks.truth.left_out import figures, folds, judged
from benchmarks.truth.relevance import tell_relevance
from graphmem.temporal import Standing

HOLDS, LAST = Standing.HOLDS, Standing.LAST


def case(
    *features: Sequence[float],
    right: int = 0,
    standings: Sequence[Standing] = (),
    leaders: dict[int, int] | None = None,
    kind: str = "keyword",
    fold: str = "A",
    group: str = "everyday A",
) -> Case:
    count = len(features)
    return Case(
        fold,
        group,
        kind,
        "hybrid",
        np.array(features, float).reshape(-1, 4),
        np.array([row[0] for row in features], float),
        np.ones(count),
        tuple(standings) or (HOLDS,) * count,
        leaders or {},
        np.array([place == right and kind != "none" for place in range(count)]),
        np.array([place != right for place in range(count)]),
        None,
    )


def test_what_does_not_hold_comes_first_only_if_it_matches_by_more() -> None:
    near = case((0.5, 0, 0, 0), (0.6, 0, 0, 0), standings=(HOLDS, LAST))
    far = case((0.3, 0, 0, 0), (0.6, 0, 0, 0), standings=(HOLDS, LAST))
    assert (order(near, Weights()), order(far, Weights())) == ([0, 1], [1, 0])


def test_a_leader_stands_before_what_it_overrules() -> None:
    assert order(case((0.2, 0, 0, 0), (0.6, 0, 0, 0), leaders={1: 0}), Weights()) == [0, 1]


def test_what_nothing_speaks_for_is_left_out() -> None:
    assert order(case((0.2, 0, 0, 0), (0, 0.5, 0, 0)), Weights().without_meaning()) == [0]


def test_a_small_share_of_a_title_counts_by_its_power() -> None:
    one = case((0.2, 0, 0, 0), (0, 0, 0.5, 0))
    assert order(one, Weights(title_power=1)) == [1, 0]
    assert order(one, Weights(title_power=3)) == [0, 1]


def test_what_tells_answers_is_learnt() -> None:
    cases = [case((0.5, 0.9, 0, 0), (0.4, 0.1, 0, 0)), case((0.5, 0.8, 0, 0), (0.45, 0.2, 0, 0))]
    words, meaning, *_ = learnt(cases, Weights()).columns
    assert words == 1.0
    assert meaning > 1.0


def test_the_curve_goes_through_the_chances() -> None:
    values = np.array([0.0] * 100 + [1.0] * 100)
    right = np.array([1.0] * 20 + [0.0] * 80 + [1.0] * 80 + [0.0] * 20)
    slope, offset = curve(values, right)
    assert offset == pytest.approx(np.log(0.2 / 0.8), abs=0.01)
    assert slope + offset == pytest.approx(np.log(0.8 / 0.2), abs=0.01)


def test_figures_are_of_questions_with_an_answer() -> None:
    cases = [case((1, 0, 0, 0), (0.5, 0, 0, 0)), case((0.5, 0, 0, 0), (1, 0, 0, 0)), case((1, 0, 0, 0), kind="none")]
    one = figures(cases, Weights())["everyday A"]
    assert (one.first, one.three, one.stale, one.count) == (0.5, 1.0, 0.5, 2)
    assert folds(cases) == ["A"]


def test_a_question_without_candidates_is_missed() -> None:
    assert not judged(case(), []).in_three


def test_the_curve_of_a_pack_is_learnt_on_the_others(capsys: pytest.CaptureFixture[str]) -> None:
    cases = [
        case((share, share, 0, 0), kind=kind, fold=fold, group=group)
        for fold, group in (("A", "everyday A"), ("F", "facts"))
        for share, kind in ((0.9, "keyword"), (0.8, "keyword"), (0.1, "none"))
    ]
    found = {row.name: row.value for row in tell_relevance(cases, cases, Weights())}
    assert found["everyday facts hybrid left out AUC"] == 1.0
    assert found["everyday records words only left out lost"] == 0.0
    assert "learnt without" in capsys.readouterr().out
