"""One store asked over every surface: each call gives the milliseconds that it took its caller, parsing included."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote, urlsplit

from anyio.from_thread import BlockingPortal, start_blocking_portal
from mcp import Client
from mcp.client.stdio import StdioServerParameters

import graphmem
from benchmarks.speed.corpus import TENANT, Asked, home
from graphmem import GraphMemory, Page, Scope, Write

_ROOT = Path(__file__).parent.parent.parent
_LIMIT = 10


class Caller(Protocol):
    """A surface as its user has it; verbs that it lacks give None."""

    def search(self, asked: Asked) -> float | None:
        """A question in one repository."""
        ...

    def get(self, key: str) -> float | None:
        """One memory by its id."""
        ...

    def add(self, text: str) -> float | None:
        """Record a memory, told what is similar."""
        ...


class Verbs:
    """The library, or the client of a server, which has the same verbs."""

    def __init__(self, memory: GraphMemory) -> None:
        self._memory = memory

    def search(self, asked: Asked) -> float:
        """See `Caller`."""
        return _timed(
            lambda: self._memory.search(asked.text, scope=Scope(TENANT, asked.repo), page=Page(_LIMIT)).hits[0]
        )

    def get(self, key: str) -> float:
        """See `Caller`."""
        return _timed(lambda: self._memory.get(key))

    def add(self, text: str) -> float:
        """See `Caller`."""
        return _timed(lambda: self._memory.add(text, write=Write(scope=home(0))).ids[0])


class RawHttp:
    """One kept connection of the standard library, JSON in and out: what HTTP itself adds."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._connection = HTTPConnection(parts.hostname or "", parts.port)

    def search(self, asked: Asked) -> float:
        """See `Caller`."""
        body = {"query": asked.text, "limit": _LIMIT}
        return _timed(lambda: self.ask("POST", f"/v1/search?{place(asked.repo)}", body)["hits"][0])

    def get(self, key: str) -> float:
        """See `Caller`."""
        return _timed(lambda: self.ask("GET", f"/v1/memories/{key}?{place(home(0).repo or '')}"))

    def add(self, text: str) -> float:
        """See `Caller`."""
        path = f"/v1/memories?{place(home(0).repo or '')}"
        return _timed(lambda: self.ask("POST", path, {"statement": text})["ids"][0])

    def ask(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        """The answer to one request.

        Raises:
            RuntimeError: It is no success; 429 is none.
        """
        sent = None if body is None else json.dumps(body)
        self._connection.request(method, path, sent, {"Content-Type": "application/json"})
        answer = self._connection.getresponse()
        text = answer.read()
        if not 200 <= answer.status < 300:  # noqa: PLR2004 - success in HTTP
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:200]!r}")
        return json.loads(text)


class Tools:
    """The official SDK's client; timed inside its event loop."""

    def __init__(self, portal: BlockingPortal, client: Client) -> None:
        self._portal = portal
        self._client = client

    def search(self, asked: Asked) -> float:
        """See `Caller`."""
        return self._call("memory_search", {"query": asked.text, "repo": asked.repo, "limit": _LIMIT})

    def get(self, key: str) -> None:
        """No tool does only that."""

    def add(self, text: str) -> float:
        """See `Caller`."""
        return self._call("memory_add", {"text": text})

    def _call(self, tool: str, given: dict[str, Any]) -> float:
        async def call() -> float:
            started = time.perf_counter()
            done = await self._client.call_tool(tool, given)
            took = (time.perf_counter() - started) * 1e3
            if done.is_error or not (done.structured_content.get("hits") or done.structured_content.get("ids")):
                raise RuntimeError(f"{tool}: {done.structured_content}")
            return took

        return self._portal.call(call)


@contextmanager
def every_caller(path: str, count: int, url: str, library: GraphMemory) -> Iterator[dict[str, Caller]]:
    """All of them by name, the library first."""
    words = ["-m", "benchmarks.speed.served", "stdio", path, str(count)]
    stdio = StdioServerParameters(command=sys.executable, args=words, cwd=str(_ROOT))
    with ExitStack() as stack:
        portal = stack.enter_context(start_blocking_portal())
        client = stack.enter_context(graphmem.open(url, scope=home(0), actor="speed"))
        over_http, over_stdio = (
            stack.enter_context(portal.wrap_async_context_manager(Client(target))) for target in (f"{url}/mcp", stdio)
        )
        yield {
            "library": Verbs(library),
            "raw HTTP": RawHttp(url),
            "HTTP client": Verbs(client),
            "MCP over HTTP": Tools(portal, over_http),
            "MCP over stdio": Tools(portal, over_stdio),
        }


def _timed(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return (time.perf_counter() - started) * 1e3


def place(repo: str) -> str:
    """The query that says where a caller over HTTP stands."""
    return f"tenant={TENANT}&repo={quote(repo, safe='')}"
