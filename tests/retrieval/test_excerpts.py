"""What of a text is shown for a question."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmem.retrieval.excerpts import excerpt, matched_words, sentences, shortened
from graphmem.terms import question_terms

BODY = """## Context

We kept sessions in **Redux**. It was `too much` for two screens.

## Decision

- State lives in [React Context](https://react.dev/context), e.g. the session.
- Forms keep their own.

```js
createStore(session)
```
"""


def test_the_sentence_that_says_most_of_the_question_is_shown() -> None:
    assert excerpt(BODY, question_terms("how do forms keep values?")) == "Forms keep their own."


def test_a_second_sentence_is_shown_for_what_it_adds() -> None:
    shown = excerpt(BODY, question_terms("were two screens a reason against Redux?"))
    assert shown == "We kept sessions in Redux. It was too much for two screens."


def test_what_stands_between_two_sentences_is_told_by_an_ellipsis() -> None:
    shown = excerpt(BODY, question_terms("do forms use redux?"))
    assert shown == "We kept sessions in Redux. … Forms keep their own."


def test_what_was_decided_comes_before_what_was() -> None:
    assert excerpt(BODY, question_terms("session")) == "State lives in React Context, e.g. the session."
    assert excerpt(BODY, question_terms("nothing of it")) == "State lives in React Context, e.g. the session."


def test_without_a_match_the_first_sentence_is_shown() -> None:
    assert excerpt("Date: 2024\n\nWe use tabs everywhere in code. Spaces too.", ["kafka"]) == (
        "We use tabs everywhere in code."
    )
    assert excerpt("Tabs", ["kafka"]) == "Tabs"
    assert excerpt("", ["kafka"]) == ""


def test_what_repeats_the_title_is_not_shown() -> None:
    assert excerpt("Use tabs.\n\nThey are wide.", ["tab"], "Use tabs") == "They are wide."
    assert excerpt("Use tabs", ["tab"], "use tabs.") == ""


def test_code_headings_tables_and_signs_are_not_shown() -> None:
    assert sentences(
        "# A title\n\n| a | b |\n|---|---|\n| one | two |\n\n<!-- x -->\n> Said __once__, snake_case."
    ) == [
        "a, b",
        "one, two",
        "x Said once, snake_case.",
    ]


def test_addresses_say_nothing() -> None:
    text = "We use Kafka: https://kafka.apache.org/queues\n\nhttps://example.org/queues\n\nQueues are small."
    assert sentences(text) == ["We use Kafka: https://kafka.apache.org/queues", "Queues are small."]
    assert excerpt(text, question_terms("queues")) == "Queues are small."


def test_a_long_sentence_is_cut_around_what_matches() -> None:
    text = " ".join(["word"] * 100 + ["kafka", "queues"] + ["more"] * 100)
    shown = excerpt(text, ["kafka"], limit=60)
    assert shown.startswith("…word word word kafka queues more")
    assert shown.endswith("more…")
    assert len(shown) <= 60


def test_ideographs_are_sentences_and_may_be_cut_anywhere() -> None:
    assert excerpt("数据库用。缓存用。", question_terms("缓存")) == "缓存用。"
    assert shortened("数据库" * 10, 7) == "数据库数据库…"


@given(
    st.lists(st.text("abc", min_size=1, max_size=9), min_size=1, max_size=30), st.integers(20, 60), st.integers(0, 29)
)
def test_no_word_is_cut(words: list[str], limit: int, which: int) -> None:
    shown = excerpt(" ".join(words), question_terms(words[which % len(words)]), limit=limit)
    assert len(shown) <= limit
    assert set(shown.replace("…", " ").split()) <= set(words)


@given(st.text(max_size=400), st.text(max_size=20))
def test_any_text_has_an_excerpt_within_the_limit(text: str, question: str) -> None:
    assert len(excerpt(text, question_terms(question), limit=50)) <= 50


@pytest.mark.parametrize(
    ("text", "question", "found"),
    [
        ("We deploy on Python 3.11", "deploying to 3.11", ["deploy", "3.11"]),
        ("数据库 cache", "数据 caches", ["数据", "cache"]),
        ("Nothing", "of it", []),
    ],
)
def test_matched_words_are_those_of_the_question_in_any_form(text: str, question: str, found: list[str]) -> None:
    assert [text[start:end] for start, end in matched_words(text, question_terms(question))] == found
