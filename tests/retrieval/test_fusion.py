from __future__ import annotations

import pytest

from graphmem.retrieval.fusion import NAME_WEIGHT, TITLE_WEIGHT, VECTOR_WEIGHT, Scored, add_up, fuse, prior
from graphmem.store import Matches


def test_each_way_of_matching_is_scaled_to_its_best() -> None:
    matches = Matches(lexical=(("a", 8.0), ("b", 2.0)), vector=(("b", 0.5),))
    parts = {one.memory: dict(one.parts) for one in fuse(matches, {}, {})}
    assert parts == {"a": {"lexical": 1.0}, "b": {"lexical": 0.25, "vector": VECTOR_WEIGHT}}


def test_what_is_named_comes_first() -> None:
    fused = fuse(Matches(lexical=(("a", 9.0), ("b", 1.0))), {"b": 1.0}, {"a": 0.9})
    assert [(one.memory, one.is_named) for one in fused] == [("b", True), ("a", False)]
    assert fused[0].parts["name"] == NAME_WEIGHT


def test_saying_more_of_a_title_scores_more() -> None:
    fused = fuse(Matches(lexical=(("a", 1.0), ("b", 1.0))), {}, {"a": 0.25, "b": 0.75})
    assert [one.memory for one in fused] == ["b", "a"]
    assert fused[0].parts["title"] == TITLE_WEIGHT * 0.75


def test_cosines_below_zero_do_not_count() -> None:
    assert fuse(Matches(vector=(("a", -0.2),)), {}, {}) == []


def test_matches_add_up_part_by_part() -> None:
    assert add_up([Scored("a", {"lexical": 1.0}), Scored("b", {"lexical": 0.5, "title": 0.25})]) == {
        "lexical": 1.5,
        "title": 0.25,
    }


def test_priors_are_modest() -> None:
    assert prior(0.0, 0.0, 0.0) == 1.0
    assert prior(1.0, 1.0, 1.0) == pytest.approx(1.15)
