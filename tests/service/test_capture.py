"""Statements taken from conversations: proposed, never twice, and reviewed by people."""

from __future__ import annotations

import pytest

from graphmem.errors import Forbidden, InvalidInput
from graphmem.model import At, Kind, Origin, Statement
from graphmem.service import GraphMemory, Write
from graphmem.service.capture import CapturePolicy, CaptureReport, Review
from graphmem.sources.transcripts import Message
from tests.service.conftest import day

SAID = "We decided to use httpx instead of requests because it is async. Never commit generated files."
WHY = Write(reason="as we agreed")


def captured(
    memory: GraphMemory, text: str = SAID, session: str = "s1", policy: CapturePolicy = CapturePolicy.QUEUE
) -> CaptureReport:
    return memory.capture([Message("user", text)], session=session, policy=policy)


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
    accepted = captured(memory, policy=CapturePolicy.ACCEPT)
    assert memory.get(accepted.captured[0].id).state == "holds"


def test_a_conversation_overrules_nothing(memory: GraphMemory) -> None:
    ours = memory.add(Statement(title="Use requests", subject="http")).ids[0]
    captured(memory, "From now on, use httpx in all services.", policy=CapturePolicy.ACCEPT)
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
    report = memory.capture([Message("user", SAID, 7, day(1))], policy=CapturePolicy.ACCEPT)
    assert [one.number for one in report.captured] == [7, 7]
    assert memory.get(report.captured[0].id).holding[0].start == day(1)


def test_messages_of_other_roles_are_left_out(memory: GraphMemory) -> None:
    report = memory.capture([Message("system", SAID), Message("tool", SAID)])
    assert (report.turns, report.captured) == (0, ())
