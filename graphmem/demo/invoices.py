"""A project that is about to get an endpoint for invoices: what it decided, how it works, and what is under way."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from graphmem import Alternative, Anchor, AnchorKind, Kind, Move, New, Outcome, Scope, Statement, Status, Write

if TYPE_CHECKING:
    from graphmem import GraphMemory

REPO = "shop"
DEVELOPER = "ana"
#: What is to be done, and where.
TASK = "add an endpoint to create invoices"
PATHS = ("api/invoices/routes.py",)
#: The package that the project rejected; an edit that imports it brings the old mistake back.
REJECTED = "marshmallow"
REJECTED_KEY = f"pkg:pypi/{REJECTED}"
EDIT = "from marshmallow import Schema\n"


def record(memory: GraphMemory) -> None:
    """Record what the project decided: framework, layout, conventions, a preference, and a migration under way."""
    record_project(memory)
    record_decision(memory)


def record_decision(memory: GraphMemory) -> None:
    """Record how requests are validated, and which package was rejected for it."""
    memory.add_many(
        [_new(DECISION_ID, 2024, DECISION)], write=Write(scope=Scope(repo=REPO), reason="the case of the demo")
    )


def record_project(memory: GraphMemory) -> None:
    """Record what the project had decided before: everything but how requests are validated."""
    memory.add_many(_PROJECT, write=Write(scope=Scope(repo=REPO), reason="the case of the demo"))
    memory.supersede("money-floats", "money-cents", at=_day(2025, 3), write=Write(scope=Scope(repo=REPO)))
    private = Write(scope=Scope(repo=REPO, user=DEVELOPER))
    memory.add_many([_new("small-commits", 2025, _PREFERENCE)], write=private)


def _day(year: int, month: int) -> datetime:
    return datetime(year, month, 1, tzinfo=UTC)


def _new(key: str, year: int, statement: Statement) -> New:
    return New(statement=statement, moves=(Move(Status.ACTIVE, _day(year, 2)),), id=key)


def _about(*paths: str) -> tuple[Anchor, ...]:
    return tuple(Anchor(AnchorKind.FILE, path, REPO) for path in paths)


_PREFERENCE = Statement(title="Show me small commits, one concern each", kind=Kind.PREFERENCE)
DECISION_ID = "pydantic"
#: How requests are validated, and what was rejected for it.
DECISION = Statement(
    title="Requests are validated with pydantic models",
    kind=Kind.DECISION,
    subject="stack.validation",
    anchors=_about("api/"),
    alternatives=(Alternative(REJECTED, Outcome.REJECTED, "two schemas of one thing drift", (REJECTED_KEY,)),),
)
_PROJECT = (
    _new(
        "audited",
        2024,
        Statement(
            title="Every endpoint that writes money records who did it",
            kind=Kind.CONVENTION,
            is_mandatory=True,
            anchors=_about("api/**"),
        ),
    ),
    _new(
        "fastapi",
        2023,
        Statement(
            title="The API is built with FastAPI",
            kind=Kind.DECISION,
            subject="stack.web-framework",
            anchors=_about("api/"),
            alternatives=(Alternative("Flask", Outcome.REJECTED, "no schema of requests", ("pkg:pypi/flask",)),),
        ),
    ),
    _new(
        "layout",
        2023,
        Statement(title="Each resource has a folder under `api/`: `routes.py`, `models.py`", kind=Kind.STRUCTURE),
    ),
    _new(
        "tested",
        2023,
        Statement(title="Each endpoint has a test that posts a wrong request", kind=Kind.CONVENTION),
    ),
    _new(
        "money-floats",
        2022,
        Statement(title="Amounts are stored as floats", kind=Kind.DECISION, subject="money.representation"),
    ),
    _new(
        "money-cents",
        2025,
        Statement(title="Amounts are stored as integer cents", kind=Kind.DECISION, subject="money.representation"),
    ),
    _new(
        "migration",
        2025,
        Statement(
            title="Invoices move from the `billing` service to the API; write new invoices to both until it ends",
            kind=Kind.TASK,
            anchors=_about("api/invoices/"),
        ),
    ),
    _new("deploys", 2023, Statement(title="Releases are cut on Tuesdays", kind=Kind.FACT)),
)
