"""Open contradictions: who claims what, who would lead, and how to settle it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from graphmem.answers import Interval, Written
from graphmem.conflicts import OpenConflict, Settlement
from graphmem.errors import Conflict, InvalidInput, NotFound
from graphmem.model import Alternative, At, Kind, LinkKind, Origin, Outcome, Statement
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
    assert all(card.id in found.ways[rank] for rank, card in enumerate(found.claims))


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


def test_a_conflict_names_who_recorded_each_claim_and_why(memory: GraphMemory) -> None:
    memory.add(Statement(title="tabs", subject="indent"), write=Write(actor="ann", source="a1b2", reason="narrow"))
    memory.add(Statement(title="spaces", subject="indent"), write=Write(actor="bob"))
    found = only(memory)
    told = {card.title: (by.actor, by.source, by.reason) for card, by in zip(found.claims, found.evidence, strict=True)}
    assert told == {"tabs": ("ann", "a1b2", "narrow"), "spaces": ("bob", None, None)}


def rejecting(title: str, key: str, subject: str | None = None) -> Statement:
    option = Alternative("it", Outcome.REJECTED, keys=(key,))
    return Statement(title=title, kind=Kind.DECISION, subject=subject, alternatives=(option,))


def choosing(title: str, key: str, subject: str | None = None) -> Statement:
    option = Alternative("it", Outcome.CHOSEN, keys=(key,))
    return Statement(title=title, kind=Kind.DECISION, subject=subject, alternatives=(option,))


def test_what_one_chose_and_another_rejected_is_a_conflict(memory: GraphMemory) -> None:
    record(memory, a=choosing("Queue on Redis", "pkg:pypi/redis"), b=rejecting("No Redis", "pkg:pypi/redis"))
    found = only(memory)
    assert (found.found_by, found.what, set(claims(found))) == ("option", "pkg:pypi/redis", {"a", "b"})


def test_spellings_of_one_package_are_one_option(memory: GraphMemory) -> None:
    record(memory, a=choosing("YAML", "pkg:pypi/pyyaml?import=yaml"), b=rejecting("No YAML", "pkg:pypi/PyYAML"))
    assert only(memory).what == "pkg:pypi/pyyaml"


def test_an_option_for_two_subjects_is_no_conflict(memory: GraphMemory) -> None:
    record(memory, a=choosing("Queue", "pkg:pypi/redis", "queue"), b=rejecting("Cache", "pkg:pypi/redis", "cache"))
    assert memory.conflicts().conflicts == ()


@pytest.mark.parametrize(
    ("first", "second", "rule"),
    [
        ("Commit generated files", "Never commit generated files", "negation"),
        ("Use tabs in Go files", "Don't use tabs in Go files", "negation"),
        ("Logs are kept for 30 days", "Logs are kept for 90 days", "value"),
        ("The line length is 100", "Line length is 120.", "value"),
    ],
)
def test_equal_words_with_a_negation_or_another_number_are_a_conflict(
    memory: GraphMemory, first: str, second: str, rule: str
) -> None:
    record(memory, a=Statement(title=first), b=Statement(title=second))
    found = only(memory)
    assert (found.found_by, set(claims(found))) == (rule, {"a", "b"})
    memory.end("a")
    assert memory.conflicts().conflicts == ()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Python 3.11 is supported", "Python 3.12 is supported"),
        ("Step 1 builds the image", "Step 2 builds the image"),
        ("Never commit generated files", "Do not commit generated files"),
        ("Logs are kept for 30 days", "Backups are kept for 90 days"),
        ("Use tabs in Go files", "Do not use tabs in Rust files"),
        ("Not now", "Now"),
    ],
)
def test_other_words_are_no_conflict(memory: GraphMemory, first: str, second: str) -> None:
    record(memory, a=Statement(title=first), b=Statement(title=second))
    assert memory.conflicts().conflicts == ()


def test_what_contradicts_in_another_scope_is_no_conflict(memory: GraphMemory) -> None:
    record(memory, a=Statement(title="Logs are kept for 30 days"))
    memory.add("Logs are kept for 90 days", write=Write(scope=replace(REPO, environment="staging")))
    assert memory.conflicts(scope=replace(REPO, environment="staging")).conflicts == ()


def settled(memory: GraphMemory, how: Settlement, winner: str | None = None) -> Written:
    return memory.settle(only(memory).id, how, winner=winner, write=Write(reason="agreed"))


def test_settling_is_one_entry_with_its_reason(memory: GraphMemory) -> None:
    record(memory, a=Statement(title="tabs", subject="s"), b=Statement(title="spaces", subject="s"))
    before = memory.status().changes
    done = settled(memory, Settlement.SUPERSEDE, "b")
    assert (memory.status().changes, done.change.provenance.reason) == (before + 1, "agreed")
    assert [step.memory.id for step in memory.history("a").successors] == ["b"]
    assert memory.conflicts().conflicts == ()
    memory.revoke(done.change.seq)
    assert set(claims(only(memory))) == {"a", "b"}


def test_a_correction_makes_the_others_never_right(memory: GraphMemory) -> None:
    record(memory, a=Statement(title="tabs", subject="s"), b=Statement(title="spaces", subject="s"))
    settled(memory, Settlement.CORRECT, "a")
    assert memory.get("b").state == "corrected"


def test_a_recorded_conflict_can_be_declared_none(memory: GraphMemory) -> None:
    record(memory, a=HUMAN, b=Statement(title="spaces in YAML"))
    memory.link("a", "b", LinkKind.CONFLICTS_WITH)
    settled(memory, Settlement.BOTH)
    assert memory.conflicts().conflicts == ()
    assert memory.get("a").state == memory.get("b").state == "holds"


def test_a_winner_that_is_less_trusted_is_only_proposed(memory: GraphMemory) -> None:
    record(
        memory,
        a=Statement(title="tabs", subject="s"),
        b=Statement(title="spaces", subject="s", origin=Origin.CONVERSATION),
    )
    done = settled(memory, Settlement.SUPERSEDE, "b")
    assert done.is_proposal
    assert memory.get("a").state == "holds"


def test_settling_again_under_its_op_id_gives_the_first_answer(memory: GraphMemory) -> None:
    record(memory, a=Statement(title="tabs", subject="s"), b=Statement(title="spaces", subject="s"))
    conflict, write = only(memory).id, Write(reason="agreed", op_id="once")
    first = memory.settle(conflict, Settlement.SUPERSEDE, winner="a", write=write)
    assert memory.settle(conflict, Settlement.SUPERSEDE, winner="a", write=write).change == first.change
    with pytest.raises(Conflict, match="once"):
        memory.settle(conflict, Settlement.BOTH, write=write)


@pytest.mark.parametrize(
    ("conflict", "how", "winner", "reason", "error"),
    [
        ("c-0000000000", Settlement.SUPERSEDE, "a", "r", "no conflict 'c-0000000000' is open; open are: c-"),
        (None, Settlement.SUPERSEDE, "other", "r", "'other' is no claim of c-.*; its claims are a, b"),
        (None, Settlement.SUPERSEDE, None, "r", "'supersede' needs the winner"),
        (None, Settlement.BOTH, "a", "r", "'both' takes no winner"),
        (None, Settlement.BOTH, None, "r", "was found by subject, not recorded"),
        (None, Settlement.CORRECT, "a", " ", "needs a reason"),
    ],
)
def test_what_cannot_be_settled_is_refused_by_name(
    memory: GraphMemory, conflict: str | None, how: Settlement, winner: str | None, reason: str, error: str
) -> None:
    record(memory, a=Statement(title="tabs", subject="s"), b=Statement(title="spaces", subject="s"))
    with pytest.raises((NotFound, InvalidInput), match=error):
        memory.settle(conflict or only(memory).id, how, winner=winner, write=Write(reason=reason))


def test_another_claim_that_comes_up_changes_the_conflict(memory: GraphMemory) -> None:
    record(memory, a=Statement(title="tabs", subject="s"), b=Statement(title="spaces", subject="s"))
    seen = only(memory).id
    record(memory, c=Statement(title="both", subject="s"))
    with pytest.raises(NotFound, match="is open; open are"):
        memory.settle(seen, Settlement.SUPERSEDE, winner="a", write=Write(reason="agreed"))
