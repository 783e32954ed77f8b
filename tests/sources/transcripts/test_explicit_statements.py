"""Which sentences of a conversation make a statement."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmem.model import Kind
from graphmem.sources.transcripts import ExplicitStatement, Speaker, TranscriptTurn, explicit_statements, sentences_with

USER, ASSISTANT = Speaker.USER, Speaker.ASSISTANT


def found(text: str, speaker: Speaker = USER) -> list[ExplicitStatement]:
    return list(explicit_statements(TranscriptTurn(speaker, text, 1)))


@pytest.mark.parametrize(
    ("text", "title", "kind", "reason"),
    [
        ("We decided to use httpx because it is async.", "Use httpx", "decision", "it is async"),
        ("Ok, we've agreed on PostgreSQL for all services.", "PostgreSQL for all services", "decision", ""),
        ("Decision: keep the monorepo and its tools", "Keep the monorepo and its tools", "decision", ""),
        ("Let's go with Zustand for client state.", "Go with Zustand for client state", "decision", ""),
        ("We'll stick with Python 3.11 in production.", "Stick with Python 3.11 in production", "decision", ""),
        (
            "Don't use moment.js because it is too large.",
            "Don't use moment.js",
            "convention",
            "it is too large",
        ),
        ("Never commit generated files.", "Never commit generated files", "convention", ""),
        ("Always run the linter before you push", "Always run the linter before you push", "convention", ""),
        ("From now on, all dates are in UTC.", "All dates are in UTC", "convention", ""),
        ("In this repo, we test against a real server.", "We test against a real server", "convention", ""),
        ("Please keep in mind that the API is public.", "The API is public", "fact", ""),
        ("Remember to run the seeds in CI too.", "Run the seeds in CI too", "fact", ""),
        ("I prefer small commits with plain subjects.", "Prefer small commits with plain subjects", "preference", ""),
        ("Remember: the staging key is rotated monthly", "The staging key is rotated monthly", "fact", ""),
        ("- Please remember that releases are on Tuesdays.", "Releases are on Tuesdays", "fact", ""),
    ],
)
def test_an_explicit_sentence_is_a_statement(text: str, title: str, kind: str, reason: str) -> None:
    (one,) = found(text)
    assert (one.title, one.kind, one.reason, one.quote) == (title, Kind(kind), reason, text)


def test_the_option_that_is_not_taken_is_rejected() -> None:
    (one,) = found("We decided to use httpx instead of requests, because it is async.")
    assert (one.title, one.rejected, one.reason) == ("Use httpx instead of requests", ("requests",), "it is async")


@pytest.mark.parametrize(
    "text",
    [
        "Should we use httpx instead of requests?",
        "Don't use that file yet because I am editing it.",
        "Don't worry about the tests.",
        "Never mind.",
        "Let's use it.",
        "Let's keep this function for now.",
        "Maybe we decided to use httpx.",
        "We decided.",
        "Decision: NO ACTION NEEDED",
        "Decision: KEEP (3 of 5 votes)",
        "Decision: keep, modify, or remove",
        "Decision: use option B",
        "Always use:",
        "I remember that we used httpx.",
        "Don't commit generated files.",
        "We'll see.",
        "The docs say never use eval.",
        "> We decided to use httpx because it is async.",
        "```\nNever commit generated files.\n```",
        "<private>We decided to use httpx in all services.</private>",
        "Solution: use httpx in all services",
        "I'd prefer it this way.",
        "I would prefer a getter for all classes.",
        "Remember that attackers look for inconsistencies.",
        "Keep in mind that users have old browsers.",
        "We agreed on that a long time ago.",
        "We decided not to make that change in the API.",
        "We agreed that we should bring this proposal to the board.",
        "We decided not to in the usual case.",
        "We decided this at the last meeting.",
        "We decided that no, we shouldn't.",
        "Let's use the print mode for improvement 1 of the list.",
        "Let's use the wrapper for (3).",
        "Let's keep this more constructive.",
        "Let's keep making incremental improvements.",
        "Let's avoid a meta discussion.",
        "Let's stick to the current proposal.",
        "I strongly prefer the semantics you have.",
        "I prefer the second.",
        "x" * 500,
    ],
)
def test_what_is_asked_doubted_or_of_this_moment_is_none(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    "text", ["Let's use httpx for all requests.", "Always run the linter first of all.", "I prefer small commits here."]
)
def test_an_assistants_plans_are_no_decisions(text: str) -> None:
    assert found(text, ASSISTANT) == []


def test_an_assistant_reports_a_decision() -> None:
    assert [one.title for one in found("We decided to use httpx in all services.", ASSISTANT)] == [
        "Use httpx in all services"
    ]


def test_sentences_of_a_paragraph_are_told_apart() -> None:
    text = "Thanks! Never commit generated files. We decided to use httpx 0.28 in all services. Is that ok?"
    assert [one.title for one in found(text)] == ["Never commit generated files", "Use httpx 0.28 in all services"]


def test_a_sentence_that_is_broken_at_a_margin_is_one() -> None:
    text = "Always store the original assignment of each field\nof the info object, not a copy.\n- Never commit builds"
    assert [one.title for one in found(text)] == [
        "Always store the original assignment of each field of the info object, not a copy",
        "Never commit builds",
    ]


def test_short_lines_are_sentences_of_their_own() -> None:
    assert [one.title for one in found("Never commit generated files\nAlways run the linter")] == [
        "Never commit generated files",
        "Always run the linter",
    ]


VOCABULARY = (
    *("we decided to", "use httpx", "never", "always", "commit files", "because it is fast", "instead of", "X"),
    *(".", "!", "?", ". ", "Let's go with", "Decision: keep"),
)
WORDS = st.lists(st.sampled_from(VOCABULARY)).map(" ".join)


@given(WORDS)
def test_the_quote_alone_gives_the_same_statement(text: str) -> None:
    for one in found(text):
        assert one.quote in " ".join(text.split())
        assert [(again.title, again.kind, again.reason, again.rejected) for again in found(one.quote)] == [
            (one.title, one.kind, one.reason, one.rejected)
        ]


@given(st.text(max_size=200))
def test_any_text_is_read_without_an_error(text: str) -> None:
    assert all("".join(one.quote.split()) in "".join(text.split()) for one in found(text))


def test_a_quote_has_the_sentences_that_it_is_in() -> None:
    text = "Thanks! Fine, httpx it is,\nfor all. Requests is out.\n> quoted"
    assert sentences_with("httpx it is, for all", text) == ("Fine, httpx it is,", "for all.")
    assert sentences_with("for all. Requests", text) == ("for all.", "Requests is out.")
    assert sentences_with("quoted", text) == ()
    assert sentences_with("", text) == ()
