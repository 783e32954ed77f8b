"""Requests to a server: what may be sent twice is, errors come out as the library's own."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx2

from graphmem.errors import (
    CommitUnknown,
    Conflict,
    Forbidden,
    GraphMemError,
    InvalidInput,
    NotFound,
    StoreUnavailable,
    Unsupported,
)
from graphmem.wire.forms import read_json

Answer = TypeVar("Answer")
Query = Mapping[str, str | int | float | bool | list[str] | None]

_ATTEMPTS = 4
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.2, 5.0
_CONNECT_S, _ANSWER_S = 5.0, 60.0
_NO_KEY = 401
_BUSY = frozenset({429, 503})
_ERRORS = {one.code: one for one in GraphMemError.__subclasses__()}
_OF_STATUS: dict[int, type[GraphMemError]] = {401: Forbidden, 403: Forbidden, 404: NotFound, 413: InvalidInput}


@dataclass(frozen=True, slots=True)
class Asked:
    """One request.

    Attributes:
        lines: The body, in place of JSON; read once, so it is sent once.
        op_id: Names a write.
        is_repeatable: Sending it twice does what sending it once does: it reads, or `op_id` names it.
        is_long: Its answer takes as long as it takes.
    """

    method: str
    path: str
    query: Query = field(default_factory=dict)
    body: object = None
    lines: Iterable[str] | None = None
    op_id: str | None = None
    is_repeatable: bool = True
    is_long: bool = False


class Connection:
    """One server, asked over a pool of connections. Safe to use from several threads.

    Args:
        url: `http://host:port` or `https://…`, without a login.
        key: Sent with every request; None for a server without keys.
        http: Sends requests; made for the URL if not given.
        pause: Waits so many seconds before a request is sent again.
    """

    def __init__(
        self,
        url: str,
        key: str | None = None,
        *,
        http: httpx2.Client | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.url = checked(url)
        headers = {"Accept": "application/json"} | ({} if key is None else {"Authorization": f"Bearer {key}"})
        self._http = http or httpx2.Client(timeout=httpx2.Timeout(_ANSWER_S, connect=_CONNECT_S))
        self._headers = headers
        self._pause = pause

    def ask(self, kind: type[Answer], asked: Asked) -> Answer:
        """The server's answer as a value of the library.

        Raises:
            GraphMemError: As the library does; or `StoreUnavailable`, `CommitUnknown` if the server cannot be reached.
        """
        return read_json(kind, self._sent(asked).content)

    @contextmanager
    def lines(self, path: str, query: Query) -> Iterator[Iterator[str]]:
        """The lines of a long answer, as they come."""
        try:
            with self._http.stream("GET", self.url + path, params=_given(query), headers=self._headers) as response:
                if not response.is_success:
                    response.read()
                    raise error_of(response, self.url)
                yield _lines(response.iter_bytes())
        except httpx2.TransportError as exc:
            raise StoreUnavailable(f"the answer of {self.url} was cut off ({exc}): ask again") from exc

    def close(self) -> None:
        """Close the connections; safe to call twice."""
        self._http.close()

    # ---- parts

    def _sent(self, asked: Asked) -> httpx2.Response:
        for attempt in range(_ATTEMPTS):
            is_last = attempt == _ATTEMPTS - 1 or asked.lines is not None
            try:
                response = self._send(asked)
            except httpx2.TransportError as exc:
                if is_last or not _may_resend(asked, exc):
                    raise self._unreachable(asked, exc) from exc
                wait = 0.0
            else:
                if response.is_success:
                    return response
                if is_last or response.status_code not in _BUSY or not asked.is_repeatable:
                    raise error_of(response, self.url)
                wait = _told_wait(response)
            backoff = _FIRST_PAUSE_S * 2**attempt * random.uniform(0.5, 1.5)  # noqa: S311 - not for secrets
            self._pause(min(max(wait, backoff), _LONGEST_PAUSE_S))
        raise AssertionError("the last attempt returns or raises")

    def _send(self, asked: Asked) -> httpx2.Response:
        headers = self._headers if asked.op_id is None else {**self._headers, "Idempotency-Key": asked.op_id}
        sent: dict[str, Any] = {"json": asked.body}
        if asked.lines is not None:
            headers = {**headers, "Content-Type": "application/x-ndjson"}
            sent = {"content": (f"{line}\n".encode() for line in asked.lines)}
        if asked.is_long:
            sent["timeout"] = httpx2.Timeout(None, connect=_CONNECT_S)
        url, query = self.url + asked.path, _given(asked.query)
        return self._http.request(asked.method, url, params=query, headers=headers, **sent)

    def _unreachable(self, asked: Asked, exc: httpx2.TransportError) -> GraphMemError:
        if asked.method == "GET" or _was_never_sent(exc):
            return StoreUnavailable(f"no server answers at {self.url} ({exc}); start one with graphmem serve")
        name = "" if asked.op_id is None else f": send it again with op_id {asked.op_id!r}"
        return CommitUnknown(f"the connection to {self.url} was lost before it answered ({exc}){name}")


def checked(url: str) -> str:
    """The URL of a server without its last slash.

    Raises:
        InvalidInput: It names no host, or carries a login.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as exc:
        raise InvalidInput(f"{url!r} is no URL of a server; write http://127.0.0.1:7470") from exc
    if parts.username is not None or parts.password is not None:
        raise InvalidInput("a URL carries no login: set GRAPHMEM_KEY in the environment")
    if not host or port == 0 or parts.query or parts.fragment:
        raise InvalidInput(f"{url!r} is no URL of a server; write http://127.0.0.1:7470")
    return url.rstrip("/")


def error_of(response: httpx2.Response, url: str) -> GraphMemError:
    """The error that a response tells of, of the class that the library would have raised."""
    try:
        problem = response.json()
        kind, message = _ERRORS[problem["code"]], str(problem["detail"])
        heads = tuple(map(str, problem.get("heads", ())))
    except (ValueError, KeyError, TypeError):
        return _stranger(response, url)
    if response.status_code == _NO_KEY:
        message = _key_told(response, message, url)
    return Conflict(message, heads) if issubclass(kind, Conflict) else kind(message)


def _key_told(response: httpx2.Response, message: str, url: str) -> str:
    """What a caller of the library does about a key, who sends no headers of their own."""
    if "authorization" in response.request.headers:
        return f"{message} (GRAPHMEM_KEY, for {url})"
    made = "who runs the server makes one with: graphmem key create NAME"
    return f"there is no key, and {url} asks for one: set GRAPHMEM_KEY=gmk_…; {made}"


def _stranger(response: httpx2.Response, url: str) -> GraphMemError:
    """Something between here and there answered, or there is another server."""
    status = response.status_code
    told = f"{url} answered {status} {response.reason_phrase!r}, which is no answer of graphmem"
    kind = _OF_STATUS.get(status, StoreUnavailable if status in _BUSY | {502, 504} else Unsupported)
    return kind(f"{told}; look what listens there")


def _may_resend(asked: Asked, exc: httpx2.TransportError) -> bool:
    return asked.is_repeatable or _was_never_sent(exc)


def _was_never_sent(exc: httpx2.TransportError) -> bool:
    return isinstance(exc, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout)


def _told_wait(response: httpx2.Response) -> float:
    told = response.headers.get("Retry-After", "")
    return float(told) if told.isdecimal() else 0.0


def _given(query: Query) -> dict[str, Any]:
    return {name: value for name, value in query.items() if value not in (None, [])}


def _lines(parts: Iterable[bytes]) -> Iterator[str]:
    """Split at line feeds alone: texts may hold other ends of lines."""
    rest = b""
    for part in parts:
        *whole, rest = (rest + part).split(b"\n")
        for line in whole:
            yield line.decode()
    if rest:
        yield rest.decode()
