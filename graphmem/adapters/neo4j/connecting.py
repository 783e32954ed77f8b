"""The way to a server: its address, who we are there, transactions that are tried again, and errors by their name."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self, TypeVar
from urllib.parse import SplitResult, unquote, urlsplit

from graphmem.adapters.neo4j.first_use import FirstUse
from graphmem.adapters.neo4j.watching import Watch, cut
from graphmem.deadline import deadline
from graphmem.errors import CommitUnknown, CorruptStore, GraphMemError, InvalidInput, StoreUnavailable, Unsupported

if TYPE_CHECKING:
    from neo4j import Driver, ManagedTransaction, Record, Session
    from neo4j.exceptions import DriverError, Neo4jError

SCHEMES = ("neo4j", "neo4j+s", "neo4j+ssc", "bolt", "bolt+s", "bolt+ssc")

Parameters = dict[str, Any]
Result = TypeVar("Result")

_PING = "RETURN 1 AS one"

_CONNECT_TIMEOUT_S = 5.0
#: How long reading is tried again: who waits for an answer had better hear soon that there is none.
_SOON_S = 5.0
_FIRST_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 1.0
_LEAST_S = 0.5
#: What the server ends in time by itself is told more precisely than what is broken off.
_GRACE_S = 1.0
_UNHURRIED_S = 3600.0
_UNHEARD = logging.NullHandler()


@dataclass(frozen=True, slots=True)
class Login:
    """Who we are on a server: a user and password, or a token; neither where the server asks for none."""

    user: str | None = None
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Address:
    """A server and the database on it; None is the user's home database.

    Attributes:
        policy: How a cluster is to route, as in `policy=eu`.
    """

    server: str
    database: str | None = None
    policy: str | None = None

    @classmethod
    def read(cls, url: str) -> Self:
        """The address in a URL such as `neo4j+s://host:7687/database`.

        Raises:
            InvalidInput: It names no server, or carries a password, which would end up in logs and histories.
        """
        # What may hold a password is neither repeated nor kept as a cause.
        if "@" in url:
            raise InvalidInput(
                "the URL carries a user or password: give them in GRAPHMEM_NEO4J_USER and GRAPHMEM_NEO4J_PASSWORD,"
                " where no log and no shell history sees them"
            )
        parts = _parts(url)
        if parts is None or parts.scheme not in SCHEMES or not parts.hostname:
            raise InvalidInput(f"{_told(url)!r} is no server; {_AS_IN}")
        is_policy = parts.scheme.startswith("neo4j") and _POLICY.fullmatch(parts.query)
        if parts.fragment or not (is_policy or not parts.query):
            raise InvalidInput(f"{_told(url)!r} goes on behind its database; {_AS_IN}")
        database = unquote(parts.path.strip("/")) or None
        if database == "system":
            raise InvalidInput(f"{_told(url)!r}: the system database holds no data; {_AS_IN}")
        return cls(f"{parts.scheme}://{parts.netloc}", database, parts.query or None)

    @property
    def uri(self) -> str:
        """As the driver takes it."""
        return self.server if self.policy is None else f"{self.server}?{self.policy}"

    @property
    def url(self) -> str:
        """As `read` takes it."""
        place = self.server if self.database is None else f"{self.server}/{self.database}"
        return place if self.policy is None else f"{place}?{self.policy}"


_AS_IN = "write neo4j://host:7687 or neo4j://host:7687/database"
_POLICY = re.compile(r"policy=[\w-]+")


def _parts(url: str) -> SplitResult | None:
    """None for what is no URL, or has no such port."""
    try:
        parts = urlsplit(url)
        is_usable = parts.port is None or parts.port > 0
    except ValueError:
        return None
    return parts if is_usable else None


def _told(url: str) -> str:
    return re.split(r"[?#]", url)[0]


class Link:
    """Sessions with one database, shared by threads; what fails in passing is tried again until a deadline.

    Args:
        address: The server and database.
        login: Who we are there.
        patience_s: How long a transaction is tried, and waits for locks, before it is given up.
    """

    def __init__(self, address: Address, login: Login, *, patience_s: float) -> None:
        self.address = address
        self.patience_s = self._acquire_s = patience_s
        self._driver = _driver(address, login, patience_s)
        self._watch = Watch()
        self._first_use = FirstUse()
        from neo4j import GraphDatabase

        self._bookmarks = GraphDatabase.bookmark_manager()

    def close(self) -> None:
        """End every connection; safe to call twice."""
        self._driver.close()

    def verify(self) -> None:
        """Fail within seconds if the server cannot be reached or does not let us in."""
        soon = min(_SOON_S, self.patience_s)
        self._until("READ", lambda session, _: list(session.run(_PING)), tried_s=soon, limit_s=soon)

    def unhurried(self) -> Link:
        """The same connections for reading that may take long; only a server that falls silent ends it."""
        other = copy(self)
        other.patience_s = max(self.patience_s, _UNHURRIED_S)
        return other

    def records(self, query: str, parameters: Parameters) -> list[Record]:
        """The records of one reading statement, from any member of a cluster that has seen our own writes."""
        with self._first_use.of(query, self._left()):
            limit = self._left()
            return self._until(
                "READ",
                lambda session, _: _read_once(session, query, parameters),
                tried_s=min(_SOON_S, limit),
                limit_s=limit,
            )

    def write(self, work: Callable[[ManagedTransaction], Result], *, patience_s: float | None = None) -> Result:
        """What a transaction returns once it is committed; `work` may run several times and must be idempotent.

        The answer to a commit may be lost: the transaction is sent again, and finds by its `op_id` what it did.

        Args:
            work: Reads and writes.
            patience_s: How long it is tried if not for as long as usual.
        """
        from neo4j import unit_of_work

        patience = self.patience_s if patience_s is None else patience_s
        return self._until(
            "WRITE",
            lambda session, left: session.execute_write(unit_of_work(timeout=left)(work)),
            tried_s=patience,
            limit_s=patience,
        )

    def run_alone(self, query: str, parameters: Parameters | None = None) -> list[Record]:
        """The records of a statement in a transaction of its own, as schema commands need it."""
        with translated(self.address), self._session("WRITE", _UNHURRIED_S) as session:
            return list(session.run(query, p=parameters or {}))

    def _left(self) -> float:
        """For how many seconds something is read."""
        left = min(self.patience_s, deadline() - time.monotonic())
        if left <= 0:
            raise StoreUnavailable(f"{self.address.url} was not read in time; try again later, or ask for less")
        return left

    def _until(
        self, mode: str, attempt: Callable[[Session, float], Result], *, tried_s: float, limit_s: float
    ) -> Result:
        """Try again what the server or the network failed at in passing, for a while, and break off at the limit."""
        from neo4j.exceptions import DriverError, IncompleteCommit, Neo4jError

        began, pause = time.monotonic(), _FIRST_PAUSE_S
        unsure: IncompleteCommit | None = None
        while True:
            left = max(began + limit_s - time.monotonic(), _LEAST_S)
            try:
                with self._session(mode, left) as session:
                    return attempt(session, left)
            except (DriverError, Neo4jError) as exc:
                self._first_use.forget()
                unsure = exc if isinstance(exc, IncompleteCommit) else unsure
                if not _passes(exc) or time.monotonic() + pause > began + tried_s:
                    # What went wrong later says nothing about a commit whose answer never came.
                    is_late = time.monotonic() >= began + limit_s
                    raise named(unsure or exc, self.address, waited_s=limit_s if is_late else None) from exc
            time.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_S)

    @contextmanager
    def _session(self, mode: str, left: float) -> Iterator[Session]:
        """A session that is broken off if it takes longer than is left, or if its thread is interrupted."""
        session = self._driver.session(
            database=self.address.database,
            default_access_mode=mode,
            bookmark_manager=self._bookmarks,
            connection_acquisition_timeout=min(left, self._acquire_s),
        )
        with self._watch.over(session, time.monotonic() + left + _GRACE_S), session:
            try:
                yield session
            except Exception:
                raise
            except BaseException:
                cut(session)  # perhaps half an answer was read, and the rest would be taken for the next
                raise


def _read_once(session: Session, query: str, parameters: Parameters) -> list[Record]:
    return list(session.run(query, p=parameters))


def _passes(exc: DriverError | Neo4jError) -> bool:
    """Whether the same may work a moment later."""
    from neo4j.exceptions import IncompleteCommit

    return isinstance(exc, IncompleteCommit) or exc.is_retryable()


def _driver(address: Address, login: Login, patience_s: float) -> Driver:
    import neo4j

    # What it warns of is raised, or mended by trying again; programs that set up logging still get it.
    logging.getLogger("neo4j").addHandler(_UNHEARD)
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
            max_transaction_retry_time=0,  # tried again here, sooner than the driver would
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


def named(exc: Exception, address: Address, *, waited_s: float | None = None) -> GraphMemError:
    """The error of graphmem that says what the driver's means, and the fix.

    Args:
        exc: The driver's.
        address: Where it happened.
        waited_s: How long an answer was waited for, if none came.
    """
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
    if waited_s is not None:
        return StoreUnavailable(
            f"{where} did not answer within {waited_s:.0f} s; try again once it does, or raise GRAPHMEM_LOCK_TIMEOUT_S"
        )
    return StoreUnavailable(
        f"{where} cannot be reached: {_last_line(exc)}; start the server, or name another in GRAPHMEM_URL"
    )


def _first_line(exc: Exception) -> str:
    """What a server says before it goes into details."""
    return _line(exc, 0)


def _last_line(exc: Exception) -> str:
    """Why the driver could not connect, which it says after all that it tried."""
    return _line(exc, -1)


def _line(exc: Exception, number: int) -> str:
    lines = str(getattr(exc, "message", None) or exc).splitlines() or [type(exc).__name__]
    return re.sub(r"\s+", " ", lines[number])[:300]
