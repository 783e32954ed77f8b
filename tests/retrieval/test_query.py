from __future__ import annotations

from datetime import date

from graphmem.retrieval.query import read_question
from graphmem.retrieval.question_spans import MAX_NAME_WORDS

TODAY = date(2026, 1, 1)


def chosen(text: str, *names: str) -> list[str]:
    question = read_question(text, TODAY)
    return [mention.key for mention in question.chosen(dict.fromkeys(names, ("x",)))]


def test_an_identifier_is_looked_up_in_its_plain_form() -> None:
    assert "adr 12" in read_question("What replaced ADR-0012?", TODAY).names


def test_a_single_word_without_a_digit_is_no_name() -> None:
    assert read_question("databases", TODAY).names == ()


def test_a_longer_name_hides_the_identifier_inside_it() -> None:
    text = 'Is "Metadata based on PEP 508" in force?'
    assert chosen(text, "metadata based on pep 508", "pep 508") == ["metadata based on pep 508"]


def test_names_beside_each_other_are_both_chosen() -> None:
    assert sorted(chosen("PEP 5 or PEP 6", "pep 5", "pep 6")) == ["pep 5", "pep 6"]


def test_a_quoted_name_may_be_longer_than_any_unquoted_run() -> None:
    title = " ".join(f"word{number}" for number in range(MAX_NAME_WORDS + 6))
    assert chosen(f'What of "{title}"?', title) == [title]


def test_quotes_inside_a_quoted_name_are_part_of_it() -> None:
    assert chosen('Is "The "fast" path" used?', "the fast path") == ["the fast path"]


def test_the_date_that_is_asked_for_is_not_searched_for() -> None:
    question = read_question("What held on 2026-01-01 for 2025-12-31?", TODAY)
    assert question.words == ("what", "held", "on", "for", "2025", "12", "31")
    assert question.terms == ("held", "2025", "12", "31")
