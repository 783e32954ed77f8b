"""The way to a server: its address, who we are there, transactions that are tried again, and errors by their name."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self, TypeVar
from urllib.parse import unquote, urlsplit

from graphmem.errors import CommitUnknown, CorruptStore, GraphMemError, InvalidInput, StoreUnavailable, Unsupported

if TYPE_CHECKING:
    from neo4j import Driver, ManagedTransaction, Record, Session

SCHEMES = ("neo4j", "neo4j+s", "neo4j+ssc", "bolt", "bolt+s", "bolt+ssc")

Parameters = dict[str, Any]
Result = TypeVar("Result")

_PING = "RETURN 1 AS one"

_CONNECT_TIMEOUT_S = 5.0
_FIRST_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 1.0


@dataclass(frozen=True, slots=True)
class Login:
    """Who we are on a server: a user and password, or a token; neither where the server asks for none."""

    user: str | None = None
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Address:
    """A server and the database on it; None is the user's home database."""

    uri: str
    database: str | None = None

    @classmethod
    def read(cls, url: str) -> Self:
        """The address in a URL such as `neo4j+s://host:7687/database`.

        Raises:
            InvalidInput: It names no server, or carries a password, which would end up in logs and histories.
        """
        parts = urlsplit(url)
        if "@" in parts.netloc:
            raise InvalidInput(
                f"the URL of {parts.hostname!r} carries a user or password: give them in GRAPHMEM_NEO4J_USER and"
                " GRAPHMEM_NEO4J_PASSWORD, where no log and no shell history sees them"
            )
        if parts.scheme not in SCHEMES or not parts.hostname:
            raise InvalidInput(f"{url!r} is no server; write neo4j://host:7687 or neo4j://host:7687/database")
        database = unquote(parts.path.strip("/")) or None
        query = f"?{parts.query}" if parts.query else ""
        return cls(f"{parts.scheme}://{parts.netloc}{query}", database)

    @property
    def url(self) -> str:
        """As `read` takes it."""
        return self.uri if self.database is None else f"{self.uri}/{self.database}"


class Link:
    """Sessions with one database, shared by threads; what fails in passing is tried again until a deadline.

    Args:
        address: The server and database.
        login: Who we are there.
        patience_s: How long a transaction is tried, and waits for locks, before it is given up.
    """

    def __init__(self, address: Address, login: Login, *, patience_s: float) -> None:
        self.address = address
        self._patience_s = patience_s
        self._driver = _driver(address, login, patience_s)
        from neo4j import GraphDatabase

        self._bookmarks = GraphDatabase.bookmark_manager()

    def close(self) -> None:
        """End every connection; safe to call twice."""
        self._driver.close()

    def verify(self) -> None:
        """Fail now if the server cannot be reached or does not let us in."""
        self.records(_PING, {})

    def records(self, query: str, parameters: Parameters) -> list[Record]:
        """The records of one reading statement, from any member of a cluster that has seen our own writes."""
        return self._until_deadline(lambda: self._read_once(query, parameters))

    def stream(self, query: str, parameters: Parameters) -> Iterator[Record]:
        """As `records`, without holding all records at once; a broken connection ends it."""
        with translated(self.address), self._session("READ") as session:
            yield from session.run(query, p=parameters)

    def write(self, work: Callable[[ManagedTransaction], Result]) -> Result:
        """What a transaction returns once it is committed; `work` may run several times and must be idempotent."""
        from neo4j import unit_of_work

        timed = unit_of_work(timeout=self._patience_s)(work)

        def attempt() -> Result:
            with self._session("WRITE") as session:
                return session.execute_write(timed)

        return self._until_deadline(attempt, is_writing=True)

    def run_alone(self, query: str, parameters: Parameters | None = None) -> list[Record]:
        """The records of a statement in a transaction of its own, as schema commands need it."""
        with translated(self.address), self._session("WRITE") as session:
            return list(session.run(query, p=parameters or {}))

    def _read_once(self, query: str, parameters: Parameters) -> list[Record]:
        with self._session("READ") as session:
            return list(session.run(query, p=parameters))

    def _session(self, mode: str) -> Session:
        return self._driver.session(
            database=self.address.database, default_access_mode=mode, bookmark_manager=self._bookmarks
        )

    def _until_deadline(self, attempt: Callable[[], Result], *, is_writing: bool = False) -> Result:
        """Try again what the server or the network failed at in passing.

        The answer to a commit may be lost: the transaction is sent again, and finds by its `op_id` what it did.
        """
        from neo4j.exceptions import DriverError, IncompleteCommit, Neo4jError

        deadline, pause = time.monotonic() + self._patience_s, _FIRST_PAUSE_S
        while True:
            try:
                return attempt()
            except (DriverError, Neo4jError) as exc:
                is_unsure = isinstance(exc, IncompleteCommit) and is_writing
                if not (is_unsure or exc.is_retryable()) or time.monotonic() + pause > deadline:
                    raise named(exc, self.address) from exc
            time.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_S)


def _driver(address: Address, login: Login, patience_s: float) -> Driver:
    import neo4j

    auth: Any = None
    if login.token is not None:
        auth = neo4j.bearer_auth(login.token)
    elif login.user is not None:
        auth = (login.user, login.password or "")
    with translated(address):
        return neo4j.GraphDatabase.driver(
            address.uri,
            auth=auth,
            connection_timeout=min(_CONNECT_TIMEOUT_S, patience_s),
            connection_acquisition_timeout=patience_s,
            max_transaction_retry_time=min(_FIRST_PAUSE_S, patience_s),
            keep_alive=True,
            liveness_check_timeout=30,
            notifications_min_severity="OFF",
            user_agent="graphmem",
            telemetry_disabled=True,
        )


@contextmanager
def translated(address: Address) -> Iterator[None]:
    """Errors of the driver leave as graphmem's own."""
    from neo4j.exceptions import DriverError, Neo4jError

    try:
        yield
    except (DriverError, Neo4jError) as exc:
        raise named(exc, address) from exc
    except (ValueError, OSError) as exc:
        raise StoreUnavailable(f"{address.uri}: {exc}") from exc


#: What a server's code begins with, what to say, and how to mend it.
_BY_CODE: tuple[tuple[str, type[GraphMemError], str], ...] = (
    (
        "Neo.ClientError.Security",
        StoreUnavailable,
        "the server refuses this login; set GRAPHMEM_NEO4J_USER and GRAPHMEM_NEO4J_PASSWORD (or GRAPHMEM_NEO4J_TOKEN)",
    ),
    (
        "Neo.ClientError.Database.DatabaseNotFound",
        StoreUnavailable,
        "there is no such database; name one that exists in the URL: neo4j://host:7687/database",
    ),
    (
        "Neo.ClientError.General.ReadOnly",
        StoreUnavailable,
        "the database is read-only; open it for writing, or connect to the cluster's leader with neo4j://",
    ),
    (
        "Neo.ClientError.General.ForbiddenOnReadOnlyDatabase",
        StoreUnavailable,
        "the database is read-only; open it for writing, or connect to the cluster's leader with neo4j://",
    ),
    (
        "Neo.ClientError.Cluster.NotALeader",
        StoreUnavailable,
        "this member of the cluster takes no writes; connect with neo4j:// so that they find the leader",
    ),
    (
        "Neo.ClientError.Transaction.TransactionTimedOut",
        StoreUnavailable,
        "the server did not finish in time; nothing was written: try again, or raise GRAPHMEM_LOCK_TIMEOUT_S",
    ),
    (
        "Neo.ClientError.Statement.SyntaxError",
        Unsupported,
        "the server does not understand a statement; graphmem needs Neo4j 5.26 or later",
    ),
    (
        "Neo.ClientError.Procedure",
        Unsupported,
        "the server lacks a procedure or its schema; run: graphmem schema apply",
    ),
    (
        "Neo.ClientError.Schema.ConstraintValidationFailed",
        CorruptStore,
        "what is stored breaks a constraint; run: graphmem check",
    ),
)


def named(exc: Exception, address: Address) -> GraphMemError:
    """The error of graphmem that says what the driver's means, and the fix."""
    from neo4j.exceptions import AuthError, ConfigurationError, IncompleteCommit, Neo4jError

    where = address.url
    if isinstance(exc, IncompleteCommit):
        return CommitUnknown(f"{where}: the connection broke during commit; send the same request with the same op_id")
    if isinstance(exc, ConfigurationError) and not isinstance(exc, AuthError):
        return InvalidInput(f"{where}: {exc}")
    code = (exc.code or "") if isinstance(exc, Neo4jError) else ""
    for start, kind, advice in _BY_CODE:
        if code.startswith(start):
            return kind(f"{where}: {advice} ({_first_line(exc)})")
    if code:
        return StoreUnavailable(f"{where}: {_first_line(exc)} ({code})")
    return StoreUnavailable(
        f"{where} cannot be reached: {_first_line(exc)}; start the server, or name another in GRAPHMEM_URL"
    )


def _first_line(exc: Exception) -> str:
    text = getattr(exc, "message", None) or str(exc)
    return re.sub(r"\s+", " ", str(text).splitlines()[0] if text else type(exc).__name__)[:300]
