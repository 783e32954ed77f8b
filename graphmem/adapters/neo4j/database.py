"""Connects to a Neo4j database: address and login, transactions with retries, and translation of driver errors."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import field
from typing import TYPE_CHECKING, Any, Self, TypeVar
from urllib.parse import SplitResult, unquote, urlsplit

from graphmem.adapters.neo4j.first_use import FirstUse
from graphmem.adapters.neo4j.watchdog import Watchdog, cut
from graphmem.deadline import deadline
from graphmem.deferred_dataclass import dataclass
from graphmem.errors import CommitUnknown, CorruptStore, GraphMemError, InvalidInput, StoreUnavailable, Unsupported

if TYPE_CHECKING:
    from neo4j import Driver, ManagedTransaction, Record, Session
    from neo4j.exceptions import DriverError, Neo4jError

SCHEMES = ("neo4j", "neo4j+s", "neo4j+ssc", "bolt", "bolt+s", "bolt+ssc")

Parameters = dict[str, Any]
Result = TypeVar("Result")

_PING = "RETURN 1 AS ping"

_CONNECT_TIMEOUT_S = 5.0
#: Reads are retried for this long only: a reader needs the error soon.
_READ_RETRY_S = 5.0
_FIRST_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 1.0
_LEAST_S = 0.5
#: The watchdog waits this much longer than the server's own timeout, since the server's error is more precise.
_GRACE_S = 1.0
_LONG_S = 3600.0
_SILENT = logging.NullHandler()


@dataclass(frozen=True, slots=True)
class Login:
    """Credentials: a user and password, or a token; neither for a server without authentication."""

    user: str | None = None
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Address:
    """A server and a database on it; None means the user's home database.

    Attributes:
        policy: The routing policy of a cluster, such as `policy=eu`.
    """

    server: str
    database: str | None = None
    policy: str | None = None

    @classmethod
    def read(cls, url: str) -> Self:
        """Parse a URL such as `neo4j+s://host:7687/database`.

        Raises:
            InvalidInput: It names no server, or contains a password, which would end up in logs and shell histories.
        """
        # A part that may contain a password is not repeated in the message, nor chained as a cause.
        if "@" in url:
            raise InvalidInput(
                "the URL carries a user or password: set GRAPHMEM_NEO4J_USER and GRAPHMEM_NEO4J_PASSWORD instead,"
                " so that they appear in no log and no shell history"
            )
        parts = _parts(url)
        if parts is None or parts.scheme not in SCHEMES or not parts.hostname:
            raise InvalidInput(f"{_without_query(url)!r} is no server; {_EXAMPLE}")
        is_policy = parts.scheme.startswith("neo4j") and _POLICY.fullmatch(parts.query)
        if parts.fragment or not (is_policy or not parts.query):
            raise InvalidInput(f"{_without_query(url)!r} has more after the database name; {_EXAMPLE}")
        database = unquote(parts.path.strip("/")) or None
        if database == "system":
            raise InvalidInput(f"{_without_query(url)!r}: the system database holds no data; {_EXAMPLE}")
        return cls(f"{parts.scheme}://{parts.netloc}", database, parts.query or None)

    @property
    def uri(self) -> str:
        """The URL that the driver takes: without the database."""
        return self.server if self.policy is None else f"{self.server}?{self.policy}"

    @property
    def url(self) -> str:
        """The URL that `read` takes."""
        path = self.server if self.database is None else f"{self.server}/{self.database}"
        return path if self.policy is None else f"{path}?{self.policy}"


_EXAMPLE = "write neo4j://host:7687 or neo4j://host:7687/database"
_POLICY = re.compile(r"policy=[\w-]+")


def _parts(url: str) -> SplitResult | None:
    """Return the parts of a URL; None if it is not a URL, or its port is not valid."""
    try:
        parts = urlsplit(url)
        is_usable = parts.port is None or parts.port > 0
    except ValueError:
        return None
    return parts if is_usable else None


def _without_query(url: str) -> str:
    return re.split(r"[?#]", url)[0]


class Database:
    """A database on a server, shared by threads; transient failures are retried until a deadline.

    Args:
        address: The server and database.
        login: The credentials.
        patience_s: The longest time for a transaction with its retries and its waits for locks, in seconds.
    """

    def __init__(self, address: Address, login: Login, *, patience_s: float) -> None:
        self.address = address
        self.patience_s = self._acquire_s = patience_s
        self._driver = _driver(address, login, patience_s)
        self._watchdog = Watchdog()
        self._first_use = FirstUse()
        from neo4j import GraphDatabase

        self._bookmarks = GraphDatabase.bookmark_manager()

    def close(self) -> None:
        """Close every connection; safe to call twice."""
        self._driver.close()

    def verify(self) -> None:
        """Raise within seconds if the server cannot be reached or refuses the login."""
        limit_s = min(_READ_RETRY_S, self.patience_s)
        self._until("READ", lambda session, _: list(session.run(_PING)), retry_s=limit_s, limit_s=limit_s)

    def for_long_reads(self) -> Database:
        """Return the same database with a time limit of an hour at least, for long reads."""
        patient = copy(self)
        patient.patience_s = max(self.patience_s, _LONG_S)
        return patient

    def records(self, query: str, parameters: Parameters) -> list[Record]:
        """Return the records of a reading statement, from any cluster member that has this process's earlier writes."""
        with self._first_use.of(query, self._left()):
            limit = self._left()
            return self._until(
                "READ",
                lambda session, _: _read_once(session, query, parameters),
                retry_s=min(_READ_RETRY_S, limit),
                limit_s=limit,
            )

    def write(self, work: Callable[[ManagedTransaction], Result], *, patience_s: float | None = None) -> Result:
        """Run `work` in a transaction and return its result after the commit.

        `work` may run several times and must be idempotent: if the answer to a commit is lost, the transaction is sent
        again and recognizes its entries by their `op_id`.

        Args:
            work: Reads and writes.
            patience_s: The time limit in seconds; by default that of the database.
        """
        from neo4j import unit_of_work

        patience = self.patience_s if patience_s is None else patience_s
        return self._until(
            "WRITE",
            lambda session, left: session.execute_write(unit_of_work(timeout=left)(work)),
            retry_s=patience,
            limit_s=patience,
        )

    def run_alone(
        self, query: str, parameters: Parameters | None = None, *, limit_s: float | None = None
    ) -> list[Record]:
        """Return the records of a statement in an auto-commit transaction, as schema commands require.

        Args:
            query: The statement.
            parameters: Its parameters, as `$p`.
            limit_s: The seconds after which the server ends it; unlimited if not given.
        """
        from neo4j import Query

        with translated(self.address), self._session("WRITE", _LONG_S) as session:
            return list(session.run(Query(query, timeout=limit_s), p=parameters or {}))

    def _left(self) -> float:
        """Return the seconds left for a read."""
        left = min(self.patience_s, deadline() - time.monotonic())
        if left <= 0:
            raise StoreUnavailable(f"{self.address.url} was not read in time; try again later, or request less")
        return left

    def _until(
        self, mode: str, attempt: Callable[[Session, float], Result], *, retry_s: float, limit_s: float
    ) -> Result:
        """Repeat an attempt after transient failures for `retry_s` seconds, and end it at `limit_s` seconds."""
        from neo4j.exceptions import DriverError, IncompleteCommit, Neo4jError

        start, pause = time.monotonic(), _FIRST_PAUSE_S
        incomplete: IncompleteCommit | None = None
        while True:
            left = max(start + limit_s - time.monotonic(), _LEAST_S)
            try:
                with self._session(mode, left) as session:
                    return attempt(session, left)
            except (DriverError, Neo4jError) as exc:
                self._first_use.forget()
                incomplete = exc if isinstance(exc, IncompleteCommit) else incomplete
                if not _is_transient(exc) or time.monotonic() + pause > start + retry_s:
                    # A later failure does not tell whether a commit without an answer succeeded.
                    is_late = time.monotonic() >= start + limit_s
                    raise translate(incomplete or exc, self.address, waited_s=limit_s if is_late else None) from exc
            time.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_S)

    @contextmanager
    def _session(self, mode: str, left: float) -> Iterator[Session]:
        """Open a session; break its connection after `left` seconds, or if its thread is interrupted."""
        session = self._driver.session(
            database=self.address.database,
            default_access_mode=mode,
            bookmark_manager=self._bookmarks,
            connection_acquisition_timeout=min(left, self._acquire_s),
        )
        with self._watchdog.watching(session, time.monotonic() + left + _GRACE_S), session:
            try:
                yield session
            except Exception:
                raise
            except BaseException:
                cut(session)  # the unread rest of an answer would be read as the next answer
                raise


def _read_once(session: Session, query: str, parameters: Parameters) -> list[Record]:
    return list(session.run(query, p=parameters))


def _is_transient(exc: DriverError | Neo4jError) -> bool:
    """Return whether a retry may succeed."""
    from neo4j.exceptions import IncompleteCommit

    return isinstance(exc, IncompleteCommit) or exc.is_retryable()


def _driver(address: Address, login: Login, patience_s: float) -> Driver:
    import neo4j

    # Its warnings are raised as errors or resolved by retries; programs that set up logging still get them.
    logging.getLogger("neo4j").addHandler(_SILENT)
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
            max_transaction_retry_time=0,  # `_until` retries, sooner than the driver would
            keep_alive=True,
            liveness_check_timeout=30,
            notifications_min_severity="OFF",
            user_agent="graphmem",
            telemetry_disabled=True,
        )


@contextmanager
def translated(address: Address) -> Iterator[None]:
    """Raise driver errors as graphmem errors."""
    from neo4j.exceptions import DriverError, Neo4jError

    try:
        yield
    except (DriverError, Neo4jError) as exc:
        raise translate(exc, address) from exc
    except (ValueError, OSError) as exc:
        raise StoreUnavailable(f"{address.uri}: {exc}") from exc


#: Prefix of a server error code, error class, and message with the fix.
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
    *(
        (
            f"Neo.ClientError.General.{code}",
            StoreUnavailable,
            "the database is read-only; open it for writing (server.databases.read_only), or use the leader: neo4j://",
        )
        for code in ("WriteOnReadOnlyAccessDatabase", "ForbiddenOnReadOnlyDatabase", "ReadOnly")
    ),
    (
        "Neo.ClientError.Cluster.NotALeader",
        StoreUnavailable,
        "this member of the cluster takes no writes; connect with neo4j:// so that writes reach the leader",
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
        "stored data violates a constraint; run: graphmem check",
    ),
)


def translate(exc: Exception, address: Address, *, waited_s: float | None = None) -> GraphMemError:
    """Return the graphmem error for a driver error, with the fix in its message.

    Args:
        exc: The driver's error.
        address: The database.
        waited_s: The time limit in seconds if it has passed; else None.
    """
    from neo4j.exceptions import AuthError, ConfigurationError, IncompleteCommit, Neo4jError

    url = address.url
    if isinstance(exc, IncompleteCommit):
        return CommitUnknown(f"{url}: the connection broke during commit; send the same request with the same op_id")
    if isinstance(exc, ConfigurationError) and not isinstance(exc, AuthError):
        return InvalidInput(f"{url}: {exc}")
    code = (exc.code or "") if isinstance(exc, Neo4jError) else ""
    for prefix, kind, advice in _BY_CODE:
        if code.startswith(prefix):
            return kind(f"{url}: {advice} ({_first_line(exc)})")
    if code:
        return StoreUnavailable(f"{url}: {_first_line(exc)} ({code})")
    if waited_s is not None:
        return StoreUnavailable(
            f"{url} did not answer within {waited_s:.0f} s; try again once it does, or raise GRAPHMEM_LOCK_TIMEOUT_S"
        )
    return StoreUnavailable(
        f"{url} cannot be reached: {_last_line(exc)}; start the server, or name another in GRAPHMEM_URL"
    )


def _first_line(exc: Exception) -> str:
    """Return the first line of a server's message; details follow it."""
    return _line(exc, 0)


def _last_line(exc: Exception) -> str:
    """Return the last line of a driver's message: the reason, after the list of tried addresses."""
    return _line(exc, -1)


def _line(exc: Exception, number: int) -> str:
    lines = str(getattr(exc, "message", None) or exc).splitlines() or [type(exc).__name__]
    return re.sub(r"\s+", " ", lines[number])[:300]
