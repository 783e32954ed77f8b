"""Additions by origin and kind: accepted, queued as proposals, or refused by the project's policy."""

from __future__ import annotations

import pytest

from graphmem.capture_rules import read_rules
from graphmem.errors import Forbidden
from graphmem.model import Kind, Origin, Statement, Status
from graphmem.service import GraphMemory, New, Write
from graphmem.service.memory import context_of

AGENT, PERSON = Write(origin=Origin.AGENT), Write(origin=Origin.HUMAN, reason="right")


@pytest.fixture
def strict(memory: GraphMemory) -> GraphMemory:
    context_of(memory).capture_rules = read_rules("agent=queue,agent.preference=refuse,agent.fact=accept")
    return memory


def by_agent(kind: Kind, title: str = "Use httpx in all services") -> Statement:
    return Statement(title=title, kind=kind, origin=Origin.AGENT)


def test_an_addition_is_queued_and_its_writer_is_told(strict: GraphMemory) -> None:
    written = strict.add(by_agent(Kind.DECISION), write=AGENT)
    assert strict.get(written.ids[0]).state == "proposed"
    assert "a person accepts or rejects it (graphmem review)" in written.notes[0]
    assert [card.id for card in strict.proposals().cards] == list(written.ids)


def test_a_kind_of_its_own_policy_is_accepted_or_refused(strict: GraphMemory) -> None:
    assert strict.get(strict.add(by_agent(Kind.FACT), write=AGENT).ids[0]).state == "holds"
    with pytest.raises(
        Forbidden, match=r"refuses a preference of origin agent: .*\[capture\] in .graphmem/config.toml"
    ):
        strict.add(by_agent(Kind.PREFERENCE), write=AGENT)


def test_people_are_not_asked(strict: GraphMemory) -> None:
    written = strict.add(Statement(title="Use httpx", kind=Kind.PREFERENCE), write=PERSON)
    assert (strict.get(written.ids[0]).state, written.notes) == ("holds", ())


def test_many_additions_and_new_words_have_the_same_policy(strict: GraphMemory) -> None:
    (first,) = strict.add_many([New(statement=by_agent(Kind.DECISION))], write=AGENT)
    assert strict.get(first.ids[0]).state == "proposed"
    old = strict.add(Statement(title="Use requests", kind=Kind.DECISION)).ids[0]
    written = strict.supersede(old, by_agent(Kind.DECISION, "Use aiohttp"), write=AGENT)
    assert (strict.get(old).state, strict.get(written.ids[-1]).state) == ("holds", "proposed")
    assert len(written.notes) >= 1


def test_an_agent_does_not_accept_what_waits_for_a_review(strict: GraphMemory) -> None:
    key = strict.add(by_agent(Kind.DECISION), write=AGENT).ids[0]
    for origin in (Origin.AGENT, Origin.CONVERSATION, Origin.EXTERNAL):
        with pytest.raises(Forbidden, match=f"waits for a review, which is a person's and not for origin {origin}"):
            strict.transition(key, Status.ACTIVE, write=Write(origin=origin))
    strict.transition(key, Status.ACTIVE, write=PERSON)
    assert strict.get(key).state == "holds"
