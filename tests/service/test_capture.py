"""Statements taken from conversations: proposed, never twice, and reviewed by people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from graphmem.capture_rules import CapturePolicy, read_rules
from graphmem.errors import Forbidden, InvalidInput
from graphmem.model import At, Kind, Origin, Statement
from graphmem.service import GraphMemory, Write
from graphmem.service.capture import Review
from graphmem.service.captured_statements import CaptureReport
from graphmem.service.memory import context_of
from graphmem.sources.transcripts import Message, Speaker, TranscriptTurn
from graphmem.sources.transcripts.quoted_statements import ModelReading, QuotedStatement
from tests.service.conftest import day

SAID = "We decided to use httpx instead of requests because it is async. Never commit generated files."
WHY = Write(reason="as we agreed")


def captured(
    memory: GraphMemory, text: str = SAID, session: str = "s1", policy: CapturePolicy | None = None
) -> CaptureReport:
    return memory.capture([Message("user", text)], session=session, policy=policy)


def set_policy(memory: GraphMemory, text: str) -> None:
    context_of(memory).capture_rules = read_rules(text)


def proposed(memory: GraphMemory) -> list[str]:
    return sorted(card.title for card in memory.proposals().cards)


def test_a_statement_is_proposed_with_its_quote_speaker_and_turn(memory: GraphMemory) -> None:
    report = memory.capture([Message("assistant", "Hello."), Message("user", SAID)], session="s1")
    assert [(one.title, one.kind, one.number) for one in report.captured] == [
        ("Use httpx instead of requests", Kind.DECISION, 2),
        ("Never commit generated files", Kind.CONVENTION, 2),
    ]
    card = memory.get(report.captured[0].id)
    said = card.statement
    assert (card.state, said.origin, said.rationale) == ("proposed", Origin.CONVERSATION, "it is async")
    assert said.body.startswith("User, turn 2 of s1:\n\n> We decided to use httpx")
    (option,) = said.alternatives
    assert (option.name, option.outcome, option.keys) == ("requests", "rejected", ())
    assert memory.history(report.captured[0].id).changes[0].provenance.source == "document: conversation, turn 2 of s1"
    assert memory.search("httpx", at=At()).hits == () or not memory.search("httpx").hits[0].holds


def test_the_same_conversation_again_adds_only_what_is_new(memory: GraphMemory) -> None:
    captured(memory)
    again = captured(memory, f"{SAID} From now on, all dates are in UTC.")
    assert ([one.title for one in again.captured], again.unchanged) == (["All dates are in UTC"], 2)
    head = memory.status().changes
    captured(memory)
    assert memory.status().changes == head


def test_words_of_a_memory_in_force_are_dropped_and_counted(memory: GraphMemory) -> None:
    memory.add("never commit generated files!")
    assert dict(captured(memory, f"{SAID} Never commit generated files.").dropped) == {"holds already": 2}


def test_a_reviewed_statement_has_the_trust_of_the_person(memory: GraphMemory) -> None:
    report = captured(memory)
    memory.review(report.captured[0].id, Review.ACCEPT, write=WHY)
    card = memory.search("httpx").hits[0].card
    assert (card.title, card.state, card.statement.origin) == ("Use httpx instead of requests", "holds", Origin.HUMAN)
    assert proposed(memory) == ["Never commit generated files"]
    memory.review(report.captured[1].id, Review.EDIT, statement="Never commit built files", write=WHY)
    assert memory.search("built files").hits[0].card.statement.kind is Kind.CONVENTION
    assert proposed(memory) == []


def test_a_rejected_statement_stays_rejected(memory: GraphMemory) -> None:
    report = captured(memory)
    memory.review(report.captured[0].id, Review.REJECT, write=WHY)
    again = captured(memory)
    assert (again.captured, memory.get(report.captured[0].id).state) == ((), "rejected")


def test_by_policy_a_statement_is_in_force_or_nothing(memory: GraphMemory) -> None:
    refused = captured(memory, policy=CapturePolicy.REFUSE)
    assert (refused.captured, dict(refused.dropped)) == ((), {"refused by the policy": 2})
    set_policy(memory, "conversation=accept,conversation.convention=refuse")
    accepted = captured(memory)
    assert memory.get(accepted.captured[0].id).state == "holds"
    assert [(one.policy, dict(accepted.dropped)) for one in accepted.captured] == [
        (CapturePolicy.ACCEPT, {"refused by the policy": 1})
    ]


def test_a_caller_makes_the_policy_of_the_project_stricter_and_never_more_open(memory: GraphMemory) -> None:
    with pytest.raises(Forbidden, match=r"more than this project allows to conversations: .*GRAPHMEM_CAPTURE"):
        captured(memory, policy=CapturePolicy.ACCEPT)
    set_policy(memory, "conversation.decision=accept,conversation.convention=refuse")
    report = captured(memory, policy=CapturePolicy.QUEUE)
    assert [one.policy for one in report.captured] == [CapturePolicy.QUEUE]
    report = captured(memory, "I prefer small commits with plain subjects.", policy=CapturePolicy.ACCEPT)
    assert [one.policy for one in report.captured] == [CapturePolicy.QUEUE]


def test_a_conversation_overrules_nothing(memory: GraphMemory) -> None:
    ours = memory.add(Statement(title="Use requests", subject="http")).ids[0]
    set_policy(memory, "conversation=accept")
    captured(memory, "From now on, use httpx in all services.")
    assert memory.get(ours).state == "holds"


def test_nobody_but_a_person_reviews(memory: GraphMemory) -> None:
    key = captured(memory).captured[0].id
    for origin in (Origin.AGENT, Origin.CONVERSATION, Origin.EXTERNAL, Origin.DOCUMENT):
        with pytest.raises(Forbidden, match="reviewed by a person"):
            memory.review(key, Review.ACCEPT, write=Write(origin=origin, reason="mine"))


@pytest.mark.parametrize(
    ("verdict", "words", "reason", "error"),
    [
        (Review.ACCEPT, None, None, "needs a reason"),
        (Review.EDIT, None, "r", "edit needs the words: give `statement`"),
        (Review.REJECT, "x", "r", "reject takes no words"),
    ],
)
def test_a_review_that_lacks_something_is_refused(
    memory: GraphMemory, verdict: Review, words: str | None, reason: str | None, error: str
) -> None:
    key = captured(memory).captured[0].id
    with pytest.raises(InvalidInput, match=error):
        memory.review(key, verdict, statement=words, write=Write(reason=reason))


def test_dates_are_those_of_the_conversation(memory: GraphMemory) -> None:
    set_policy(memory, "conversation=accept")
    report = memory.capture([Message("user", SAID, 7, day(1))])
    assert [one.number for one in report.captured] == [7, 7]
    assert memory.get(report.captured[0].id).holding[0].start == day(1)


def test_messages_of_other_roles_are_left_out(memory: GraphMemory) -> None:
    report = memory.capture([Message("system", SAID), Message("tool", SAID)])
    assert (report.turns, report.captured) == (0, ())


def test_add_takes_the_statements_of_messages_too(memory: GraphMemory) -> None:
    report = memory.add(messages=[Message("user", SAID)], write=Write(actor="ann"))
    assert [one.title for one in report.captured] == ["Use httpx instead of requests", "Never commit generated files"]
    assert memory.history(report.captured[0].id).changes[0].provenance.actor == "ann"
    for arguments in ({}, {"statement": "Use tabs", "messages": []}):
        with pytest.raises(InvalidInput, match="either a statement, or the messages"):
            memory.add(**arguments)  # type: ignore[call-overload]


# ---- a language model

TALK = "Fine, httpx it is, for every service, since it is async. Requests is out. Never commit generated files."
CHOSEN = QuotedStatement(
    "Use httpx in all services", "httpx it is, for every service", 1, Speaker.USER, Kind.DECISION, "it is async"
)


class Model:
    """A language model that answers what a test lays ready."""

    def __init__(self, *statements: QuotedStatement, failure: str = "") -> None:
        self.reading = ModelReading(statements, {"off the schema": 1} if failure else {}, failure)
        self.turns: list[TranscriptTurn] = []

    def statements_in(self, turns: Sequence[TranscriptTurn]) -> ModelReading:
        self.turns += turns
        return self.reading


def test_what_a_model_reads_is_proposed_with_its_quote_beside_what_rules_find(memory: GraphMemory) -> None:
    context_of(memory).statement_model = lambda _: Model(CHOSEN)
    report = captured(memory, TALK)
    assert [(one.title, one.is_by_model) for one in report.captured] == [
        ("Never commit generated files", False),
        ("Use httpx in all services", True),
    ]
    said = memory.get(report.captured[1].id).statement
    assert (said.origin, said.rationale) == (Origin.CONVERSATION, "it is async")
    assert said.body == "User, turn 1 of s1, read by a language model:\n\n> httpx it is, for every service"


def test_the_same_quote_is_not_proposed_again_in_other_words(memory: GraphMemory) -> None:
    memory.capture([Message("user", TALK)], session="s1", quoted=[CHOSEN])
    other = replace(CHOSEN, title="All services use httpx from today on")
    again = memory.capture([Message("user", TALK)], session="s1", quoted=[other])
    assert (again.captured, again.unchanged) == ((), 2)


def test_a_models_statement_without_a_true_quote_is_dropped_and_counted(memory: GraphMemory) -> None:
    invented = replace(CHOSEN, quote="we always use httpx everywhere")
    ruled = replace(CHOSEN, title="No generated files", quote="Never commit generated files.")
    report = memory.capture([Message("user", TALK)], quoted=[invented, ruled, replace(CHOSEN, number=9)])
    assert [one.title for one in report.captured] == ["Never commit generated files"]
    assert dict(report.dropped) == {"quote not in its turn": 1, "said before": 1, "no such turn": 1}


def test_rules_alone_count_if_the_model_fails(memory: GraphMemory) -> None:
    context_of(memory).statement_model = lambda _: Model(failure="no connection")
    report = captured(memory, TALK)
    assert [one.title for one in report.captured] == ["Never commit generated files"]
    assert (report.unread, dict(report.dropped)) == ("no connection", {"off the schema": 1})


def test_no_model_is_asked_if_nothing_is_recorded_or_its_statements_are_given(memory: GraphMemory) -> None:
    model = Model(CHOSEN)
    context_of(memory).statement_model = lambda _: model
    captured(memory, TALK, policy=CapturePolicy.REFUSE)
    memory.capture([Message("user", TALK)], quoted=[])
    memory.capture([Message("system", TALK)])
    assert model.turns == []


def test_a_model_gets_no_secret(memory: GraphMemory) -> None:
    model = Model()
    context_of(memory).statement_model = lambda _: model
    captured(memory, f"The token is ghp_{'a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8'}.")
    assert "ghp_" not in model.turns[0].text


def test_graphmems_own_output_is_captured_0_times_in_100_rounds(memory: GraphMemory) -> None:
    """What a session is shown of the memory comes back in its transcript, round after round."""
    for title in ("Never commit generated files", "Always run the linter first", "We decided to use httpx"):
        memory.add(Statement(title=title, kind=Kind.CONVENTION, is_mandatory=True))
    captured(memory, "Remember: the staging key is rotated monthly")
    before = memory.status().memories
    block = memory.context("commit generated files with the linter and httpx").markdown
    assert "- Never commit generated files [" in block
    cards = "\n".join(f"graphmem: {card.title}" for card in memory.proposals().cards)
    shown = f"<system-reminder>\n{block}\n</system-reminder>\n{cards}\n{block}"
    for number in range(100):
        shown = f"Round {number}.\n{shown}"[:20_000]
        talk = [Message("user", shown), Message("assistant", shown), Message("tool", shown)]
        assert memory.capture(talk, session=f"round {number}").captured == ()
    assert memory.status().memories == before
