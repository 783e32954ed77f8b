"""The smallest worlds in which a plausible rule goes wrong; days are numbered, ids are letters."""

from __future__ import annotations

from dataclasses import replace

import pytest

from graphmem.errors import Conflict, InvalidInput, NotFound
from graphmem.model import (
    AbandonBranch,
    Add,
    Change,
    End,
    Erase,
    Memory,
    MergeBranch,
    Move,
    OpenBranch,
    Operation,
    Origin,
    Retract,
    Revoke,
    Scope,
    Statement,
    Status,
    Transition,
)
from graphmem.store import Store
from graphmem.temporal import Ruling, View, resolve, rule
from tests.laws.world import ANN, BOB, FIRST_X, ORG, R, X, Y, Z, add, day, end, ids_in, moves, on, read, send, supersede


class World:
    """A store, and words for what the cases do with it."""

    def __init__(self, store: Store) -> None:
        self.store, self.count = store, 0

    def play(self, *operations: Operation, by: Scope = R, origin: Origin = Origin.HUMAN) -> Change:
        for operation in operations:
            self.count += 1
            done = send(self.store, f"op{self.count}", operation, by, origin)
        return done

    def view(self, reader: Scope = R) -> View:
        position = self.store.position(reader).seq
        return View(self.store.rows(reader, ids_in(self.store.changes(reader))), reader, position)

    def on(self, *days: int, by: Scope = R) -> list[str]:
        return [on(self.store, one, by) for one in days]

    def held(self, *readers: Scope, seq: int | None = None) -> list[str]:
        """Ids that hold on day 1 for each reader at a ledger position, joined."""
        answers = [read(self.store, reader, seq, [day(1)])[f"holds {day(1)}"] for reader in readers]
        return ["".join(held) for held in answers if isinstance(held, list)]

    def leads(self, key: str, at: int, reader: Scope = R) -> list[tuple[str, str, str]]:
        found = resolve(self.view(reader), key, day(at))
        return [(one.memory, one.standing.name, "".join(one.via)) for one in found]

    def head(self, at: int, reader: Scope = R) -> Ruling | None:
        view = self.view(reader)
        return rule(view, [key for key in view.known if view.memory(key)], day(at))


@pytest.fixture
def world(store: Store) -> World:
    return World(store)


def on_x(opened: int) -> Scope:
    return Scope(repo="r", branch=f"x:{opened}")


def turn(key: str, status: str, at: int) -> Transition:
    return Transition(key, Move(Status(status), day(at)))


# ---- what covers, and until when


def test_a_memory_that_resumes_stays_superseded(world: World) -> None:
    world.play(add("A", ("active", 0), ("deferred", 3), ("active", 6)), add("B", ("active", 4)), supersede("A", "B", 4))
    assert world.on(7) == ["B"]


def test_overlapping_provisional_successors_end_one_by_one(world: World) -> None:
    world.play(add("A"), add("B", ("active", 3), ("ended", 6)), add("C", ("active", 5), ("ended", 8)))
    world.play(supersede("A", "B", 3, 6), supersede("A", "C", 5, 8))
    assert world.on(7, 8) == ["C", "A"]


def test_a_memory_resumes_after_a_provisional_one_and_is_then_replaced(world: World) -> None:
    world.play(add("A"), add("B", ("active", 3), ("ended", 5)), add("C", ("active", 9)))
    world.play(supersede("A", "B", 3, 5), supersede("A", "C", 9))
    assert world.on(2, 4, 5, 6, 8, 9) == ["A", "B", "A", "A", "A", "C"]


def test_a_late_fact_is_spliced_between_two_known_ones(world: World) -> None:
    world.play(add("A"), add("C", ("active", 9)), supersede("A", "C", 9), add("B", ("active", 5)))
    world.play(supersede("A", "B", 5, 9), supersede("B", "C", 9))
    assert world.on(4, 5, 6, 8, 9) == ["A", "B", "B", "B", "C"]


def test_a_proposal_closes_nothing_until_it_is_accepted(world: World) -> None:
    world.play(add("A"), add("B", ("proposed", 5)), supersede("A", "B", 5))
    assert world.on(6) == ["A"]
    world.play(turn("B", "active", 7))
    assert world.on(6, 7) == ["A", "B"]


def test_a_retracted_successor_covers_nothing_but_leads_on(world: World) -> None:
    world.play(
        add("A"), add("B", ("active", 5)), add("C", ("active", 8)), supersede("A", "B", 5), supersede("B", "C", 8)
    )
    world.play(Retract("B"))
    assert world.on(4, 6, 8) == ["A", "A", "C"]


def test_a_corrected_date_counts_from_the_correction(world: World) -> None:
    world.play(add("A"), add("B", ("active", 5)), supersede("A", "B", 5), add("D", ("active", 7)))
    world.play(supersede("B", "D", None, kind="correction"))
    assert world.on(4, 6, 7) == ["A", "A", "D"]


def test_a_corrected_memory_was_never_right(world: World) -> None:
    world.play(add("A", ("active", 2)), add("B", ("active", 4)), supersede("A", "B", None, kind="correction"))
    assert world.on(1, 3, 4) == ["", "", "B"]


def test_what_ends_without_successor_leaves_nothing(world: World) -> None:
    world.play(add("A"), add("B", ("active", 3)), supersede("A", "B", 3), end("B", 5))
    assert world.on(2, 3, 4, 5) == ["A", "B", "B", ""]


def test_a_split_is_covered_by_whichever_part_took_over(world: World) -> None:
    world.play(add("A"), add("B", ("active", 3)), add("C", ("active", 5)), supersede("A", "BC", 3))
    assert world.on(2, 3, 5) == ["A", "B", "BC"]
    assert world.leads("A", 6) == [("B", "HOLDS", "AB"), ("C", "HOLDS", "AC")]


def test_a_merge_replaces_several_at_once(world: World) -> None:
    world.play(add("A"), add("B"), add("C", ("active", 3)), supersede("AB", "C", 3))
    assert world.on(2, 3) == ["AB", "C"]


def test_a_same_day_acceptance_wins_over_the_proposal(world: World) -> None:
    world.play(add("A", ("proposed", 5), ("active", 5)))
    assert world.on(5, 6) == ["A", "A"]


def test_the_order_of_the_source_decides_between_moves_of_one_day(world: World) -> None:
    said = Statement(title="A")
    steps = (Move(Status.ACTIVE, day(0)), Move(Status.ENDED, day(3), 0), Move(Status.ACTIVE, day(3), 1))
    world.play(Add(Memory("A", R, said), steps))
    assert world.on(2, 3) == ["A", "A"]


def test_moves_of_one_day_do_not_depend_on_who_was_recorded_first(world: World) -> None:
    world.play(add("A"), end("A", 3), turn("A", "active", 3))
    assert world.on(2, 3) == ["A", ""]


def test_erasing_a_successor_does_not_bring_back_what_it_replaced(world: World) -> None:
    world.play(
        add("A"), add("B", ("active", 3)), add("C", ("active", 6)), supersede("A", "B", 3), supersede("B", "C", 6)
    )
    world.play(Erase("B"))
    assert world.on(2, 4, 7) == ["A", "", "C"]
    assert world.leads("A", 7) == [("C", "HOLDS", "AC")]
    assert world.leads("B", 7) == []


# ---- who sees it


def test_a_private_successor_covers_only_for_its_owner(world: World) -> None:
    world.play(add("A"))
    world.play(add("P", home=ANN), supersede("A", "P", 0), by=ANN)
    assert world.on(1, by=BOB) == ["A"]
    assert world.on(1, by=ANN) == ["P"]


def test_a_private_step_on_the_way_leads_nobody_else(world: World) -> None:
    world.play(add("A"), add("C", ("active", 4)))
    world.play(add("P", home=ANN), supersede("P", "C", 4), by=ANN)
    world.play(supersede("A", "P", 1), by=ANN)
    assert world.on(5, by=BOB) == ["AC"]
    assert world.on(5, by=ANN) == ["C"]
    assert world.leads("C", 3, BOB) == [("C", "NOT_YET", "C")]
    assert world.leads("C", 3, ANN) == [("P", "HOLDS", "CP")]


def test_what_amends_a_private_memory_stands_for_itself_for_others(world: World) -> None:
    world.play(add("C"))
    world.play(add("P", ("active", 2), home=ANN), supersede("P", "C", 2, kind="amendment"), by=ANN)
    assert world.on(1, by=BOB) == ["C"]
    assert world.on(1, 3, by=ANN) == ["", "CP"]


def test_a_private_declaration_shows_nobody_else_the_way(world: World) -> None:
    world.play(add("A", ("active", 0), ("ended", 2)), add("C", ("active", 4)))
    world.play(add("P", ("proposed", 1), home=ANN), supersede("P", "C", 4), supersede("A", "P", 1), by=ANN)
    assert world.leads("A", 3, BOB) == [("A", "LAST", "A")]
    assert world.leads("A", 3, ANN) == [("P", "NAMED", "AP")]


def test_a_revoke_on_a_branch_acts_on_that_branch(world: World) -> None:
    world.play(add("A"), add("B"), supersede("A", "B", 3), OpenBranch("x"))
    world.play(Revoke(3), by=X)
    assert world.on(4) == ["B"]
    assert world.on(4, by=X) == ["AB"]


def test_what_an_abandoned_parent_did_is_undone_for_its_children(world: World) -> None:
    world.play(add("A"), OpenBranch("x"), OpenBranch("y", "x"))
    world.play(add("B", home=X), supersede("A", "B", 3), by=X)
    assert world.on(4, by=Y) == ["B"]
    world.play(AbandonBranch("x"))
    assert world.on(4, by=Y) == ["A"]


def test_a_name_that_is_opened_again_shows_nothing_of_the_abandoned_branch(world: World) -> None:
    world.play(OpenBranch("x"))
    world.play(add("A", home=X), by=X)
    world.play(AbandonBranch("x"), OpenBranch("x"))
    world.play(add("B", home=X), by=X)
    assert world.held(R, X, FIRST_X, on_x(4)) == ["", "B", "", "B"]
    assert world.held(R, X, FIRST_X, on_x(4), seq=2) == ["", "A", "A", ""]
    assert world.held(R, X, FIRST_X, on_x(4), seq=3) == ["", "", "", ""]


def test_a_closed_branch_reads_its_parent_until_its_name_is_opened_again(world: World) -> None:
    world.play(OpenBranch("z"), OpenBranch("x", "z"), AbandonBranch("x"))
    world.play(add("A", home=Z), by=Z)
    world.play(OpenBranch("x"))
    assert world.held(X, on_x(2)) == ["", "A"]
    assert world.held(X, on_x(2), seq=4) == ["A", "A"]


def test_the_children_of_a_merged_branch_do_not_see_the_next_of_its_name(world: World) -> None:
    world.play(OpenBranch("x"), OpenBranch("y", "x"))
    world.play(add("A", home=X), by=X)
    world.play(MergeBranch("x"), OpenBranch("x"))
    world.play(add("B", home=X), by=X)
    assert world.held(R, Y, X) == ["A", "A", "AB"]
    world.play(AbandonBranch("x"))
    assert world.held(R, Y, X) == ["A", "A", "A"]


def test_a_revoke_on_a_branch_does_not_act_on_the_next_of_its_name(world: World) -> None:
    world.play(add("A"), OpenBranch("x"), end("A", 2))
    world.play(Revoke(3), by=X)
    world.play(AbandonBranch("x"), OpenBranch("x"))
    assert [world.on(3, by=one) for one in (R, X)] == [[""], [""]]
    world.play(Revoke(3), by=X)
    world.play(MergeBranch("x"))
    assert world.on(3) == ["A"]


def test_the_ledger_names_a_later_branch_by_its_opening(world: World) -> None:
    world.play(OpenBranch("x"), MergeBranch("x:1"), OpenBranch("x"))
    world.play(add("A", home=on_x(3)), by=X)
    world.play(add("B", home=X), by=on_x(3))
    assert [change.writer for change in world.store.changes(R)[3:]] == [on_x(3), on_x(3)]
    rows = world.store.rows(R, ["A", "B"])
    assert [row.memory.scope for row in rows.memories.values()] == [on_x(3), on_x(3)]
    world.play(OpenBranch("y", "x"), OpenBranch("z", "x:3"))
    assert world.held(Y, Z, FIRST_X) == ["AB", "AB", ""]


def test_a_closed_branch_takes_no_writes_while_its_name_is_open_again(world: World) -> None:
    world.play(OpenBranch("x"), AbandonBranch("x"), OpenBranch("x"))
    refused: tuple[tuple[Operation, Scope, type[Exception]], ...] = (
        (OpenBranch("x"), R, Conflict),
        (add("A", home=FIRST_X), FIRST_X, NotFound),
        (MergeBranch("x:1"), R, NotFound),
        (OpenBranch("y", "x:1"), R, NotFound),
        (add("A", home=FIRST_X), X, InvalidInput),
    )
    for operation, by, fault in refused:
        with pytest.raises(fault):
            world.play(operation, by=by)


def test_keys_of_branches_do_not_collide(world: World) -> None:
    """A repository may be named as the key of a branch is."""
    there = Scope(repo="r:x", branch="3")
    world.play(OpenBranch("x"), AbandonBranch("x"), OpenBranch("x"), add("B"))
    world.play(OpenBranch("3"), by=Scope(repo="r:x"))
    world.play(add("A", home=there), by=there)
    assert world.held(X, on_x(3), there) == ["B", "B", "A"]


def test_what_an_abandoned_branch_replaced_may_be_replaced_the_other_way_round(world: World) -> None:
    world.play(add("A"), add("B"), OpenBranch("x"))
    world.play(supersede("A", "B", 3), by=X)
    with pytest.raises(InvalidInput):
        world.play(supersede("B", "A", 4))
    world.play(AbandonBranch("x"), supersede("B", "A", 4))
    assert world.on(5) == ["A"]


def test_what_lies_ahead_is_not_called_the_last_that_held(world: World) -> None:
    world.play(add("A", ("active", 5)))
    assert world.leads("A", 1) == [("A", "NOT_YET", "A")]


def test_a_grandchild_merges_into_what_its_parent_merged_into(world: World) -> None:
    world.play(OpenBranch("x"), OpenBranch("y", "x"))
    world.play(add("B", home=Y), by=Y)
    world.play(MergeBranch("x"), MergeBranch("y"))
    assert world.on(1) == ["B"]


def test_a_merge_with_a_time_changes_nothing_before_it(world: World) -> None:
    world.play(add("A", ("active", 1)), add("E", ("active", 1), subject=None), OpenBranch("x"))
    world.play(add("B", ("active", 1), home=X), supersede("A", "B", 2), End("E", day(2)), by=X)
    world.play(MergeBranch("x", day(5)))
    assert world.on(1, 4, 5, 9) == ["AE", "AE", "B", "B"]
    assert world.on(3, by=X) == ["B"]


def test_a_branch_that_ended_what_it_began_ends_it_with_the_merge(world: World) -> None:
    world.play(add("A", ("active", 1)), OpenBranch("x"))
    world.play(add("B", ("active", 1), home=X), supersede("A", "B", 2), End("B", day(3)), by=X)
    world.play(add("C", ("active", 1), home=X, subject=None), End("C", day(2)), by=X)
    world.play(Transition("C", Move(Status.ACTIVE, day(3))), by=X)
    world.play(MergeBranch("x", day(5)))
    assert world.on(4, 5) == ["A", "C"]


def test_two_branches_that_replaced_one_memory_are_seen_as_a_conflict(world: World) -> None:
    world.play(add("A"), OpenBranch("x"))
    world.play(add("B", home=X, origin=Origin.AGENT), supersede("A", "B", 3), by=X)
    world.play(add("C"), supersede("A", "C", 3), MergeBranch("x"))
    assert world.head(4) == Ruling("C", (("B", "trust of origin"),))
    assert world.store.forked(R) == ["A"]


def test_nobody_can_revoke_what_nobody_shows_them(world: World) -> None:
    world.play(add("A"))
    world.play(add("P", home=ANN), supersede("A", "P", 0), by=ANN)
    with pytest.raises(NotFound):
        world.play(Revoke(3), by=BOB)


def test_a_revoke_leaves_alone_what_was_known_before(world: World) -> None:
    world.play(add("A"), end("A", 3), Revoke(2))
    rows = world.store.rows(R, ["A"])
    assert [View(rows, R, seq).holds("A", day(4)) for seq in (1, 2, 3)] == [True, False, True]


# ---- who leads


def test_an_amendment_is_no_contest_and_falls_with_its_base(world: World) -> None:
    world.play(add("A"), add("B", ("active", 3)), supersede("A", "B", 3, kind="amendment"))
    world.play(add("C", ("active", 6)), supersede("A", "C", 6))
    assert world.on(4, 7) == ["AB", "C"]
    assert world.head(4) == Ruling("A", ())
    assert world.leads("B", 7) == [("C", "HOLDS", "BAC")]


def test_the_order_of_heads_is_no_circle(world: World) -> None:
    world.play(add("M", is_mandatory=True, origin=Origin.DOCUMENT), add("N", origin=Origin.AGENT))
    world.play(add("W", home=ANN), by=ANN)
    assert world.head(1, ANN) == Ruling("M", (("W", "mandatory"), ("N", "mandatory")))


def test_what_is_mandatory_beats_a_nearer_branch(world: World) -> None:
    world.play(add("M", is_mandatory=True), OpenBranch("x"))
    world.play(add("B", home=X), by=X)
    assert world.head(1, X) == Ruling("M", (("B", "mandatory"),))


def test_among_mandatory_ones_the_wider_scope_leads(world: World) -> None:
    world.play(add("N", is_mandatory=True))
    world.play(add("O", home=ORG, is_mandatory=True), by=ORG)
    assert world.head(1) == Ruling("O", (("N", "mandatory width"),))


def test_a_resumed_interval_counts_from_its_own_start(world: World) -> None:
    world.play(add("A", ("active", 0), ("deferred", 3), ("active", 6)), add("B", ("active", 4)))
    assert world.head(7) == Ruling("A", (("B", "start"),))


def test_the_nearer_branch_and_the_narrower_scope_lead(world: World) -> None:
    world.play(add("A", observed_at=day(2)), add("D", observed_at=day(3)), OpenBranch("x"))
    world.play(add("O", home=ORG), by=ORG)
    world.play(add("B", home=X), by=X)
    assert world.head(1, X) == Ruling("B", (("D", "branch"), ("A", "branch"), ("O", "branch")))
    assert world.head(1) == Ruling("D", (("A", "observed at"), ("O", "scope")))


# ---- where a match leads


def test_a_match_that_is_not_yet_in_force_leads_back(world: World) -> None:
    world.play(add("A"), add("B", ("active", 9)), supersede("A", "B", 9))
    assert world.leads("B", 1) == [("A", "HOLDS", "BA")]
    assert world.leads("A", 9) == [("B", "HOLDS", "AB")]


def test_a_match_that_covered_for_a_while_leads_to_what_resumed(world: World) -> None:
    world.play(add("A"), add("B", ("active", 3), ("ended", 5)), supersede("A", "B", 3, 5))
    assert world.leads("B", 6) == [("A", "HOLDS", "BA")]


def test_declared_successors_are_flagged_when_nothing_holds(world: World) -> None:
    world.play(add("A", ("active", 0), ("ended", 3)), add("B", ("active", 6)), supersede("A", "B", 6))
    assert world.leads("A", 4) == [("B", "NOT_YET", "AB")]


def test_the_last_that_held_is_named_when_nothing_follows(world: World) -> None:
    world.play(add("A"), add("B", ("active", 3)), supersede("A", "B", 3), end("B", 5))
    assert world.leads("A", 6) == [("B", "LAST", "AB")]


def named_by_an_ended_one(world: World, *life: tuple[str, int]) -> None:
    """`A` held from day 0, ended by its own word on day 3, and names `B` as its successor."""
    world.play(add("A", ("active", 0), ("ended", 3)), add("B", *life), supersede("A", "B", 3))


def test_what_ended_by_its_own_word_leads_to_the_successor_that_it_names(world: World) -> None:
    for old, new, status in (
        ("A", "B", "proposed"),
        ("C", "D", "deferred"),
        ("E", "F", "rejected"),
        ("G", "H", "ended"),
    ):
        world.play(add(old, ("active", 0), ("ended", 3)), add(new, (status, 1)), supersede(old, new, 3))
        assert world.leads(old, 2) == [(old, "HOLDS", old)]
        assert world.leads(old, 4) == [(new, "NAMED", old + new)]
        assert world.leads(new, 4) == [(new, "NAMED", new)]


def test_a_named_successor_that_was_deferred_again_is_named(world: World) -> None:
    named_by_an_ended_one(world, ("active", 1), ("deferred", 2))
    assert world.leads("A", 4) == [("B", "NAMED", "AB")]


def test_a_named_successor_that_is_accepted_later_is_only_not_yet_in_force(world: World) -> None:
    named_by_an_ended_one(world, ("proposed", 1), ("active", 5))
    assert world.leads("A", 4) == [("B", "NOT_YET", "AB")]
    assert world.leads("A", 5) == [("B", "HOLDS", "AB")]


def test_a_named_successor_that_held_and_ended_is_the_last(world: World) -> None:
    named_by_an_ended_one(world, ("active", 3), ("ended", 5))
    assert world.leads("A", 6) == [("B", "LAST", "AB")]


def test_a_claim_by_the_new_side_alone_names_nothing(world: World) -> None:
    world.play(add("A", ("active", 0), ("deferred", 3)), add("B", ("rejected", 1)), supersede("A", "B", 3))
    assert world.leads("A", 2) == [("A", "HOLDS", "A")]
    assert world.leads("A", 4) == [("A", "LAST", "A")]


def test_what_is_not_believed_names_nothing(world: World) -> None:
    named_by_an_ended_one(world, ("rejected", 1))
    world.play(Retract("A"))
    assert world.leads("A", 4) == [("A", "LAST", "A")]


def test_a_retracted_successor_is_not_named(world: World) -> None:
    named_by_an_ended_one(world, ("proposed", 1))
    world.play(Retract("B"))
    assert world.leads("A", 4) == [("A", "LAST", "A")]


def test_what_a_stranger_cannot_see_names_nothing_for_him(world: World) -> None:
    world.play(add("B", ("rejected", 1)))
    world.play(add("P", ("active", 0), ("ended", 3), home=ANN), supersede("P", "B", 3), by=ANN)
    assert world.leads("B", 4, ANN) == [("B", "NAMED", "B")]
    assert world.leads("B", 4, BOB) == [("B", "LAST", "B")]


# ---- what is refused


def test_recorded_times_never_tie(world: World) -> None:
    world.play(add("A"))
    before = world.store.position(R)
    world.play(Retract("A"))
    assert world.store.position(R, before.recorded_at) == before


def test_an_update_cannot_precede_the_start_of_what_it_replaces(world: World) -> None:
    world.play(add("A"), add("B", ("active", 5)), supersede("A", "B", 5), add("C", ("active", 3)))
    with pytest.raises(InvalidInput, match="correction"):
        world.play(supersede("B", "C", 3))


def test_what_held_can_be_ended_but_not_rejected(world: World) -> None:
    world.play(add("A"), add("B", ("proposed", 1), ("rejected", 4)))
    with pytest.raises(InvalidInput, match="ended"):
        world.play(turn("A", "rejected", 5))
    with pytest.raises(InvalidInput, match="rejected"):
        world.play(turn("B", "active", 3))


def test_a_second_successor_for_good_is_a_conflict_that_names_the_head(world: World) -> None:
    world.play(add("A"), add("B"), add("C"), supersede("A", "B", 3))
    with pytest.raises(Conflict) as refusal:
        world.play(supersede("A", "C", 4))
    assert refusal.value.heads == ("B",)


def test_a_private_successor_locks_nothing_for_others(world: World) -> None:
    world.play(add("A"), add("C"), add("D"))
    world.play(add("P", home=ANN), supersede("A", "P", 0), by=ANN)
    world.play(supersede("A", "C", 4), by=BOB)
    assert world.on(5, by=BOB) == ["CD"]
    assert world.on(5, by=ANN) == ["CDP"]
    with pytest.raises(Conflict) as refusal:
        world.play(supersede("A", "D", 4), by=ANN)
    assert refusal.value.heads == ("C",)


def test_what_is_shared_and_replaced_can_be_replaced_privately_once(world: World) -> None:
    world.play(add("A"), add("C"), supersede("A", "C", 4))
    world.play(add("P", home=ANN), add("Q", home=ANN), supersede("A", "P", 0), by=ANN)
    with pytest.raises(Conflict) as refusal:
        world.play(supersede("A", "Q", 0), by=ANN)
    assert refusal.value.heads == ("P",)


def test_a_circle_is_refused_even_over_edges_that_the_writer_does_not_see(world: World) -> None:
    world.play(add("A"), add("B"), OpenBranch("x"))
    world.play(supersede("A", "B", 3), by=X)
    with pytest.raises(InvalidInput, match="cycle"):
        world.play(supersede("B", "A", 3))


def test_a_circle_is_refused_over_an_edge_that_only_a_branch_revoked(world: World) -> None:
    world.play(add("A"), add("B"), supersede("A", "B", 3), OpenBranch("x"))
    world.play(Revoke(3), by=X)
    with pytest.raises(InvalidInput, match="cycle"):
        world.play(supersede("B", "A", 3), by=X)


def test_what_was_revoked_can_be_turned_round(world: World) -> None:
    world.play(add("A"), add("B"), supersede("A", "B", 3), Revoke(3), supersede("B", "A", 3))
    assert world.on(4) == ["A"]


def test_redoing_is_a_fresh_operation(world: World) -> None:
    world.play(add("A"), End("A", day(3)), Revoke(2))
    with pytest.raises(Conflict):
        world.play(Revoke(2))
    with pytest.raises(InvalidInput):
        world.play(Revoke(3))


def test_one_move_of_an_add_can_be_revoked_but_not_the_first(world: World) -> None:
    world.play(add("A", ("active", 0), ("ended", 4)))
    with pytest.raises(InvalidInput):
        world.play(Revoke(1, 0))
    world.play(Revoke(1, 1))
    assert world.on(5) == ["A"]


def test_adding_what_holds_already_confirms_it(world: World) -> None:
    world.play(add("A", title="same"))
    assert world.play(add("B", ("active", 3), title="same")).operation.id == "A"  # type: ignore[union-attr]
    world.play(end("A", 5), add("C", ("active", 3), title="same"))
    assert world.on(4, 6) == ["AC", "C"]
    assert moves(("active", 0)) == (Move(Status.ACTIVE, day(0)),)


def test_words_that_hold_no_more_are_recorded_anew(world: World) -> None:
    world.play(add("A", title="tabs"), add("B", ("active", 2), title="spaces"), supersede("A", "B", 2))
    assert world.play(add("C", ("active", 1), title="tabs")).operation.memory.id == "C"  # type: ignore[union-attr]
    assert world.play(add("D", ("active", 3), title="tabs")).operation.id == "C"  # type: ignore[union-attr]
    world.play(Retract("C"))
    assert world.play(add("E", ("active", 3), title="tabs")).operation.memory.id == "E"  # type: ignore[union-attr]
    assert world.on(1, 2, 3) == ["A", "B", "BE"]


def test_who_returns_to_earlier_words_says_them_anew_and_the_chain_goes_on(world: World) -> None:
    again = replace(add("C", ("active", 4), title="tabs"), may_confirm=False)
    world.play(add("A", title="tabs"), add("B", ("active", 2), title="spaces"), supersede("A", "B", 2), again)
    world.play(supersede("B", "C", 4))
    assert world.on(1, 3, 4) == ["A", "B", "C"]
    assert [memory for memory, _, _ in world.leads("A", 5)] == ["C"]
    with pytest.raises(InvalidInput, match="cycle"):
        world.play(supersede("C", "A", 5))
