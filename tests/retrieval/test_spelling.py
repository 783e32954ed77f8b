from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from graphmem.model import Origin, Statement
from graphmem.retrieval.corrections import edit_distance, nearest, unknown_words
from graphmem.retrieval.query import read_question
from graphmem.retrieval.word_edits import edits, most_edits

WORDS = st.text("abcx", min_size=1, max_size=7)


def far(one: str, other: str) -> int:
    """The distance by its definition, one letter at a time."""
    if not one or not other:
        return len(one) + len(other)
    least = min(far(one[1:], other) + 1, far(one, other[1:]) + 1, far(one[1:], other[1:]) + (one[0] != other[0]))
    if len(one) > 1 and len(other) > 1 and (one[0], one[1]) == (other[1], other[0]):
        least = min(least, far(one[2:], other[2:]) + 1)
    return least


def test_one_edit_leaves_out_puts_in_changes_or_swaps() -> None:
    assert edits("ab", "c") == {"a", "b", "ba", "cab", "acb", "abc", "cb", "ac"}


@given(WORDS, WORDS)
def test_the_distance_is_that_of_its_definition(one: str, other: str) -> None:
    assert edit_distance(one, other, 2) == min(far(one, other), 3)


@given(WORDS, WORDS)
def test_edits_are_what_is_one_edit_away(one: str, other: str) -> None:
    assert (other in edits(one, "abcx")) == (edit_distance(one, other, 1) == 1)


def test_short_words_are_read_as_they_stand_and_long_ones_with_two_edits() -> None:
    assert [most_edits("x" * size) for size in (5, 6, 8, 9)] == [0, 1, 1, 2]


def test_unknown_are_long_words_of_letters_that_no_match_has() -> None:
    question = read_question("Where is Postgress deployed in region1abc, short", date(2026, 1, 1))
    assert unknown_words(question, ["postgress"]) == ["postgress"]


def test_of_words_with_one_stem_one_is_read() -> None:
    told = nearest("deploymnt", [Statement(title="deployment deployments"), Statement(title="employment")], 2)
    assert told is not None
    assert told.read_as == (("deployment", Origin.HUMAN),)


def test_the_origin_is_that_of_the_most_trusted_who_has_the_word() -> None:
    said = [Statement(title="postgres", origin=one) for one in (Origin.EXTERNAL, Origin.AGENT)]
    told = nearest("postgress", said, 1)
    assert told is not None
    assert told.read_as == (("postgres", Origin.AGENT),)


def test_what_is_read_stands_in_the_place_of_the_word_alone() -> None:
    told = nearest("postgress", [Statement(title="postgres")], 1)
    assert told is not None
    assert told.applied("Postgress, postgress-db and postgresser") == "postgres, postgres-db and postgresser"
