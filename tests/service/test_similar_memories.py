"""What an add tells of memories that resemble the new one, and what it does with those that say the same."""

from __future__ import annotations

from dataclasses import replace

import pytest

from graphmem.answers import OnSimilar
from graphmem.model import Kind, Origin, Scope, Statement
from graphmem.service import GraphMemory, New, ServiceContext, Write
from graphmem.service.similar_memories import says_the_same
from graphmem.store import Store
from tests.fake_embedder import FakeEmbedder, no_embedder
from tests.service.conftest import REPO, TickingClock, day
from tests.service.test_questions import CountingStore

SKIP = OnSimilar.SKIP
ANN, PROD = replace(REPO, user="ann"), replace(REPO, environment="prod")


@pytest.fixture
def near(store: Store, clock: TickingClock) -> GraphMemory:
    """A memory with vectors."""
    model = FakeEmbedder(dimension=2_048)  # so many that no two of these words share one
    return GraphMemory(ServiceContext(store, scope=REPO, actor="t", clock=clock, embedder=lambda: model))


def test_what_shares_most_words_is_told_with_its_score(near: GraphMemory) -> None:
    old = near.add("keys are random numbers of sixteen bytes").ids[0]
    near.add("deploy on Fridays")
    (found,) = near.add("keys are random numbers of twelve bytes").similar
    assert (found.memory.id, found.memory.title, found.found_by) == (
        old,
        "keys are random numbers of sixteen bytes",
        ("meaning",),
    )
    assert found.score is not None
    assert 0.8 <= found.score < 1


def test_what_is_exactly_alike_comes_first_and_scores_one(near: GraphMemory) -> None:
    near.add("keys are random numbers of sixteen bytes")
    same = near.add("Keys are random numbers of twelve bytes").ids[0]
    told = near.add("keys are random numbers of twelve bytes.", start=day(1)).similar
    assert [one.found_by for one in told] == [("words", "name", "meaning"), ("meaning",)]
    assert told[0].memory.id == same
    assert told[0].score == pytest.approx(1)


def test_without_a_model_names_and_subjects_are_compared(memory: GraphMemory) -> None:
    named = memory.add(Statement(title="Use tabs", aliases=("ADR-7",))).ids[0]
    rival = memory.add(Statement(title="The database is MySQL", subject="stack.database")).ids[0]
    told = memory.add(Statement(title="adr 07", subject="stack.database", kind=Kind.DECISION)).similar
    assert {(one.memory.id, one.memory.title, one.score, one.found_by) for one in told} == {
        (named, "Use tabs", None, ("name",)),
        (rival, "The database is MySQL", None, ("subject",)),
    }


def test_the_same_words_are_found_among_many_of_one_title(memory: GraphMemory) -> None:
    said = [Statement(title="Deployment failed", body=f"at step {number}") for number in range(60)]
    keys = [one.ids[0] for one in memory.add_many([New(statement=one) for one in said])]
    done = memory.add(Statement(title="deployment failed", body="At step 41."), on_similar=SKIP)
    assert (done.is_confirmation, done.ids) == (True, (keys[41],))


def test_what_no_longer_holds_is_not_told(near: GraphMemory) -> None:
    old = near.add("keys are random numbers of sixteen bytes").ids[0]
    new = near.supersede(old, "keys are sorted numbers of sixteen bytes").ids[1]
    assert [one.memory.id for one in near.add("keys are random numbers of sixteen bytes!").similar] == [new]


def test_what_holds_is_found_behind_many_that_do_not(near: GraphMemory) -> None:
    holding = near.add("keys are random numbers of eight whole bytes").ids[0]
    for number in range(30):
        near.retract(near.add(f"keys are random numbers of twelve whole bytes {number}").ids[0])
    told = near.add("keys are random numbers of twelve whole bytes").similar
    assert [one.memory.id for one in told] == [holding]


def test_no_more_than_five_are_told(near: GraphMemory) -> None:
    for number in range(8):
        near.add(f"keys are random numbers of twelve whole bytes {number}")
    assert len(near.add("keys are random numbers of twelve whole bytes").similar) == 5


def test_what_is_not_seen_where_the_new_one_will_live_is_not_told(near: GraphMemory) -> None:
    for elsewhere in (ANN, PROD, Scope(repo="other"), Scope(tenant="other", repo="r")):
        near.add("keys are random numbers", write=Write(scope=elsewhere))
    assert near.add("keys are random numbers", write=Write(scope=replace(REPO, user="bob"))).similar == ()
    assert near.add("keys are random numbers", on_similar=SKIP).is_confirmation is False


def test_what_is_wider_is_told(near: GraphMemory) -> None:
    shared = near.add("keys are random numbers").ids[0]
    assert [one.memory.id for one in near.add("Keys are random numbers", write=Write(scope=ANN)).similar] == [shared]


def test_skip_confirms_what_says_the_same(memory: GraphMemory) -> None:
    old = memory.add("**Commit atomically**: small, conventional commits").ids
    done = memory.add("Commit atomically: small, conventional commits.", on_similar=SKIP)
    assert (done.is_confirmation, done.ids, memory.status().memories) == (True, old, 1)


def test_skip_keeps_what_only_resembles(near: GraphMemory) -> None:
    near.add("wait at most 30 seconds for the lock of the store")
    done = near.add("wait at most 31 seconds for the lock of the store", on_similar=SKIP)
    assert (done.is_confirmation, [one.found_by for one in done.similar]) == (False, [("meaning",)])


def test_skip_does_not_let_the_less_trusted_stand_for_the_more_trusted(memory: GraphMemory) -> None:
    memory.add(Statement(title="Use tabs", origin=Origin.EXTERNAL))
    assert not memory.add("Use tabs.", on_similar=SKIP).is_confirmation
    assert memory.add(Statement(title="use tabs", origin=Origin.AGENT), on_similar=SKIP).is_confirmation


def test_skip_keeps_what_holds_longer(memory: GraphMemory, clock: TickingClock) -> None:
    clock.pass_days(60)
    memory.add("Use tabs", start=day(20))
    assert not memory.add("Use tabs.", start=day(1), on_similar=SKIP).is_confirmation


def test_a_write_sent_again_answers_the_same(near: GraphMemory) -> None:
    near.add("keys are random numbers of sixteen bytes")
    sent = [
        ("keys are random numbers of twelve bytes", OnSimilar.KEEP),
        ("Keys are random numbers of twelve bytes", SKIP),
    ]
    first = [near.add(text, on_similar=how, write=Write(op_id=how.value)) for text, how in sent]
    near.add("keys are random numbers of eight bytes")
    assert [near.add(text, on_similar=how, write=Write(op_id=how.value)) for text, how in sent] == first
    assert [one.is_confirmation for one in first] == [False, True]


def test_many_are_looked_up_only_if_asked_for(near: GraphMemory) -> None:
    old = near.add("keys are random numbers").ids[0]
    items = [
        New(statement=Statement(title="Keys are random numbers")),
        New(statement=Statement(title="ship on Fridays")),
    ]
    assert [one.similar for one in near.add_many(items)] == [(), ()]
    first, second = near.add_many(items, on_similar=SKIP)
    assert (first.is_confirmation, second.is_confirmation) == (True, True)
    told = near.add_many([New(statement=Statement(title="Keys are random"))], on_similar=OnSimilar.KEEP)
    assert old in [one.memory.id for one in told[0].similar]


def test_not_looking_asks_the_store_for_nothing(clock: TickingClock) -> None:
    store = CountingStore()
    memory = GraphMemory(ServiceContext(store, scope=REPO, actor="t", clock=clock, embedder=no_embedder))
    memory.add("Use tabs", on_similar=None)
    assert "match" not in store.calls
    memory.add("Use spaces")
    assert "match" in store.calls


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Route: use `/agent [name]`", "**Route**: Use `/agent [name]`"),
        ("Official docs: here", "Official docs:   here."),
        ("“Small” commits", "small commits"),
    ],
)
def test_marks_and_capitals_do_not_change_what_is_said(one: str, other: str) -> None:
    assert says_the_same(Statement(title=one), Statement(title=other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Use C", "Use C++"),
        ("Use C", "Use C#"),
        ("Wait 30 s", "Wait 31 s"),
        ("size >= 3", "size <= 3"),
        ("exit with -1", "exit with 1"),
        ("name it userId", "name it userID"),
        ("version 1.5", "version 15"),
        ("always review", "never review"),
        ("ignore .env", "ignore env"),
    ],
)
def test_signs_that_carry_meaning_do(one: str, other: str) -> None:
    assert not says_the_same(Statement(title=one), Statement(title=other))


@pytest.mark.parametrize(
    "more",
    [{"subject": "s"}, {"kind": Kind.TASK}, {"labels": ("l",)}, {"aliases": ("A-1",)}, {"is_mandatory": True}],
)
def test_what_carries_more_is_not_the_same(more: dict[str, object]) -> None:
    plain, rich = Statement(title="Use tabs"), Statement(title="Use tabs", **more)  # type: ignore[arg-type]
    assert not says_the_same(plain, rich)
