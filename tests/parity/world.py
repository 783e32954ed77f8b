"""The memories that use cases are about, the same in every store."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory

from graphmem import Anchor, AnchorKind, GraphMemory, Kind, Move, New, Origin, Scope, Statement, Status, Write
from graphmem.opening import open_memory
from tests.fake_embedder import FakeEmbedder, no_embedder
from tests.service.conftest import TickingClock

#: When every use case is asked for. The memories were recorded in the first seconds of 2026.
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
HERE = Scope(repo="shop")
FILE = "memory.db"
#: Of agents there is `lint` alone, recorded five months before `NOW`.
RETAIN = "agent=90d"

_database = partial(Statement, kind=Kind.DECISION, subject="stack.database")
_indent = partial(Statement, kind=Kind.CONVENTION, subject="style.indent")
_ANCHORS = (Anchor(AnchorKind.FILE, "src/db.py", "shop"),)


def _new(key: str, year: int, said: Statement) -> New:
    return New(statement=said, moves=(Move(Status.ACTIVE, datetime(year, 1, 1, tzinfo=UTC)),), id=key)


#: Ledger entries 1 to 5; `lint` is of an agent, the only origin that every surface can write.
_SHOP = (
    _new("mysql", 2020, _database(title="The database is MySQL", labels=("storage",), anchors=_ANCHORS)),
    _new("postgres", 2023, _database(title="The database is PostgreSQL", aliases=("ADR-2",))),
    _new("tabs", 2021, _indent(title="Indent with tabs")),
    _new("spaces", 2022, _indent(title="Indent with four spaces")),
    _new("lint", 2021, Statement(title="Lint runs before each commit", origin=Origin.AGENT)),
)
#: Entries 6 to 8, where each lives.
_ELSEWHERE = {
    "license": ("Everything is under the MIT licence", Scope()),
    "diary": ("Ann prefers short functions", Scope(repo="shop", user="ann")),
    "invoice": ("Invoices are numbered by year", Scope(repo="billing")),
}


def seed(memory: GraphMemory) -> None:
    """Write the ledger of 14 entries."""
    memory.add_many(_SHOP)
    for key, (title, home) in _ELSEWHERE.items():
        memory.add_many([_new(key, 2021, Statement(title=title))], write=Write(scope=home))
    memory.supersede("mysql", "postgres", at=datetime(2023, 1, 1, tzinfo=UTC))
    branch = Write(scope=Scope(repo="shop", branch="feature"))
    memory.open_branch("feature", write=Write(op_id="opened"))
    memory.add_many([_new("draft", 2025, Statement(title="Sessions are kept in Redis"))], write=branch)
    memory.add_many([_new("gone", 2021, Statement(title="Erased words"))])
    memory.erase("gone")
    memory.add("Words under a name", write=Write(op_id="named"))
    memory.add_many([_new("canary", 2021, Statement(title="Of others"))], write=Write(scope=Scope("acme")))


def opened(
    folder: Path, clock: Callable[[], datetime] = lambda: NOW, *, scope: Scope = HERE, has_model: bool = False
) -> GraphMemory:
    """The memory in a folder, made there if it is not."""
    memory = open_memory(
        str(folder / FILE),
        scope=scope,
        actor="ada",
        clock=clock,
        embedder=FakeEmbedder if has_model else no_embedder,
        create=True,
    )
    memory._context.retention = RETAIN  # noqa: SLF001 - the settings of a project
    return memory


def make(folder: Path) -> Path:
    """A store's file with everything in it: a copy of one that is written once for each process."""
    for name, content in _written().items():
        folder.joinpath(name).write_bytes(content)
    return folder / FILE


@cache
def _written() -> dict[str, bytes]:
    """The files of the store, closed: its log may hold what its file does not."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        with opened(folder, TickingClock()) as memory:
            seed(memory)
        return {one.name: one.read_bytes() for one in folder.iterdir() if one.name in (FILE, f"{FILE}-wal")}
