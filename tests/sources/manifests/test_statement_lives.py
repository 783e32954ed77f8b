"""Versions of facts along a mainline."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from graphmem.model import Status
from graphmem.sources.manifests.statement_lives import (
    BEYOND_LIMIT,
    MAX_STATEMENTS,
    REMOVED,
    CommitMoment,
    StatementLives,
)
from graphmem.sources.manifests.structure_facts import StructureFact


def point(number: int) -> CommitMoment:
    return CommitMoment(number, str(number) * 40, datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=number))


def fact(subject: str, title: str = "x", rank: int = 0) -> StructureFact:
    return StructureFact(subject, title, "", rank, ("p",))


def test_a_version_begins_is_superseded_ends_and_returns() -> None:
    lives = StatementLives()
    for number, facts in enumerate(([fact("a")], [fact("a")], [fact("a", "y")], [], [fact("a", "y")])):
        lives.take(point(number), facts)
    first, second, third = lives.versions
    assert second.previous is first
    assert first.end is None
    assert second.end == (point(3), REMOVED)
    assert third.previous is None
    assert lives.current == {"a": third}
    assert len({version.key for version in lives.versions}) == 3
    assert [move.status for move in second.observation().moves] == [Status.ACTIVE, Status.ENDED]
    assert [version.has_changed_after(2) for version in lives.versions] == [False, True, True]
    replacement = second.replacement()
    assert replacement is not None
    assert (replacement.old, replacement.new) == (first.key, second.key)
    assert first.replacement() is None


def test_beyond_the_limit_the_greatest_ranks_and_the_newest_are_left_out() -> None:
    lives = StatementLives()
    old = [fact(f"m{number:03}") for number in range(MAX_STATEMENTS)]
    lives.take(point(0), old)
    lives.take(point(1), [fact("a"), *old])
    assert "a" not in lives.current
    lives.take(point(2), [fact("z", rank=-1), fact("a"), *old])
    assert "z" in lives.current
    assert len(lives.current) == MAX_STATEMENTS
    (ended,) = [version for version in lives.versions if version.end is not None]
    assert ended.end == (point(2), BEYOND_LIMIT)
    assert ended.fact.subject == "m099"
