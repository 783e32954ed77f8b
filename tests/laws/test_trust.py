"""Trust comes first: what is trusted less changes nothing of what is trusted more, except as a proposal."""

from __future__ import annotations

from dataclasses import replace

import pytest

from graphmem.errors import Forbidden, InvalidInput
from graphmem.model import (
    AbandonBranch,
    Add,
    Confirm,
    End,
    Erase,
    Link,
    LinkKind,
    MergeBranch,
    Move,
    OpenBranch,
    Operation,
    Origin,
    Propose,
    Retract,
    Revoke,
    Scope,
    Status,
    Supersede,
    Transition,
)
from graphmem.temporal import Ruling
from tests.laws.test_cases import World
from tests.laws.world import ANN, ORG, READERS, R, X, add, day, end, ids_in, kernel_answers, send, supersede
from tests.oracle.planned import PlannedStore

LOW = (Origin.CONVERSATION, Origin.EXTERNAL)
HIGH = (Origin.HUMAN, Origin.DOCUMENT, Origin.COMMIT, Origin.AGENT)


@pytest.fixture
def world() -> World:
    """`H` is a human's and ends on day 5 (change 2); `E` and `F` are external; `B` on branch x takes over from `H`."""
    world = World(PlannedStore())
    world.play(add("H"), end("H", 5), add("E", ("active", 1), origin=Origin.EXTERNAL))
    world.play(add("F", origin=Origin.EXTERNAL), add("P", ("proposed", 0)), OpenBranch("x"))
    world.play(add("B", ("active", 2), home=X), supersede("H", "B", 2), by=X)
    return world


CHANGES: tuple[tuple[str, Operation], ...] = (
    ("an update", supersede("H", "E", 2)),
    ("an update for a while", supersede("H", "E", 2, 4)),
    ("a correction", supersede("H", "E", None, kind="correction")),
    ("an amendment", supersede("H", "E", 2, kind="amendment")),
    ("a split", supersede("H", "EF", 2)),
    ("a replacement by a human's words", supersede("E", "P", 3)),
    ("an end", end("H", 3)),
    ("a retraction", Retract("H")),
    ("a transition", Transition("H", Move(Status.DEFERRED, day(2)))),
    ("an acceptance", Transition("P", Move(Status.ACTIVE, day(2)))),
    ("a confirmation", Confirm("H")),
    ("an erasure", Erase("H")),
    ("an undoing", Revoke(2)),
    ("a merge", MergeBranch("x")),
    ("an abandoning", AbandonBranch("x")),
    ("a link", Link("H", "E", LinkKind.DEPENDS_ON)),
    ("a declared conflict", Link("E", "H", LinkKind.CONFLICTS_WITH)),
)


def told(world: World) -> dict[Scope, dict[str, object]]:
    """All that every reader is told."""
    position, ids = world.store.position(R).seq, ids_in(world.store.changes(R))
    return {reader: kernel_answers(world.store.rows(reader, ids), reader, position) for reader in READERS}


@pytest.mark.parametrize("origin", LOW)
@pytest.mark.parametrize(("name", "operation"), CHANGES, ids=[name for name, _ in CHANGES])
def test_what_is_less_trusted_only_proposes(world: World, name: str, operation: Operation, origin: Origin) -> None:
    before = told(world)
    done = world.play(operation, origin=origin)
    assert done.operation == Propose(operation), name  # type: ignore[arg-type]
    assert done.provenance.origin is origin
    assert told(world) == before


@pytest.mark.parametrize("origin", HIGH)
@pytest.mark.parametrize(
    ("name", "operation"),
    [one for one in CHANGES if "E" not in getattr(one[1], "new", "")],
    ids=lambda one: str(one)[:20],
)
def test_what_is_trusted_is_done(world: World, name: str, operation: Operation, origin: Origin) -> None:
    assert world.play(operation, origin=origin).operation == operation, name


def test_nobody_lets_untrusted_words_take_over_from_trusted_ones(world: World) -> None:
    asked = supersede("H", "E", 2)
    assert world.play(asked, origin=Origin.HUMAN).operation == Propose(asked)
    assert world.on(3) == ["EFH"]


def test_a_proposal_is_accepted_by_saying_it(world: World) -> None:
    world.play(supersede("H", "E", 2), end("H", 3), origin=Origin.EXTERNAL)
    world.play(add("N", ("active", 2)), supersede("H", "N", 2), supersede("E", "N", 2))
    assert world.on(1, 3) == ["EFH", "FN"]


def test_among_themselves_the_less_trusted_change_what_they_said(world: World) -> None:
    world.play(supersede("E", "F", 2), end("F", 4), origin=Origin.CONVERSATION)
    assert world.on(3, 4) == ["FH", "H"]


def test_a_trusted_act_on_untrusted_words_is_undone_by_the_trusted_alone(world: World) -> None:
    done = world.play(Retract("E"))
    assert isinstance(world.play(Revoke(done.seq), origin=Origin.EXTERNAL).operation, Propose)
    assert world.play(Revoke(done.seq)).operation == Revoke(done.seq)


def test_what_an_untrusted_memory_had_taken_over_from_does_not_come_back_by_its_word() -> None:
    """Ledgers of earlier releases hold such edges."""
    world = World(PlannedStore())
    world.play(add("H"), add("E", ("active", 1)), add("F", origin=Origin.EXTERNAL), supersede("H", "E", 2))
    as_of_origin(world, "E", Origin.EXTERNAL)
    assert isinstance(world.play(Retract("E"), origin=Origin.EXTERNAL).operation, Propose)
    assert world.play(end("E", 3), origin=Origin.EXTERNAL).operation == end("E", 3)
    assert world.play(Retract("F"), origin=Origin.EXTERNAL).operation == Retract("F")


def as_of_origin(world: World, key: str, origin: Origin) -> None:
    """Make a memory what only an earlier release could have recorded: of an origin that may not do what was done."""
    assert isinstance(world.store, PlannedStore)
    tenant = world.store.planned("default")
    row = tenant.rows.memories[key]
    assert row.memory.statement is not None
    said = replace(row.memory.statement, origin=origin)
    changed = {**tenant.rows.memories, key: replace(row, memory=replace(row.memory, statement=said))}
    tenant.rows = replace(tenant.rows, memories=changed)


# ---- what is mandatory


def test_an_agent_proposes_what_a_human_does_to_a_mandatory_rule() -> None:
    world = World(PlannedStore())
    world.play(add("M", is_mandatory=True), add("A", ("active", 1), origin=Origin.AGENT), add("H"), end("M", 9))
    for operation in (supersede("M", "A", 3), supersede("M", "H", 3), Retract("M"), end("M", 3), Revoke(4), Erase("M")):
        assert world.play(operation, origin=Origin.AGENT).operation == Propose(operation)
    assert world.play(Confirm("M"), origin=Origin.AGENT).operation == Confirm("M")
    assert world.play(supersede("A", "M", 3), origin=Origin.AGENT).operation == supersede("A", "M", 3)
    assert world.play(supersede("M", "H", 3), origin=Origin.COMMIT).operation == supersede("M", "H", 3)


def test_an_agent_merges_what_leaves_mandatory_rules_alone() -> None:
    world = World(PlannedStore())
    world.play(add("M", is_mandatory=True), add("H"), add("N"), OpenBranch("x"), OpenBranch("y", "x"), OpenBranch("z"))
    world.play(supersede("H", "N", 3), by=replace(R, branch="z"))
    world.play(end("M", 3), by=replace(R, branch="y"))
    assert world.play(MergeBranch("z"), origin=Origin.AGENT).operation == MergeBranch("z")
    assert world.play(MergeBranch("y"), origin=Origin.AGENT).operation == Propose(MergeBranch("y"))
    assert world.play(AbandonBranch("x"), origin=Origin.AGENT).operation == Propose(AbandonBranch("x"))


def test_an_agent_makes_no_mandatory_rule_depend_on_its_words() -> None:
    world = World(PlannedStore())
    world.play(add("M", is_mandatory=True), add("A", origin=Origin.AGENT))
    asked = supersede("A", "M", 2, kind="amendment")
    assert world.play(asked, origin=Origin.AGENT).operation == Propose(asked)


def test_an_agent_reaches_no_mandatory_rule_over_what_is_only_proposed() -> None:
    world = World(PlannedStore())
    world.play(add("M", is_mandatory=True), add("P", ("proposed", 1)), add("H", ("active", 1)), add("A", ("active", 3)))
    world.play(supersede("M", "P", 1))
    asked = supersede("P", "A", 3)
    assert world.play(asked, origin=Origin.AGENT).operation == Propose(asked)
    assert world.play(asked).operation == asked
    done = supersede("H", "A", 3)
    assert world.play(done, origin=Origin.AGENT).operation == done


def test_an_agent_updates_what_a_human_put_in_the_place_of_a_mandatory_rule() -> None:
    world = World(PlannedStore())
    world.play(add("M", is_mandatory=True), add("H", ("active", 1)), add("A", ("active", 3)), supersede("M", "H", 1))
    asked = supersede("H", "A", 3)
    assert world.play(asked, origin=Origin.AGENT).operation == asked
    assert world.on(0, 2, 4) == ["M", "H", "A"]
    assert world.play(Retract("H"), origin=Origin.AGENT).operation == Propose(Retract("H"))


def test_an_agent_merges_no_undoing_of_what_concerns_a_mandatory_rule() -> None:
    world = World(PlannedStore())
    ended = world.play(add("M", is_mandatory=True), end("M", 3))
    world.play(OpenBranch("x"))
    world.play(Revoke(ended.seq), by=X)
    assert world.play(MergeBranch("x"), origin=Origin.AGENT).operation == Propose(MergeBranch("x"))


@pytest.mark.parametrize("origin", [Origin.AGENT, *LOW])
def test_only_humans_documents_and_commits_say_what_is_mandatory(origin: Origin) -> None:
    world = World(PlannedStore())
    with pytest.raises(InvalidInput, match="cannot be mandatory"):
        world.play(add("M", is_mandatory=True, origin=origin), origin=origin)


# ---- words


@pytest.mark.parametrize(
    ("speaker", "origin"),
    [(Origin.AGENT, Origin.HUMAN), (Origin.EXTERNAL, Origin.AGENT), (Origin.COMMIT, Origin.HUMAN)],
)
def test_nobody_speaks_in_the_name_of_somebody_more_trusted(speaker: Origin, origin: Origin) -> None:
    world = World(PlannedStore())
    with pytest.raises(Forbidden, match=f"origin '{speaker.value}' cannot record words of origin '{origin.value}'"):
        world.play(add("A", origin=origin), origin=speaker)


def test_identical_words_are_one_memory_only_within_one_class() -> None:
    world = World(PlannedStore())
    world.play(add("E", title="same", origin=Origin.EXTERNAL))
    assert isinstance(world.play(add("H", title="same")).operation, Add)
    assert world.play(add("F", title="same", origin=Origin.CONVERSATION)).operation == Confirm("E")
    assert world.play(add("A", title="same", origin=Origin.AGENT)).operation == Confirm("H")
    assert world.head(1) == Ruling("H", (("E", "class of trust"),))


def test_what_is_trusted_leads_whatever_the_others_scope_or_branch() -> None:
    world = World(PlannedStore())
    world.play(add("H", home=ORG), by=ORG)
    world.play(OpenBranch("x"), add("E", origin=Origin.EXTERNAL))
    world.play(add("P", ("active", 1), home=ANN, origin=Origin.CONVERSATION), by=ANN)
    world.play(add("B", ("active", 2), home=X, origin=Origin.CONVERSATION), by=X)
    for reader in (R, ANN, X):
        found = world.head(3, reader)
        assert found is not None
        assert found.head == "H"
        assert {rule for _, rule in found.contested} == {"class of trust"}


def test_a_mandatory_word_of_an_earlier_release_binds_nobody() -> None:
    store = PlannedStore()
    send(store, "m", add("M", is_mandatory=True, home=ORG), ORG)
    send(store, "n", add("N", ("active", 1), origin=Origin.AGENT), R)
    world = World(store)
    as_of_origin(world, "M", Origin.AGENT)
    assert world.head(3) == Ruling("N", (("M", "scope"),))


def test_a_proposal_cannot_be_undone(world: World) -> None:
    done = world.play(end("H", 3), origin=Origin.EXTERNAL)
    with pytest.raises(InvalidInput, match="only a proposal"):
        world.play(Revoke(done.seq))


def test_a_proposal_may_be_asked_for_as_such() -> None:
    world = World(PlannedStore())
    world.play(add("H"))
    assert world.play(Propose(End("H", day(3)))).operation == Propose(End("H", day(3)))
    assert world.on(4) == ["H"]
    with pytest.raises(InvalidInput):
        world.play(Propose(Supersede(old=("H",), new=("H",), at=day(3))))


def test_a_trusted_amendment_of_untrusted_words_does_not_fall_by_their_word() -> None:
    world = World(PlannedStore())
    world.play(add("E", origin=Origin.EXTERNAL), add("H", ("active", 2)), supersede("E", "H", 2, kind="amendment"))
    for operation in (Retract("E"), end("E", 3)):
        assert isinstance(world.play(operation, origin=Origin.EXTERNAL).operation, Propose)
    assert world.on(4) == ["EH"]
