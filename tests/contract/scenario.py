"""One small project, recorded through every operation, and what a store and the oracle say of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from graphmem.instants import to_micros
from graphmem.model import (
    Add,
    Alternative,
    Anchor,
    AnchorKind,
    Change,
    Confirm,
    Kind,
    Link,
    LinkKind,
    Memory,
    MergeBranch,
    Move,
    OpenBranch,
    Operation,
    Origin,
    Outcome,
    Provenance,
    Request,
    Retract,
    Revoke,
    Scope,
    Statement,
    Status,
    Transition,
)
from graphmem.repository.mainline_rows import MainlineRows, PathOrigin, RefRow, SegmentRow
from graphmem.rows import Rows
from graphmem.store import Store
from tests.laws.world import ANN, BOB, ORG, PROD, R, X, day, end, moves, supersede

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
OTHER = Scope(tenant="other", repo="r")
READERS = (R, X, ANN, BOB, ORG, PROD, OTHER, Scope(repo="s", user="ann", related_repos=("r",)))
DIMENSION = 4


def file(name: str, repo: str = "r") -> Anchor:
    return Anchor(AnchorKind.FILE, name, repo)


STATEMENTS = {
    "A": Statement(
        title="Use SQLite for storage",
        kind=Kind.DECISION,
        body="One file, no server. SQLite is enough for one machine.",
        rationale="Backups are a copy.",
        subject="stack.database",
        aliases=("ADR-0001",),
        labels=("storage", "backend"),
        language="en",
        confidence=0.9,
        origin=Origin.DOCUMENT,
        observed_at=day(2),
        anchors=(file("src/store/sqlite.py"), Anchor(AnchorKind.COMPONENT, "store")),
        alternatives=(Alternative("Postgres", Outcome.REJECTED, "needs a server", ("psycopg",)),),
    ),
    "B": Statement(
        title="Use PostgreSQL for storage",
        kind=Kind.DECISION,
        subject="stack.database",
        labels=("storage",),
        language="en",
        anchors=(file("src/store/postgres.py"), file("src/store/sqlite.py")),
    ),
    "C": Statement(
        title="Quotes are double",
        kind=Kind.CONVENTION,
        subject="lint.quotes",
        is_mandatory=True,
        anchors=(Anchor(AnchorKind.MODULE, "store"), Anchor(AnchorKind.REPO, "r", "r")),
    ),
    "P": Statement(title="Quotes are single", kind=Kind.PREFERENCE, subject="lint.quotes", origin=Origin.AGENT),
    "D": Statement(title="Über die Speicherung: 東京 SQLite", body="naïve café", language="de", confidence=0.4),
    "X": Statement(title="Try DuckDB for storage", subject="stack.database", anchors=(file("src/store/duck/db.py"),)),
    "E": Statement(title="Retries in production", subject="http.retries", kind=Kind.INCIDENT),
    "O": Statement(title="Every repository has a changelog", anchors=(Anchor(AnchorKind.REPO, "r", "r"),)),
}
HOMES = {"P": ANN, "X": X, "E": PROD, "O": ORG}


def memory(key: str) -> Memory:
    return Memory(key, HOMES.get(key, R), STATEMENTS[key])


def vector(key: str) -> NDArray[np.float32]:
    """A unit vector of its own for every id."""
    raw = np.random.default_rng(sum(key.encode())).normal(size=DIMENSION).astype(np.float32)
    unit: NDArray[np.float32] = raw / np.linalg.norm(raw)
    return unit


VECTORS = {key: vector(key) for key in ("A", "B", "C", "P", "X")}
#: A file at `src/store/duck/db.py`, then at `src/duck.py`.
FIRST = MainlineRows(
    shas=("1" * 40,),
    times_us=(to_micros(day(0)),),
    segments=(SegmentRow(0, 0, "src/store/duck/db.py", 0, None, PathOrigin.ADDED, None, None),),
    segment_count=1,
)
SECOND = MainlineRows(
    start=1,
    shas=("2" * 40,),
    times_us=(to_micros(day(7)),),
    segments=(
        SegmentRow(0, 0, "src/store/duck/db.py", 0, 1, PathOrigin.ADDED, None, None),
        SegmentRow(1, 0, "src/duck.py", 1, None, PathOrigin.RENAMED, 90, 0),
    ),
    segment_count=2,
    refs=(RefRow("tag", "v1", "1" * 40),),
)
DONE: tuple[tuple[Operation, Scope], ...] = (
    (Add(memory("A"), moves(("proposed", 0), ("active", 1))), R),
    (Add(memory("B"), moves(("active", 4))), R),
    (supersede("A", "B", 4), R),
    (Add(memory("C"), (Move(Status.ACTIVE, day(0), 0, "accepted"), Move(Status.ENDED, day(9), 0, "sunset"))), R),
    (Add(memory("P"), moves(("active", 2))), ANN),
    (OpenBranch("x"), R),
    (Add(memory("X"), moves(("active", 5))), X),
    (supersede("B", "X", 5), X),
    (Add(memory("D"), moves(("active", 0))), R),
    (Add(memory("E"), moves(("active", 3))), PROD),
    (Add(memory("O"), moves(("active", 0))), R),
    (Link("C", "A", LinkKind.DEPENDS_ON), R),
    (Link("P", "C", LinkKind.REFINES), ANN),
    (Confirm("A"), R),
    (Transition("D", Move(Status.DEFERRED, day(3), 1, "on hold")), R),
    (end("E", 6), PROD),
    (Retract("D"), R),
    (Revoke(17), R),
    (Revoke(4, 1), R),
    (Add(Memory("again", R, STATEMENTS["O"]), moves(("active", 3))), R),
    (Add(Memory("A2", R, STATEMENTS["A"]), moves(("active", 2), ("ended", 3))), R),
    (Add(Memory("A", OTHER, Statement(title="Theirs", subject="stack.database")), moves(("active", 0))), OTHER),
    (OpenBranch("y", "x"), R),
    (MergeBranch("x"), R),
)


def requests() -> list[Request]:
    """The project's operations, each with an id, an actor and a reason of its own."""
    return [
        Request(f"op{index}", operation, writer, Provenance(f"actor{index % 3}", f"commit{index}", f"because {index}"))
        for index, (operation, writer) in enumerate(DONE)
    ]


class Ticking:
    """A clock that stands still for two readings out of three and then goes on by a minute."""

    def __init__(self) -> None:
        self.readings = 0

    def __call__(self) -> datetime:
        self.readings += 1
        return NOON + timedelta(minutes=self.readings // 3)


def fill(store: Store, sent: Sequence[Request] | None = None) -> list[Change]:
    """Record the project, request by request."""
    clock = Ticking()
    return [
        change
        for request in (requests() if sent is None else sent)
        for change in store.apply([request], clock=clock, vectors=VECTORS)
    ]


def sorted_rows(rows: Rows) -> dict[str, object]:
    """Rows without the order in which they came, and without revocations of what is not among them."""
    groups = (rows.moves, rows.edges, rows.retractions, rows.links)
    seqs = {row.stamp.seq for group in groups for row in group}
    return {
        "memories": dict(rows.memories),
        "moves": sorted(rows.moves, key=repr),
        "edges": sorted(rows.edges, key=repr),
        "retractions": sorted(rows.retractions, key=repr),
        "confirmations": sorted(rows.confirmations, key=repr),
        "links": sorted(rows.links, key=repr),
        "revocations": sorted((row for row in rows.revocations if row.change in seqs), key=repr),
        "branches": dict(rows.branches),
    }
