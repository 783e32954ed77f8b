from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmem.retrieval.fusion import (
    CUT_HYBRID,
    CUT_LEXICAL,
    IDENTIFIER_WEIGHT,
    QUOTED_WEIGHT,
    TITLE_WEIGHT,
    Scored,
    cut,
    merged,
    named_weight,
    prior,
    shares,
)

SHARE = st.floats(0, 1)
ROW = st.lists(SHARE, min_size=3, max_size=3)


def scored(said: list[float], cosine: float | None = None, title: float = 0.0) -> Scored:
    words, held = shares(said, [1.0, 2.0, 1.0])
    return Scored("a", words, held, cosine, title)


def test_words_are_shares_of_all_that_could_be_said() -> None:
    words, held = shares([0.5, 0.0, 1.0], [1.0, 2.0, 1.0])
    assert words == (0.125, 0.0, 0.25)
    assert held == (0.25, 0.0, 0.25)
    assert shares([], []) == ((), ())


def test_a_title_said_by_accident_counts_little() -> None:
    assert Scored("a", title=1.0).parts == {"title": TITLE_WEIGHT}
    assert Scored("a", title=1 / 3).score < TITLE_WEIGHT / 20


def test_an_identifier_beats_a_title_and_a_title_everything_else() -> None:
    rest = Scored("a", (1.0,), (1.0,), 1.0, title=1.0).score
    assert rest <= QUOTED_WEIGHT + TITLE_WEIGHT
    assert rest + named_weight(1.0, 1) < IDENTIFIER_WEIGHT


def test_a_name_that_several_carry_is_worth_less_to_each() -> None:
    assert named_weight(4.0, 4) == 2.0


def test_cosines_below_zero_do_not_count() -> None:
    assert Scored("a", cosine=-0.2).parts == {}


@given(ROW, st.none() | st.floats(-1, 1))
def test_a_chain_that_says_the_same_gives_no_advantage(said: list[float], cosine: float | None) -> None:
    one = scored(said, cosine)
    assert merged("a", [one] * 50).score == one.score
    assert merged("a", [one, Scored("b")]).score == one.score


@given(ROW, ROW)
def test_what_others_say_besides_counts(one: list[float], other: list[float]) -> None:
    both = merged("a", [scored(one), scored(other)])
    assert both.score >= max(scored(one).score, scored(other).score) - 1e-12
    assert both.score <= scored(one).score + scored(other).score + 1e-12


@given(ROW, ROW, SHARE, SHARE)
def test_relevance_lies_between_nothing_and_certainty_and_grows_with_what_speaks_for_it(
    said: list[float], more: list[float], cosine: float, nearer: float
) -> None:
    low = scored(said, min(cosine, nearer))
    high = merged("a", [low, scored(more, max(cosine, nearer))])
    assert 0.0 <= low.relevance <= high.relevance <= 1.0


def test_what_is_named_is_certain_and_what_stands_beside_is_less_than_what_it_stands_beside() -> None:
    assert Scored("a", is_named=True).relevance == 1.0
    assert 0.0 < Scored("a", graph=0.1, neighbour_relevance=0.9).relevance < 0.9


@pytest.mark.parametrize(("has_vectors", "least"), [(True, CUT_HYBRID), (False, CUT_LEXICAL)])
def test_what_says_nothing_lies_below_the_cut(has_vectors: bool, least: float) -> None:  # noqa: FBT001 - a case
    nothing = scored([0.0, 0.0, 0.0], 0.05 if has_vectors else None)
    assert nothing.relevance < cut(has_vectors=has_vectors) == least
    assert scored([1.0, 1.0, 0.0], 0.6 if has_vectors else None).relevance > least


def test_priors_are_modest() -> None:
    assert prior(0.0, 0.0, 0.0) == 1.0
    assert math.isclose(prior(1.0, 1.0, 1.0), 1.06)
