"""The findings of guard on files that other actors claim."""

from __future__ import annotations

from collections.abc import Sequence

from graphmem.answers import Interval, Reference, State
from graphmem.claims.work_claim import WorkClaim
from graphmem.guard.levels import FindingKind, Level
from graphmem.service.claim_reader import ClaimReader
from graphmem.service.guard_answers import GuardFinding


def claims_of_others(claims: ClaimReader, paths: Sequence[str], actor: str) -> list[GuardFinding]:
    """Return a note for each claim of another actor that a change touches.

    Args:
        claims: Reads the claims.
        paths: The files of the change.
        actor: Who makes it.
    """
    touched = claims.on_paths(paths) if paths else []
    return [_finding(claim, path) for claim, path in touched if claim.actor != actor]


def _finding(claim: WorkClaim, path: str) -> GuardFinding:
    until = "" if claim.until is None else f" until {claim.until:%Y-%m-%d %H:%M}Z"
    memory = Reference(
        claim.id,
        claim.task,
        state=State.HOLDS,
        origin=claim.origin,
        holding=(Interval(claim.since, claim.until),),
    )
    return GuardFinding(
        FindingKind.CLAIMED_BY_ANOTHER,
        Level.NOTE,
        memory,
        f"{claim.actor} claims this file{until}",
        since=claim.since,
        path=path,
        change=f"graphmem release {claim.id}",
    )
