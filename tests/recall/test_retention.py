"""Retention on every store: what the policy ends, and what it never ends, whatever the ledger holds."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graphmem import GraphMemory, Kind, LinkKind, Move, Origin, Scope, Statement, Status, Write
from graphmem.adapters.sqlite import SQLiteStore
from graphmem.answers import State
from graphmem.errors import GraphMemError, InvalidInput
from graphmem.service import ServiceContext
from graphmem.service.retention import RetentionReport
from graphmem.store import Filter, Store
from graphmem.temporal import DEPENDENCIES
from tests.fake_embedder import no_embedder
from tests.service.conftest import REPO, TickingClock
from tests.stores import backend, store

__all__ = ["backend", "store"]


@pytest.fixture
def clock() -> TickingClock:
    return TickingClock()


def opened(store: Store, clock: TickingClock, policy: str, scope: Scope = REPO) -> GraphMemory:
    context = ServiceContext(store, scope=scope, actor="tester", clock=clock, embedder=no_embedder, retention=policy)
    return GraphMemory(context)


def ended(report: RetentionReport) -> list[str]:
    return [each.memory.id for each in report.ended]


def kept(report: RetentionReport) -> dict[str, str]:
    return {each.memory.id: each.why for each in report.kept}


def test_what_nobody_confirmed_for_the_time_of_its_rule_is_ended_and_the_rest_stays(
    store: Store, clock: TickingClock
) -> None:
    memory = opened(store, clock, "task+agent=90d, preference=1y")
    agents = [
        memory.add(
            Statement(title=f"Task {name}", kind=Kind.TASK, origin=Origin.AGENT), write=Write(origin=Origin.AGENT)
        )
        for name in ("alpha", "beta")
    ]
    memory.add(Statement(title="Task of a person", kind=Kind.TASK))
    memory.add(Statement(title="Short functions", kind=Kind.PREFERENCE))
    clock.pass_days(60)
    memory.confirm(agents[1].ids[0])
    clock.pass_days(60)
    assert ended(memory.retain(dry_run=True)) == [agents[0].ids[0]]
    assert memory.get(agents[0].ids[0]).state is State.HOLDS
    report = memory.retain(write=Write(op_id="run"))
    assert (ended(report), report.ended[0].rule) == ([agents[0].ids[0]], "task+agent = 90d")
    assert memory.get(agents[0].ids[0]).state is State.ENDED
    assert ended(memory.retain()) == []
    assert ended(memory.retain(write=Write(op_id="run"))) == ended(report)


def test_the_ends_of_a_run_are_undone_one_by_one(store: Store, clock: TickingClock) -> None:
    memory = opened(store, clock, "fact=30d")
    keys = [memory.add(f"Fact {name}").ids[0] for name in ("alpha", "beta")]
    clock.pass_days(31)
    first = memory.status().changes
    report = memory.retain()
    changes = memory.changes(after=first)
    assert [change.provenance.source for change in changes] == ["retention: 2026-02-01", "retention: 2026-02-01"]
    assert report.change == changes[-1].seq
    for change in changes:
        memory.revoke(change.seq)
    assert [memory.get(key).state for key in keys] == [State.HOLDS, State.HOLDS]


def test_what_is_mandatory_needed_or_in_a_chain_stays_and_says_why(store: Store, clock: TickingClock) -> None:
    memory = opened(store, clock, "fact=30d, decision=30d")
    rule = memory.add(Statement(title="Rule", kind=Kind.DECISION, is_mandatory=True)).ids[0]
    basis, user = (memory.add(f"Fact {name}").ids[0] for name in ("alpha", "beta"))
    memory.link(user, basis, LinkKind.DEPENDS_ON)
    old = memory.add("The database is MySQL").ids[0]
    new = memory.supersede(old, "The database is PostgreSQL").ids[1]
    clock.pass_days(40)
    report = memory.retain()
    assert ended(report) == [user]
    assert kept(report) == {
        rule: "it is mandatory",
        basis: "another memory depends on it",
        new: "it belongs to a chain that still answers",
    }
    assert (ended(memory.retain()), memory.search("which database is it").hits[0].card.id) == ([], new)
    clock.pass_days(29)
    assert ended(memory.retain()) == []
    clock.pass_days(2)
    assert ended(memory.retain()) == [basis]


def test_a_dependency_of_another_users_private_memory_counts(store: Store, clock: TickingClock) -> None:
    memory = opened(store, clock, "fact=30d")
    basis = memory.add("Fact alpha").ids[0]
    ann = opened(store, clock, "fact=30d", Scope(repo="r", user="ann"))
    ann.link(ann.add("My note").ids[0], basis, LinkKind.DEPENDS_ON)
    clock.pass_days(40)
    assert ended(memory.retain()) == []


def test_proposals_that_nobody_reviewed_are_ended(store: Store, clock: TickingClock) -> None:
    memory = opened(store, clock, "conversation=14d")
    statement = Statement(title="We use MySQL", origin=Origin.CONVERSATION)
    key = memory.add(statement, moves=[Move(Status.PROPOSED, clock())], write=Write(origin=Origin.CONVERSATION)).ids[0]
    clock.pass_days(15)
    assert ended(memory.retain()) == [key]
    assert memory.get(key).state is State.ENDED


def test_private_memories_of_others_and_other_repositories_are_out_of_reach(store: Store, clock: TickingClock) -> None:
    for scope in (Scope(repo="r", user="ann"), Scope(repo="other"), Scope("acme", repo="r")):
        opened(store, clock, "fact=1d", scope).add("Fact alpha")
    clock.pass_days(40)
    report = opened(store, clock, "fact=1d").retain()
    assert (report.ended, report.kept) == ((), ())


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ("", "no policy of retention"),
        ("  ,", "no policy of retention"),
        ("opinion=90d", "names 'opinion', which is no kind, origin or scope: kinds convention, decision"),
        ("task+robot=90d", "names 'robot'"),
        ("task=90", "'task' has the duration '90'; write days"),
        ("task=0d", "duration '0d'"),
        ("task=soon", "duration 'soon'"),
        ("task", "'task' is no rule; write it as conversation=180d"),
        ("task+agent=9d, agent+task=8d", "has two rules for 'agent[+]task'"),
        ("task+fact=9d", "more than one of the kinds"),
        ('{"task": 90}', "duration '90'"),
        ('{"task": {"agent": "9d"}}', "'task' has the duration"),
    ],
)
def test_a_policy_that_is_none_is_refused_by_name(store: Store, clock: TickingClock, policy: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        opened(store, clock, policy).retain(dry_run=True)


@pytest.mark.parametrize(
    ("policy", "days"),
    [
        ("fact=30d, fact+human=never", None),
        ("fact=never, fact+human+repo=2w", 14),
        ("fact=30d, human=6m", 180),
        ("org=1d, user=1d, branch=1d, environment=1d, fact=1y", 365),
        ('{"fact": "26w"}', 182),
    ],
)
def test_the_rule_of_most_words_decides_and_of_equals_the_longest(
    store: Store, clock: TickingClock, policy: str, days: int | None
) -> None:
    memory = opened(store, clock, policy)
    key = memory.add("Fact alpha").ids[0]
    clock.pass_days((days or 5_000) - 1)
    assert ended(memory.retain(dry_run=True)) == []
    clock.pass_days(2)
    assert ended(memory.retain(dry_run=True)) == ([] if days is None else [key])


def test_the_policy_is_read_from_the_settings_of_a_project(tmp_path: Path) -> None:
    from graphmem.config import load_settings

    folder = tmp_path / ".graphmem"
    folder.mkdir()
    (folder / "config.toml").write_text('repo = "r"\n[retain]\nconversation = "180d"\n"task+agent" = "90d"\n')
    assert load_settings({}, folder).retain == '{"conversation": "180d", "task+agent": "90d"}'
    assert load_settings({"GRAPHMEM_RETAIN": "task=1d"}, folder).retain == "task=1d"


# ---- the law

_KEYS = "ABCDEF"
_STEP = st.one_of(
    st.tuples(st.just("add"), st.sampled_from(_KEYS), st.sampled_from([Origin.HUMAN, Origin.AGENT]), st.booleans()),
    st.tuples(st.just("supersede"), st.sampled_from(_KEYS), st.sampled_from(_KEYS), st.booleans()),
    st.tuples(
        st.just("link"), st.sampled_from(_KEYS), st.sampled_from(_KEYS), st.sampled_from([*sorted(DEPENDENCIES)])
    ),
    st.tuples(st.sampled_from(["end", "retract", "confirm", "erase"]), st.sampled_from(_KEYS), st.none(), st.none()),
    st.tuples(st.just("wait"), st.integers(1, 40), st.none(), st.none()),
    st.tuples(st.just("revoke"), st.integers(1, 12), st.none(), st.none()),
)


def carry_out(memory: GraphMemory, clock: TickingClock, step: tuple[Any, ...]) -> None:
    """A step; those that are refused change nothing."""
    from graphmem import New

    name, first, second, third = step
    try:
        if name == "add":
            statement = Statement(title=f"Fact {first}", origin=second, is_mandatory=third and second is Origin.HUMAN)
            memory.add_many([New(statement=statement, id=first)], write=Write(origin=second))
        elif name == "supersede":
            memory.supersede(first, by=second)
        elif name == "link":
            memory.link(first, second, third)
        elif name == "wait":
            clock.pass_days(first)
        elif name == "revoke":
            memory.revoke(first)
        else:
            getattr(memory, name)(first)
    except GraphMemError:
        return


def needs(memory: GraphMemory, now: datetime) -> dict[str, str]:
    """The memories in force that must stay, by their rows alone."""
    context = memory._context  # noqa: SLF001
    reader = Scope(repo="r", user="ann")
    view = context.latest_view(reader, list(_KEYS))
    holding = [key for key in _KEYS if view.holds(key, now)]
    stay = {key: "mandatory" for key in holding if view.memory(key).statement.is_mandatory}  # type: ignore[union-attr]
    for source in holding:
        stay.update({row.target: "needed" for row in view.links_from(source) if row.kind in DEPENDENCIES})
    for key in holding:
        if view.edges_into(key) or view.edges_out(key):
            stay[key] = "chain"
    return stay


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_STEP, min_size=4, max_size=18))
def test_retention_never_touches_what_is_mandatory_needed_or_in_a_chain_that_answers(
    tmp_path: Path, steps: list[tuple[Any, ...]]
) -> None:
    clock = TickingClock()
    path = tmp_path / f"{abs(hash(tuple(map(str, steps))))}.db"
    path.unlink(missing_ok=True)
    with SQLiteStore.open(path, create=True) as store:
        people = [opened(store, clock, "fact=20d"), opened(store, clock, "fact=20d", Scope(repo="r", user="ann"))]
        for index, step in enumerate(steps):
            carry_out(people[index % 3 == 2], clock, step)
        memory = people[0]
        stay, before = needs(memory, clock.now), {each.id for each in memory.list(limit=50).cards}
        report = memory.retain()
        assert not set(ended(report)) & stay.keys()
        after = {each.id for each in memory.list(limit=50).cards}
        assert before - after <= set(ended(report))
        assert memory.retain().ended == ()
        assert store.check() == []
        assert {each.id for each in memory.list(Filter(include_history=True), limit=50).cards} >= before
