"""A world so small that operations collide: a handful of instants, people, branches and memories."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from graphmem.errors import Conflict, GraphMemError
from graphmem.model import (
    Add,
    Change,
    End,
    Memory,
    Move,
    Operation,
    Origin,
    Provenance,
    Request,
    Scope,
    Statement,
    Status,
    Supersede,
    SupersessionKind,
)
from graphmem.rows import Rows
from graphmem.store import Store
from graphmem.temporal import View, resolve, rule
from tests.oracle import OracleView
from tests.oracle import resolve as oracle_resolve

FIRST_DAY = datetime(2020, 1, 1, tzinfo=UTC)
CLOCK = datetime(2030, 1, 1, tzinfo=UTC)
IDS = ("m0", "m1", "m2", "m3")

R = Scope(repo="r")
X, Y, Z = (Scope(repo="r", branch=name) for name in "xyz")
ANN, BOB = (Scope(repo="r", user=name) for name in ("ann", "bob"))
ANN_ON_X = Scope(repo="r", user="ann", branch="x")
ORG = Scope()
PROD = Scope(repo="r", environment="prod")
NEIGHBOUR = Scope(repo="s", user="ann", related_repos=("r",))
STRANGER = Scope(tenant="other", repo="r", user="ann")
#: The branch that the first entry of a ledger opened; `X` is the latest of that name.
FIRST_X = Scope(repo="r", branch="x:1")
READERS = (R, X, Y, Z, ANN, BOB, ANN_ON_X, ORG, PROD, NEIGHBOUR, FIRST_X, STRANGER)


def day(number: int) -> datetime:
    """Midnight of a day, counted from the beginning of the small world."""
    return FIRST_DAY + timedelta(days=number)


INSTANTS = tuple(day(number) for number in range(5))
ASKED = (datetime(2019, 12, 31, tzinfo=UTC), *INSTANTS)


def moves(*steps: tuple[str, int]) -> tuple[Move, ...]:
    return tuple(Move(Status(word), day(at)) for word, at in steps)


def add(key: str, *steps: tuple[str, int], home: Scope = R, subject: str | None = "k", **said: Any) -> Add:  # noqa: ANN401
    """An add of a statement of its own, active from day 0 unless told otherwise."""
    statement = Statement(**{"title": key, "subject": subject, **said})
    return Add(Memory(key, home, statement), moves(*(steps or (("active", 0),))))


def supersede(old: str, new: str, at: int | None, until: int | None = None, kind: str = "update") -> Supersede:
    """`old` and `new` name one memory per letter."""
    ends = [None if number is None else day(number) for number in (at, until)]
    return Supersede(old=tuple(old), new=tuple(new), at=ends[0], until=ends[1], kind=SupersessionKind(kind))


def end(key: str, at: int) -> End:
    return End(key, day(at))


def send(store: Store, op_id: str, operation: Operation, writer: Scope = R, origin: Origin = Origin.HUMAN) -> Change:
    request = Request(op_id, operation, writer, Provenance(origin=origin))
    (change,) = store.apply([request], clock=lambda: CLOCK)
    return change


Outcome = Change | tuple[type[GraphMemError], tuple[str, ...]]


def attempt(store: Store, request: Request) -> Outcome:
    """The entry, or the class of the refusal with the heads that it names."""
    try:
        return store.apply([request], clock=lambda: CLOCK)[0]
    except GraphMemError as refusal:
        return type(refusal), refusal.heads if isinstance(refusal, Conflict) else ()


def kernel_answers(rows: Rows, reader: Scope, seq: int, asked: Iterable[datetime] = ASKED) -> dict[str, object]:
    """Everything that the kernel says to a reader: membership, states, intervals, heads, where matches lead."""
    view = View(rows, reader, seq)
    visible = sorted(key for key in view.known if view.memory(key) is not None)
    subjects: dict[str, list[str]] = {}
    for key in visible:
        statement = rows.memories[key].memory.statement
        if statement is not None and statement.subject is not None:
            subjects.setdefault(statement.subject, []).append(key)
    answers: dict[str, object] = {"visible": visible}
    answers["life"] = {key: (view.start(key), view.holding(key), view.is_never(key)) for key in sorted(view.known)}
    for valid in asked:
        reached = {key: view.status(key, valid) for key in visible}
        answers[f"status {valid}"] = {key: row and row.move.status for key, row in reached.items()}
        answers[f"holds {valid}"] = [key for key in visible if view.holds(key, valid)]
        ruled = {subject: rule(view, keys, valid) for subject, keys in subjects.items()}
        answers[f"heads {valid}"] = {key: one and (one.head, one.contested) for key, one in ruled.items()}
        answers[f"leads {valid}"] = {
            key: [(one.memory, str(one.standing), one.via) for one in resolve(view, key, valid)] for key in visible
        }
    return answers


def oracle_answers(view: OracleView, asked: Iterable[datetime] = ASKED) -> dict[str, object]:
    """The same questions, answered by the oracle."""
    visible, subjects = view.visible, view.subjects()
    answers: dict[str, object] = {"visible": visible}
    answers["life"] = {key: (view.start(key), view.holding(key), view.is_never(key)) for key in sorted(view.known)}
    for valid in asked:
        answers[f"status {valid}"] = {key: view.status(key, valid) for key in visible}
        answers[f"holds {valid}"] = [key for key in visible if view.holds(key, valid)]
        answers[f"heads {valid}"] = {subject: view.rule(keys, valid) for subject, keys in subjects.items()}
        answers[f"leads {valid}"] = {key: oracle_resolve(view, key, valid) for key in visible}
    return answers


def ids_in(log: Sequence[Change]) -> list[str]:
    return [change.operation.memory.id for change in log if isinstance(change.operation, Add)]


def read(store: Store, reader: Scope, seq: int | None = None, asked: Iterable[datetime] = ASKED) -> dict[str, object]:
    """What the kernel says over the rows that a store hands out."""
    position = store.position(reader).seq
    rows = store.rows(reader, ids_in(store.changes(reader)))
    return kernel_answers(rows, reader, position if seq is None else seq, asked)


def on(store: Store, valid: int, reader: Scope = R) -> str:
    """Ids that hold on a day, joined."""
    answers = read(store, reader, asked=(day(valid),))
    held = answers[f"holds {day(valid)}"]
    assert isinstance(held, list)
    return "".join(held)


TRUSTED = (Origin.HUMAN, Origin.DOCUMENT, Origin.AGENT)
#: Who speaks, of both classes; humans and the least trusted most of all.
SPEAKERS = (Origin.HUMAN, Origin.HUMAN, Origin.HUMAN, Origin.AGENT, Origin.CONVERSATION, Origin.EXTERNAL)
