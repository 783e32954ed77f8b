"""A small history that has everything the page draws, a hostile text among it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from graphmem import GraphMemory, Kind, Move, Scope, Statement, Status, Write
from graphmem.model import Alternative, Anchor, AnchorKind, LinkKind, Outcome

HOSTILE = '<img src=x onerror="window.hit=1">'
HOSTILE_BODY = (
    f"<script>window.hit=1</script>\n\n- {HOSTILE}\n\n[click](javascript:window.hit=1) **<b onclick=1>** `<i>`"
)
FILLERS = 25


@dataclass(frozen=True, slots=True)
class Story:
    """Ids by what they are about."""

    mysql: str
    postgres: str
    cockroach: str
    backups: str
    reports: str
    hostile: str


def on(year: int, month: int = 1, day: int = 1) -> datetime:
    """A day."""
    return datetime(year, month, day, tzinfo=UTC)


def tell(memory: GraphMemory) -> Story:
    """Record the history."""
    told = Story(
        mysql=_decided(memory, "Orders live in MySQL", on(2021, 3), "ADR-1"),
        postgres=_decided(memory, "Orders live in PostgreSQL", on(2023, 6), "ADR-2"),
        cockroach=_decided(memory, "Orders live in CockroachDB", on(2025, 2), "ADR-3"),
        backups=memory.add("Backups of orders run hourly", start=on(2024)).ids[0],
        reports=memory.add("Reports read a replica", start=on(2024, 4)).ids[0],
        hostile=memory.add(
            Statement(title=HOSTILE, body=HOSTILE_BODY, aliases=(f'">{HOSTILE}',), labels=(HOSTILE,)), start=on(2022)
        ).ids[0],
    )
    why = Write(source="docs/adr/0002.md", reason="MySQL could not lock rows")
    memory.supersede(told.mysql, told.postgres, at=on(2023, 6), write=why)
    memory.supersede(told.postgres, told.cockroach, at=on(2025, 2))
    memory.amend(told.postgres, told.backups, "backups", at=on(2024))
    memory.link(told.reports, told.postgres, LinkKind.DEPENDS_ON)
    memory.link(told.hostile, told.postgres, LinkKind.REFINES)
    _proposed(memory)
    for number in range(FILLERS):
        memory.add(Statement(title=f"Convention {number} of names", kind=Kind.CONVENTION), start=on(2020, 5))
    memory.add("The shop sells tea", start=on(2022), write=Write(scope=Scope(repo="example.org/shop")))
    return told


def _decided(memory: GraphMemory, title: str, start: datetime, alias: str) -> str:
    statement = Statement(
        title=title,
        kind=Kind.DECISION,
        body="## Context\n\nOrders must survive.\n\n* one\n* two\n\n| a | b |\n|---|---|\n| 1 | 2 |",
        subject="stack.database",
        aliases=(alias,),
        anchors=(Anchor(AnchorKind.FILE, "src/orders/store.py"),),
        alternatives=(Alternative("Flat files", Outcome.REJECTED, "no transactions"),),
    )
    return memory.add(statement, start=start).ids[0]


def _proposed(memory: GraphMemory) -> None:
    statement = Statement(title="Orders move to SQLite", kind=Kind.DECISION, subject="stack.database")
    memory.add(statement, moves=(Move(Status.PROPOSED, on(2025, 10)),))
