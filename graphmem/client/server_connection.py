"""HTTP requests to a server: idempotent requests are retried, and errors are raised as the library's own classes."""

from __future__ import annotations

import random
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import field
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx2

from graphmem.deferred_dataclass import dataclass
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
_ERRORS = {error.code: error for error in GraphMemError.__subclasses__()}
_CLASS_OF_STATUS: dict[int, type[GraphMemError]] = {401: Forbidden, 403: Forbidden, 404: NotFound, 413: InvalidInput}


@dataclass(frozen=True, slots=True)
class ServerRequest:
    """A request to a server.

    Attributes:
        lines: The body as lines instead of JSON; an iterator, so the request is sent at most once.
        op_id: Identifier of a write, which makes it idempotent.
        is_repeatable: The request may be sent again: it reads, or it has an `op_id`.
        is_long: No time limit applies to the answer.
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
    """A server, reached through a pool of connections. Safe to use from several threads.

    Args:
        url: `http://host:port` or `https://…`, without user name and password.
        key: Sent with every request; None for a server without keys.
        http: The HTTP client; made for the URL if not given.
        pause: Waits a number of seconds before a retry.
    """

    def __init__(
        self,
        url: str,
        key: str | None = None,
        *,
        http: httpx2.Client | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.url = server_url(url)
        headers = {"Accept": "application/json"} | ({} if key is None else {"Authorization": f"Bearer {key}"})
        self._http = http or httpx2.Client(
            timeout=httpx2.Timeout(_ANSWER_S, connect=_CONNECT_S), verify=trusted_certificates(self.url)
        )
        self._headers = headers
        self._pause = pause

    def send(self, kind: type[Answer], request: ServerRequest) -> Answer:
        """Return the server's answer as a value of the library.

        Raises:
            GraphMemError: As the library; `StoreUnavailable` or `CommitUnknown` if the server cannot be reached.
        """
        return read_json(kind, self._send_with_retries(request).content)

    @contextmanager
    def lines(self, path: str, query: Query) -> Iterator[Iterator[str]]:
        """Yield the lines of a streamed answer as they arrive."""
        try:
            with self._http.stream(
                "GET", self.url + path, params=_without_empty(query), headers=self._headers
            ) as response:
                if not response.is_success:
                    response.read()
                    raise error_of(response, self.url)
                yield _lines(response.iter_bytes())
        except httpx2.TransportError as exc:
            raise StoreUnavailable(f"the answer of {self.url} was cut off ({exc}): send the request again") from exc

    def close(self) -> None:
        """Close the connections; safe to call twice."""
        self._http.close()

    # ---- parts

    def _send_with_retries(self, request: ServerRequest) -> httpx2.Response:
        for attempt in range(_ATTEMPTS):
            is_last = attempt == _ATTEMPTS - 1 or request.lines is not None
            try:
                response = self._send_once(request)
            except httpx2.TransportError as exc:
                if is_last or not _may_resend(request, exc):
                    raise self._unreachable(request, exc) from exc
                wait = 0.0
            else:
                if response.is_success:
                    return response
                if is_last or response.status_code not in _BUSY or not request.is_repeatable:
                    raise error_of(response, self.url)
                wait = _retry_after_s(response)
            backoff = _FIRST_PAUSE_S * 2**attempt * random.uniform(0.5, 1.5)  # noqa: S311 - not for secrets
            self._pause(min(max(wait, backoff), _LONGEST_PAUSE_S))
        raise AssertionError("the last attempt returns or raises")

    def _send_once(self, request: ServerRequest) -> httpx2.Response:
        headers = self._headers if request.op_id is None else {**self._headers, "Idempotency-Key": request.op_id}
        sent: dict[str, Any] = {"json": request.body}
        if request.lines is not None:
            headers = {**headers, "Content-Type": "application/x-ndjson"}
            sent = {"content": (f"{line}\n".encode() for line in request.lines)}
        if request.is_long:
            sent["timeout"] = httpx2.Timeout(None, connect=_CONNECT_S)
        url, query = self.url + request.path, _without_empty(request.query)
        return self._http.request(request.method, url, params=query, headers=headers, **sent)

    def _unreachable(self, request: ServerRequest, exc: httpx2.TransportError) -> GraphMemError:
        if request.method == "GET" or _was_never_sent(exc):
            return StoreUnavailable(f"no server answers at {self.url} ({exc}); start one with graphmem serve")
        name = "" if request.op_id is None else f": send it again with op_id {request.op_id!r}"
        return CommitUnknown(f"the connection to {self.url} was lost before it answered ({exc}){name}")


def server_url(url: str) -> str:
    """Return the URL of a server without a final slash.

    Raises:
        InvalidInput: It has no host, or a user name or password.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as exc:
        raise InvalidInput(f"{url!r} is not the URL of a server; write http://127.0.0.1:7470") from exc
    if parts.username is not None or parts.password is not None:
        raise InvalidInput("the URL of a server has no user name or password: set GRAPHMEM_KEY in the environment")
    if not host or port == 0 or parts.query or parts.fragment:
        raise InvalidInput(f"{url!r} is not the URL of a server; write http://127.0.0.1:7470")
    return url.rstrip("/")


def trusted_certificates(url: str) -> ssl.SSLContext | bool:
    """Return httpx2's `verify` for a server: none are read for `http://`, since reading them takes 30 ms.

    Where a proxy is set they are read, since it may be reached over TLS.
    """
    from urllib.request import getproxies

    if url.startswith("http://") and {"http", "all"}.isdisjoint(getproxies()):
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # trusts nobody
    return True


def error_of(response: httpx2.Response, url: str) -> GraphMemError:
    """Return a response's error as an instance of the class that the library would have raised."""
    try:
        problem = response.json()
        kind, message = _ERRORS[problem["code"]], str(problem["detail"])
        heads = tuple(map(str, problem.get("heads", ())))
    except (ValueError, KeyError, TypeError):
        return _foreign_error(response, url)
    if response.status_code == _NO_KEY:
        message = _key_advice(response, message, url)
    return Conflict(message, heads) if issubclass(kind, Conflict) else kind(message)


def _key_advice(response: httpx2.Response, message: str, url: str) -> str:
    """Return the message for a missing or refused key, in terms of GRAPHMEM_KEY and not of headers."""
    if "authorization" in response.request.headers:
        return f"{message} (GRAPHMEM_KEY, for {url})"
    fix = "set GRAPHMEM_KEY=gmk_…; the operator of the server makes a key with: graphmem key create NAME"
    return f"{url} needs a key, and there is no key in the environment: {fix}"


def _foreign_error(response: httpx2.Response, url: str) -> GraphMemError:
    """Return the error for a response that is not graphmem's: from a proxy, or from another server at the URL."""
    status = response.status_code
    problem = f"{url} answered {status} {response.reason_phrase!r}, which is not an answer of graphmem"
    kind = _CLASS_OF_STATUS.get(status, StoreUnavailable if status in _BUSY | {502, 504} else Unsupported)
    return kind(f"{problem}; check which server listens there")


def _may_resend(request: ServerRequest, exc: httpx2.TransportError) -> bool:
    return request.is_repeatable or _was_never_sent(exc)


def _was_never_sent(exc: httpx2.TransportError) -> bool:
    return isinstance(exc, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout)


def _retry_after_s(response: httpx2.Response) -> float:
    text = response.headers.get("Retry-After", "")
    return float(text) if text.isdecimal() else 0.0


def _without_empty(query: Query) -> dict[str, Any]:
    return {name: value for name, value in query.items() if value not in (None, [])}


def _lines(parts: Iterable[bytes]) -> Iterator[str]:
    """Split at line feeds only: texts may hold other line separators."""
    rest = b""
    for part in parts:
        *complete, rest = (rest + part).split(b"\n")
        for line in complete:
            yield line.decode()
    if rest:
        yield rest.decode()
