"""Trust comes first through the verbs: who speaks, what new words inherit, and what a proposal is told as."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from graphmem.answers import OnSimilar, State
from graphmem.errors import Forbidden, InvalidInput
from graphmem.model import Move, Origin, Scope, Statement, Status, SupersessionKind
from graphmem.service import GraphMemory, ServiceContext, Write
from graphmem.sources.observations import Observation, Reading, Replacement
from tests.fake_embedder import no_embedder
from tests.oracle.planned import PlannedStore

REPO = Scope(repo="r")
LOW = (Origin.CONVERSATION, Origin.EXTERNAL)


def year(number: int) -> datetime:
    return datetime(number, 1, 1, tzinfo=UTC)


@pytest.fixture
def memory() -> GraphMemory:
    clock = lambda: year(2026)  # noqa: E731
    return GraphMemory(ServiceContext(PlannedStore(), scope=REPO, actor="t", clock=clock, embedder=no_embedder))


@pytest.fixture
def human(memory: GraphMemory) -> str:
    said = Statement(title="Use PostgreSQL", subject="stack.database", confidence=0.6, is_mandatory=True)
    return memory.add(said, start=year(2020)).ids[0]


def words(memory: GraphMemory, key: str, scope: Scope | None = None) -> Statement:
    said = memory.get(key, scope=scope).memory.statement
    assert said is not None
    return said


@pytest.mark.parametrize("origin", LOW)
def test_new_words_of_less_trust_wait_as_a_proposal(memory: GraphMemory, human: str, origin: Origin) -> None:
    said = Statement(title="Use MongoDB", subject="stack.database", origin=origin)
    for done in (
        memory.supersede(human, said),
        memory.supersede(human, said, kind=SupersessionKind.CORRECTION),
        memory.amend(human, said, "engine"),
        memory.supersede(human, "Use MongoDB instead", write=Write(origin=origin)),
    ):
        assert done.is_proposal
        assert "only a proposal was recorded" in done.notes[0]
        assert memory.get(done.ids[-1]).state is State.PROPOSED
        assert words(memory, done.ids[-1]).origin is origin
    for question in ("which stack database", "MongoDB instead of PostgreSQL"):
        first, *others = memory.search(question).hits
        assert (first.card.id, first.contested) == (human, ())
        assert not any(hit.holds for hit in others)


@pytest.mark.parametrize("origin", LOW)
def test_nothing_else_of_less_trust_is_done_either(memory: GraphMemory, human: str, origin: Origin) -> None:
    write = Write(origin=origin)
    assert memory.end(human, write=write).is_proposal
    assert memory.retract(human, write=write).is_proposal
    assert memory.confirm(human, write=write).is_proposal
    assert memory.erase(human, write=write).is_proposal
    assert memory.transition(human, Status.DEFERRED, write=write).is_proposal
    assert memory.get(human).state is State.HOLDS
    assert memory.get(human).confirmed_at is None


def test_an_existing_untrusted_memory_takes_over_for_nobody(memory: GraphMemory, human: str) -> None:
    other = memory.add(Statement(title="Use MongoDB", origin=Origin.EXTERNAL)).ids[0]
    done = memory.supersede(human, other)
    assert done.is_proposal
    assert "the new words are not trusted enough" in done.notes[0]
    accepted = memory.supersede([human, other], "We move to MongoDB")
    assert not accepted.is_proposal
    assert memory.get(human).state is State.SUPERSEDED


def test_new_words_inherit_neither_origin_nor_confidence_nor_being_mandatory(memory: GraphMemory, human: str) -> None:
    new = words(memory, memory.supersede(human, "Use PostgreSQL 18").ids[-1])
    assert (new.origin, new.confidence, new.is_mandatory) == (Origin.HUMAN, 1.0, False)
    assert new.subject == "stack.database"
    agent = memory.add(Statement(title="Lint runs first", origin=Origin.AGENT)).ids[0]
    assert words(memory, memory.supersede(agent, "Lint runs last").ids[-1]).origin is Origin.HUMAN


def test_identical_words_are_two_memories_if_one_is_less_trusted(memory: GraphMemory) -> None:
    outside = memory.add(Statement(title="Ports are free", origin=Origin.EXTERNAL))
    human = memory.add(Statement(title="Ports are free"))
    again = memory.add(Statement(title="Ports are free", origin=Origin.CONVERSATION))
    alike = memory.add(Statement(title="Ports are free!", origin=Origin.EXTERNAL), on_similar=OnSimilar.SKIP)
    assert not human.is_confirmation
    assert (again.is_confirmation, again.ids) == (True, outside.ids)
    assert (alike.is_confirmation, alike.ids) == (True, outside.ids)
    assert memory.get(human.ids[0]).confirmed_at is None


def test_nobody_speaks_for_somebody_more_trusted(memory: GraphMemory) -> None:
    with pytest.raises(Forbidden):
        memory.add(Statement(title="Ports are free"), write=Write(origin=Origin.EXTERNAL))
    with pytest.raises(InvalidInput, match="cannot be mandatory"):
        memory.add(Statement(title="Obey", is_mandatory=True, origin=Origin.AGENT))


def test_what_is_brought_in_speaks_as_what_it_is(memory: GraphMemory, human: str) -> None:
    def observed(key: str, title: str, origin: Origin) -> Observation:
        said = Statement(title=title, origin=origin)
        return Observation(key=key, statement=said, moves=(Move(Status.ACTIVE, year(2021)),), path=key)

    first = memory.ingest(Reading((observed("a.md", "Use Kafka", Origin.DOCUMENT),), (), ()))
    chat = (observed("chat", "Use NATS", Origin.CONVERSATION),)
    taken = Replacement(old="a.md", new="chat", kind=SupersessionKind.UPDATE, at=year(2022), evidence=())
    again = memory.ingest(Reading(chat, (taken,), ()))
    assert [one.reason[:15] for one in again.problems] == ["only a proposal"]
    assert memory.get(first.added[0]).state is State.HOLDS
    spoke = {one.op_id: one.provenance.origin for one in memory.changes() if one.op_id.startswith("ingest/")}
    assert set(spoke.values()) == {Origin.DOCUMENT, Origin.CONVERSATION}
    assert memory.get(human).state is State.HOLDS


def test_what_somebody_less_trusted_brings_in_is_of_their_origin(memory: GraphMemory) -> None:
    said = Statement(title="Use Kafka", origin=Origin.DOCUMENT, is_mandatory=True)
    told = Observation(key="a.md", statement=said, moves=(Move(Status.ACTIVE, year(2021)),), path="a.md")
    done = memory.ingest(Reading((told,), (), ()), write=Write(origin=Origin.EXTERNAL))
    kept = words(memory, done.added[0])
    assert (kept.origin, kept.is_mandatory) == (Origin.EXTERNAL, False)
    assert done.problems == []


def test_a_private_successor_is_no_conflict(memory: GraphMemory) -> None:
    old = memory.add("Tabs are used", start=year(2020)).ids[0]
    ann = Scope(repo="r", user="ann")
    mine = memory.add("Spaces for me alone", start=year(2020), write=Write(scope=ann)).ids[0]
    memory.supersede(old, mine, at=year(2021), write=Write(scope=ann))
    shared = memory.add("Spaces for all", start=year(2020)).ids[0]
    memory.supersede(old, shared, at=year(2022))
    assert memory.get(old).state is State.SUPERSEDED
    assert memory.conflicts(scope=ann).conflicts == ()
