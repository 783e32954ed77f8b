"""What an answer costs a store: every surface asks it a few times, however many memories the answer names.

What opens the store is not counted, nor what widens a search that found less than a page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import apsw
import pytest
from click.testing import CliRunner

from graphmem import Anchor, AnchorKind, GraphMemory, Kind, LinkKind, Move, New, Origin, Scope, Statement, Status, Write
from graphmem.cli.app import app
from graphmem.opening import open_memory
from tests.fake_embedder import no_embedder
from tests.parity.surfaces import surface_over
from tests.parity.use_case import Surface
from tests.parity.world import HERE, NOW
from tests.servers import Access
from tests.service.conftest import TickingClock

#: So many statements at most make any answer in the embedded store.
MOST_STATEMENTS = 60
#: So often at most is a server asked for any answer.
MOST_ROUND_TRIPS = 4
#: For a component the ledger position is asked for first: with it, the files that belong to the component are found.
MOST_ROUND_TRIPS_OF_A_COMPONENT = 6

_CHAINS = 16
_LENGTH = 3
_COMPONENT = "queues"
_IDLE = ("BEGIN", "ROLLBACK", "COMMIT", "PRAGMA")

#: The arguments of a verb, under its name and what distinguishes several cases of it.
_ASKED: dict[str, dict[str, Any]] = {
    "search": {"query": "retry queue of the worker"},
    "list": {"where": {"include_history": True}, "page": {"limit": 50}},
    "history": {"key": f"case-0-{_LENGTH // 2}"},
    "explain": {"key": f"case-0-{_LENGTH // 2}"},
    "search of a component": {"query": "retry queue of the worker", "where": {"components": [_COMPONENT]}},
    "list of a component": {
        "where": {"components": [_COMPONENT], "include_history": True},
        "page": {"limit": 50},
    },
}
_ON = {
    Surface.LIBRARY: tuple(_ASKED),
    Surface.HTTP: tuple(_ASKED),
    Surface.CLI: tuple(_ASKED),
    Surface.CLIENT: tuple(_ASKED),
    Surface.MCP: ("search", "history", "explain"),
}
_PAGES = {
    "search": ("search", "retry queue of the worker"),
    "list": ("list", "--history"),
    "list of a component": ("list", "--history", "--component", _COMPONENT),
    "search of a component": ("search", "retry queue of the worker", "--component", _COMPONENT),
    "history": ("history", f"case-0-{_LENGTH // 2}"),
    "explain": ("explain", f"case-0-{_LENGTH // 2}"),
    "show": ("show", f"case-0-{_LENGTH // 2}"),
}
CASES = [(surface, verb) for surface, verbs in _ON.items() for verb in verbs]


def _new(number: int, place: int) -> New:
    said = Statement(
        title=f"The retry queue of worker {number} keeps {place} jobs",
        body="A queue of the worker.",
        kind=Kind.DECISION,
        subject=None if number % 2 else f"queue.{number % 4}",
        aliases=(f"Q-{number}-{place}",),
        anchors=(Anchor(AnchorKind.COMPONENT, _COMPONENT),),
        origin=Origin.EXTERNAL,
    )
    return New(statement=said, moves=(Move(Status.ACTIVE, _year(2001 + place)),), id=f"case-{number}-{place}")


def _year(year: int) -> datetime:
    return datetime(year, 1, 1, tzinfo=UTC)


def seed(memory: GraphMemory) -> None:
    """Chains of memories that others named and that are not to be trusted; two of them contest one subject."""
    for number in range(_CHAINS):
        memory.add_many([_new(number, place) for place in range(_LENGTH)])
        for place in range(1, _LENGTH):
            old, new = (f"case-{number}-{one}" for one in (place - 1, place))
            memory.supersede(old, new, at=_year(2001 + place), write=Write(reason=f"change of {number}"))
        last = f"case-{number}-{_LENGTH - 1}"
        memory.amend(last, Statement(title=f"Retries of worker {number} wait", origin=Origin.EXTERNAL), "retries")
    for number in range(_CHAINS):
        other = f"case-{(number + 1) % _CHAINS}-{_LENGTH - 1}"
        memory.link(f"case-{number}-{_LENGTH // 2}", other, LinkKind.DEPENDS_ON)


@dataclass
class Count:
    """What a store was asked while it was counted."""

    asked: list[str] = field(default_factory=list)
    is_on: bool = False

    def add(self, statement: str) -> None:
        """Count a statement that reads or writes."""
        if self.is_on and not statement.lstrip().startswith(_IDLE):
            self.asked.append(statement)

    @contextmanager
    def over(self) -> Iterator[None]:
        """Count what is asked inside."""
        self.asked.clear()
        self.is_on = True
        try:
            yield
        finally:
            self.is_on = False


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Count:
    """Statements that any connection to an embedded store runs."""
    count = Count()

    def traced(connection: apsw.Connection) -> None:
        def seen(_: apsw.Cursor, statement: str, __: object) -> bool:
            count.add(statement)
            return True

        connection.exec_trace = seen

    monkeypatch.setattr(apsw, "connection_hooks", [*apsw.connection_hooks, traced])
    return count


@pytest.fixture
def round_trips(monkeypatch: pytest.MonkeyPatch) -> Count:
    """Statements that are sent to a server, each of which waits for its answer."""
    import neo4j

    count = Count()
    for sender in (neo4j.Session, neo4j.Transaction, neo4j.ManagedTransaction):
        _spy(monkeypatch, sender, count)
    return count


def _spy(monkeypatch: pytest.MonkeyPatch, sender: Any, count: Count) -> None:  # noqa: ANN401 - classes of the driver
    run = sender.run

    def counted(self: object, query: Any, *more: Any, **named: Any) -> object:  # noqa: ANN401 - as the driver has it
        count.add(query if isinstance(query, str) else query.text)
        return run(self, query, *more, **named)

    monkeypatch.setattr(sender, "run", counted)


def _opening(url: str, count: Count, clock: Callable[[], datetime] = lambda: NOW) -> Callable[[Scope], GraphMemory]:
    """Opens the memory at a URL, and counts from then on."""

    def opened(scope: Scope) -> GraphMemory:
        memory = open_memory(url, scope=scope, actor="ada", clock=clock, embedder=no_embedder, create=True)
        count.asked.clear()
        return memory

    return opened


def _file(folder: Path) -> str:
    url = str(folder / "memory.db")
    with _opening(url, Count(), TickingClock())(HERE) as memory:
        seed(memory)
    return url


@pytest.mark.parametrize(("surface", "verb"), CASES, ids=str)
def test_an_answer_takes_few_statements(statements: Count, tmp_path: Path, surface: Surface, verb: str) -> None:
    url = _file(tmp_path)
    with surface_over(surface, tmp_path, _opening(url, statements)) as asked, statements.over():
        asked.ask(verb.partition(" ")[0], _ASKED[verb])
    assert len(statements.asked) <= MOST_STATEMENTS


@pytest.mark.parametrize("verb", _PAGES)
def test_a_page_of_the_command_line_takes_few_statements(statements: Count, tmp_path: Path, verb: str) -> None:
    url = _file(tmp_path)

    def opened(_: str | None, __: object) -> GraphMemory:
        return _opening(url, statements)(HERE)

    with statements.over():
        done = CliRunner().invoke(app, _PAGES[verb], obj=opened, prog_name="graphmem")
    assert not done.exit_code, done.output
    assert len(statements.asked) <= MOST_STATEMENTS


@pytest.mark.parametrize(("surface", "verb"), CASES, ids=str)
def test_an_answer_takes_few_round_trips(
    round_trips: Count, server: str, tmp_path: Path, surface: Surface, verb: str
) -> None:
    with surface_over(surface, tmp_path, _opening(server, round_trips)) as asked:
        asked.ask(verb.partition(" ")[0], _ASKED[verb])
        with round_trips.over():
            asked.ask(verb.partition(" ")[0], _ASKED[verb])
    most = MOST_ROUND_TRIPS_OF_A_COMPONENT if verb.endswith(" of a component") else MOST_ROUND_TRIPS
    assert len(round_trips.asked) <= most


@pytest.fixture(scope="module")
def server(neo4j: Access) -> Iterator[str]:
    """A server that holds the same memories."""
    access = neo4j
    access.wipe()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRAPHMEM_NEO4J_USER", access.user)
        patch.setenv("GRAPHMEM_NEO4J_PASSWORD", access.password or "")
        with _opening(access.url, Count(), TickingClock())(HERE) as memory:
            seed(memory)
        yield access.url
