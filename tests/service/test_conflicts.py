"""Open contradictions: who claims what, who would lead, and how to settle it."""

from __future__ import annotations

from dataclasses import replace

from graphmem.answers import Interval, OpenConflict
from graphmem.model import At, LinkKind, Origin, Statement
from graphmem.service import GraphMemory, New, Write
from tests.service.conftest import REPO, TickingClock, day

HUMAN, AGENT = Statement(title="tabs"), Statement(title="spaces", origin=Origin.AGENT)


def record(memory: GraphMemory, **said: Statement) -> None:
    memory.add_many(New(statement=one, id=key) for key, one in said.items())


def only(memory: GraphMemory, at: At | None = None) -> OpenConflict:
    (found,) = memory.conflicts(at=at).conflicts
    return found


def claims(found: OpenConflict) -> list[str]:
    return [card.id for card in found.claims]


def test_a_declared_conflict_is_open_while_both_hold(memory: GraphMemory) -> None:
    record(memory, a=AGENT, b=HUMAN)
    memory.link("a", "b", LinkKind.CONFLICTS_WITH)
    found = only(memory)
    assert (found.found_by, found.what, claims(found), found.rule) == ("link", "a", ["b", "a"], "trust of origin")
    memory.end("a")
    assert memory.conflicts().conflicts == ()


def test_a_conflict_declared_from_both_sides_is_one(memory: GraphMemory) -> None:
    record(memory, a=AGENT, b=HUMAN)
    memory.link("b", "a", LinkKind.CONFLICTS_WITH)
    before = memory.conflicts(at=At(day(20), known_at=3))
    memory.link("a", "b", LinkKind.CONFLICTS_WITH)
    assert claims(only(memory)) == ["b", "a"]
    assert memory.conflicts(at=At(day(20), known_at=3)) == before


def test_a_revoked_declaration_is_no_conflict(memory: GraphMemory) -> None:
    record(memory, a=AGENT, b=HUMAN)
    declared = memory.link("a", "b", LinkKind.CONFLICTS_WITH)
    memory.revoke(declared.change.seq)
    assert memory.conflicts().conflicts == ()


def test_what_but_amends_the_other_is_told_without_a_rule(memory: GraphMemory) -> None:
    record(memory, a=HUMAN)
    b = memory.amend("a", "spaces in Python", "Python").ids[1]
    memory.link("a", b, LinkKind.CONFLICTS_WITH)
    found = only(memory)
    assert (set(claims(found)), found.rule) == ({"a", b}, "")


def test_two_successors_merged_from_two_branches_are_a_conflict(memory: GraphMemory, clock: TickingClock) -> None:
    record(memory, old=HUMAN)
    for name in "xy":
        memory.open_branch(name)
        write = Write(scope=replace(REPO, branch=name))
        memory.supersede("old", f"the way of {name}", write=write)
        clock.pass_days(1)
    memory.merge_branch("x")
    assert memory.conflicts().conflicts == ()
    memory.merge_branch("y")
    found = only(memory)
    assert (found.found_by, found.what, found.rule) == ("fork", "old", "start")
    assert [card.title for card in found.claims] == ["the way of y", "the way of x"]
    assert all(card.id in found.fix for card in found.claims)


def test_a_fork_is_settled_when_one_of_the_two_gives_way(memory: GraphMemory) -> None:
    record(memory, old=HUMAN)
    for name in "xy":
        memory.open_branch(name)
        memory.supersede("old", f"the way of {name}", write=Write(scope=replace(REPO, branch=name)))
    for name in "xy":
        memory.merge_branch(name)
    ours, theirs = claims(only(memory))
    memory.supersede(theirs, ours)
    assert memory.conflicts().conflicts == ()


def test_a_conflict_lasts_as_long_as_all_claims_overlap(memory: GraphMemory, clock: TickingClock) -> None:
    clock.pass_days(60)
    said = Statement(title="tabs", subject="indent")
    for title, start, end in (("tabs", 1, 20), ("spaces", 5, 25), ("both", 8, 15)):
        key = memory.add(replace(said, title=title), start=day(start)).ids[0]
        memory.end(key, at=day(end))
    found = only(memory, At(day(10)))
    assert (found.what, len(found.claims)) == ("indent", 3)
    assert found.overlap == (Interval(day(8), day(15)),)


def test_one_subject_in_two_environments_is_no_conflict(memory: GraphMemory) -> None:
    for name in ("prod", "test"):
        said = Statement(title=f"retries in {name}", subject="http.retries")
        memory.add(said, write=Write(scope=replace(REPO, environment=name)))
    assert memory.conflicts(scope=replace(REPO, environment="prod")).conflicts == ()
