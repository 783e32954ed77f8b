"""Sets of valid time, against plain sets of sampled instants."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmem.model import BEGINNING, FOREVER
from graphmem.temporal.spans import (
    ALWAYS,
    NEVER,
    Spans,
    complement,
    containing,
    difference,
    intersection,
    is_endless,
    span,
    union,
)
from tests.laws.world import day

SAMPLES = (BEGINNING, *(day(number) for number in range(8)))
ends = st.none() | st.integers(0, 7).map(day)
pieces = st.builds(span, ends, ends)
sets = st.lists(pieces, max_size=4).map(lambda found: union(*found))


def instants_of(spans: Spans) -> set[datetime]:
    return {sample for sample in SAMPLES if any(low <= sample < high for low, high in spans)}


def is_normal(spans: Spans) -> bool:
    """Sorted, disjoint, not touching, none of them empty."""
    return all(low < high for low, high in spans) and all(one[1] < other[0] for one, other in pairwise(spans))


@given(st.lists(pieces, max_size=5))
def test_union_is_every_instant_of_any(found: list[Spans]) -> None:
    assert instants_of(union(*found)) == set().union(*map(instants_of, found))
    assert is_normal(union(*found))


@pytest.mark.parametrize(
    ("combine", "expected"),
    [(union, set.union), (intersection, set.intersection), (difference, set.difference)],
)
@given(left=sets, right=sets)
def test_two_sets_combine_as_sets_do(
    combine: Callable[[Spans, Spans], Spans],
    expected: Callable[[set[datetime], set[datetime]], set[datetime]],
    left: Spans,
    right: Spans,
) -> None:
    combined = combine(left, right)
    assert instants_of(combined) == expected(instants_of(left), instants_of(right))
    assert is_normal(combined)


@given(sets)
def test_the_complement_of_the_complement_is_the_set(spans: Spans) -> None:
    assert instants_of(complement(spans)) == set(SAMPLES) - instants_of(spans)
    assert complement(complement(spans)) == spans


@given(sets, st.sampled_from(SAMPLES))
def test_the_containing_span_is_the_one_around_the_instant(spans: Spans, sample: datetime) -> None:
    around = [piece for piece in spans if piece[0] <= sample < piece[1]]
    assert containing(spans, sample) == (around[0] if around else None)


def test_spans_are_half_open_and_touching_ones_are_one() -> None:
    assert containing(span(day(1), day(2)), day(2)) is None
    assert containing(span(day(1), day(2)), day(1)) == (day(1), day(2))
    assert union(span(day(1), day(2)), span(day(2), day(3))) == span(day(1), day(3))
    assert span(day(2), day(2)) == NEVER
    assert span(None, None) == ALWAYS


def test_only_an_open_end_is_endless() -> None:
    assert is_endless(span(day(1), None))
    assert not is_endless(span(day(1), FOREVER.replace(year=9_000)))
    assert not is_endless(NEVER)
