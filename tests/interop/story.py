"""A small project with a chain, a lapse, a return, a correction, a proposal, a branch, and other people's memories."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from graphmem.model import Anchor, AnchorKind, Kind, Move, Scope, Statement, Status, SupersessionKind
from graphmem.service import GraphMemory, Write

TENANT, OTHER, UNSHOWN = "default", "other", "unshown"
REPO = Scope(TENANT, "r")
HOMES = (Scope(TENANT), REPO, Scope(TENANT, "r", "u1"), Scope(TENANT, "r", "u2"), Scope(OTHER, "r"))
UUID4, UUID7 = "Primary keys of the project are UUIDv4", "Primary keys of the project are UUIDv7"


def day(number: int) -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number)


def tell(memory: GraphMemory) -> None:
    """Record it; every title has the word `project`."""
    anchors = (Anchor(AnchorKind.FILE, "src/db.py", "r"), Anchor(AnchorKind.COMPONENT, "store"))
    old = Statement(title=UUID4, body="They need no coordination.", kind=Kind.DECISION, anchors=anchors)
    (first,) = memory.add(old, start=day(1)).ids
    memory.supersede(first, Statement(title=UUID7, kind=Kind.DECISION, anchors=anchors), at=day(9))
    (lapsed,) = memory.add("The project supports Python 3.9", start=day(0)).ids
    memory.end(lapsed, at=day(12))
    (usual,) = memory.add("The project deploys on Fridays", start=day(0)).ids
    memory.supersede(usual, "The project does not deploy during the audit", at=day(8), until=day(14))
    (wrong,) = memory.add("The project is written in Go", start=day(0)).ids
    memory.supersede(wrong, "The project is written in Rust", kind=SupersessionKind.CORRECTION)
    memory.add("The project may move to Oslo", moves=[Move(Status.PROPOSED, day(1))])
    (false,) = memory.add("The project has a mascot", start=day(0)).ids
    memory.revoke(memory.retract(false).change.seq)
    memory.amend(first, "Test data of the project has serial keys", "test data", at=day(3))
    _tell_elsewhere(memory)


def _tell_elsewhere(memory: GraphMemory) -> None:
    memory.open_branch("x")
    memory.add("The project on a branch", start=day(1), write=Write(scope=Scope(TENANT, "r", branch="x")))
    memory.merge_branch("x")
    memory.add("Every project has a changelog", start=day(0), write=Write(scope=Scope(TENANT)))
    for user in ("u1", "u2"):
        memory.add(f"The project secret of {user}", start=day(1), write=Write(scope=Scope(TENANT, "r", user)))
    memory.add("The project secret of other", start=day(1), write=Write(scope=Scope(OTHER, "r")))
    memory.add("The project that is not shown", start=day(1), write=Write(scope=Scope(UNSHOWN)))
