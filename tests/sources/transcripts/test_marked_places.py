"""Decisions in marked places of minutes and summaries, and decisions that a sentence reports."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmem.sources.transcripts import ExplicitStatement, Speaker, TranscriptTurn, explicit_statements


def found(text: str, speaker: Speaker = Speaker.USER) -> list[ExplicitStatement]:
    return list(explicit_statements(TranscriptTurn(speaker, text, 1)))


def titles(text: str, speaker: Speaker = Speaker.USER) -> list[str]:
    return [one.title for one in found(text, speaker)]


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("## Cache\n### Decision\n- Use the local disk", "Cache: Use the local disk"),
        ("## Cache of answers\n### Conclusion/Resolution\nStage 2 acceptance", "Cache of answers: Stage 2 acceptance"),
        ("## 4.2 [Retries](http://x.example)\n### Conclusion\n* Rejected", "Retries: Rejected"),
        ("**Decisions:**\n- The old format will be removed in June", "The old format will be removed in June"),
        ("## Cache\nConclusion:\n- Consensus on the limit of ten", "Cache: Consensus on the limit of ten"),
        ("RESOLVED: keep two replicas of the index", "Keep two replicas of the index"),
        ("**Decision 12.1:** Format B-7 rejected for the spring release", "Format B-7 rejected for the spring release"),
        ("Decision: write the log to standard error", "Write the log to standard error"),
        (
            "| Decision Item | Description |\n|--|--|\n| 3.1 | Drop the export of all tables |",
            "Drop the export of all tables",
        ),
        ("| Topic | Decision |\n|--|--|\n| Export | Drop the XML writer |", "Export: Drop the XML writer"),
        ("## Decisions\n- Paging: keep cursors in the URL", "Paging: keep cursors in the URL"),
    ],
)
def test_a_resolution_in_a_marked_place_is_a_decision(text: str, title: str) -> None:
    assert titles(text) == [title]


@pytest.mark.parametrize(
    "sentence",
    [
        "Discuss the cache again next time",
        "Ada to review the patch",
        "Ada will write to the vendor",
        "No consensus on the name",
        "Need more data on latency",
        "Ada said that the index was removed by accident",
        "The limit might be removed later",
        "Already merged",
        "Minutes approved",
        "Consensus on",
        "Should the limit be removed?",
        "We could drop the XML export",
    ],
)
def test_tasks_reports_and_what_stays_open_are_none(sentence: str) -> None:
    assert titles(f"## Cache\n### Decisions\n- {sentence}") == []


@pytest.mark.parametrize(
    "text",
    [
        "### Conclusion\nApproved",
        "## Minutes of May\n### Conclusion\nStage 2",
        "## Cache\n### Decisions\n## Open points\n- Use the local disk for all of it",
        "| Action Item | Decision |\n|--|--|\n| 3.1 | Drop the XML export |",
        "Decision: KEEP (2 votes of 3)",
    ],
)
def test_a_resolution_without_its_matter_or_outside_of_the_place_is_none(text: str) -> None:
    assert titles(text) == []


def test_an_agents_conclusion_is_no_decision_and_its_decisions_are() -> None:
    assert titles("## Cache\n### Conclusion\n- Use the local disk", Speaker.ASSISTANT) == []
    assert titles("## Cache\n### Decisions\n- Use the local disk", Speaker.ASSISTANT) == ["Cache: Use the local disk"]


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("The committee agreed to drop the XML export.", "Drop the XML export"),
        ("All maintainers voted to archive the old site.", "Archive the old site"),
        ("After the outage, we decided not to shard the queue.", "Not to shard the queue"),
        ("- Agreed to keep two replicas of the index", "Keep two replicas of the index"),
        ("It was decided that tokens should expire daily.", "Tokens should expire daily"),
        ("Consensus to keep cursors in the URL.", "Consensus to keep cursors in the URL"),
        ("We agreed on the call to merge the parser.", "Merge the parser"),
        ("We\u2019ve settled on Postgres for all services.", "Postgres for all services"),
    ],
)
def test_a_reported_decision_of_a_group_is_one(text: str, title: str) -> None:
    assert titles(text) == [title]


@pytest.mark.parametrize(
    "text",
    [
        "We decided to discuss the cache again.",
        "We agreed to try the new parser.",
        "Agreed to remove it from the agenda until May.",
        "Agreed to leave on the list until June.",
        "We agreed to move the meeting to Monday.",
        "We agreed that the parser is slow.",
        "The group agreed that the docs could show more.",
        "Agreed on the larger worries about speed.",
        "We voted on putting the tests there.",
        "We decided that a limit can be any of",
        "We agreed to the changes. actually the tests do not need them",
        "Agreed to merge the change.",
        "We decided to further discuss the syntax of filters.",
        "We decided to use use the cache of the parser.",
    ],
)
def test_next_steps_findings_and_broken_speech_are_none(text: str) -> None:
    assert titles(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "I prefer the second naming of fields.",
        "I prefer your rules for names.",
        "I prefer being close to the old module.",
        "Let's go with the queue.",
        "Let's keep our eyes on the news for errors.",
        "Going forward, we'll be working on all issues.",
        "Going forward we need to drop the pointer everywhere.",
        "Remember this is a public interface for embedders.",
    ],
)
def test_opinions_on_a_matter_of_debate_and_manners_are_none(text: str) -> None:
    assert titles(text) == []


HEADS = ("# Notes", "## Cache", "## 1.2 [Log](x)", "### Decision", "**Conclusion:**", "| Topic | Decision |", "")
TEXTS = (
    "- Use disks",
    "Stage 2 reached",
    "Consensus on the limit",
    "| Log | Drop the file |",
    "> quoted",
    "```",
    "Approved.",
)
SENTENCES = ("Decision: keep all names", "We decided to drop XML files")
LINES = st.sampled_from((*HEADS, *TEXTS, *SENTENCES))


@given(st.lists(LINES).map("\n".join))
def test_the_excerpt_alone_gives_the_same_statement(text: str) -> None:
    for one in found(text):
        (again,) = found(one.excerpt)
        assert (again.title, again.quote, again.rule) == (one.title, one.quote, one.rule)
