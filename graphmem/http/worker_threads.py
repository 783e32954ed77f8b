"""Runs requests in a limited number of threads within a time limit, and brief reads in the event loop itself."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from enum import Enum
from functools import partial
from typing import TypeVar

from starlette.responses import Response

from graphmem.deadline import wanted_by
from graphmem.deferred_dataclass import dataclass
from graphmem.errors import CommitUnknown, StoreUnavailable
from graphmem.http.problems import Refusal
from graphmem.http.readiness import Readiness
from graphmem.http.request_limits import BodyReader, Limits
from graphmem.http.request_log import Metrics
from graphmem.service import GraphMemory
from graphmem.wire.json_documents import document

Result = TypeVar("Result")
#: Extra time of a request inside the library, so that a write's reads after its commit do not fail before the caller
#: gets a timeout.
_GRACE_S = 1.0
#: Bodies up to this size are parsed in the event loop, larger bodies in this many threads.
_SMALL_BYTES, _PARSERS = 1 << 14, 2
#: The weight of the newest cost in the average; a cost above this multiple of the average replaces it.
_NEWEST_WEIGHT, _OUTLIER_FACTOR = 0.1, 4


class _Work(Enum):
    """The kinds of work, each with threads of its own."""

    READING = "reading"
    WRITING = "writing"
    KEEPING = "keeping"


class VerbCosts:
    """The average processor time of each verb, recent calls weighing most.

    Args:
        limit_s: The longest time that counts as brief, in seconds.
    """

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._taken_s: dict[str, float] = {}

    def is_brief(self, verb: str) -> bool:
        """Return whether recent calls of a verb were brief; False before the first call."""
        return self._taken_s.get(verb, self._limit_s + 1) <= self._limit_s

    @contextmanager
    def timed(self, verb: str) -> Iterator[None]:
        """Measure the block. A single slow call outweighs many brief calls."""
        begun = time.thread_time()
        try:
            yield
        finally:
            taken = time.thread_time() - begun
            before = self._taken_s.get(verb, taken)
            self._taken_s[verb] = (
                taken if taken > _OUTLIER_FACTOR * before else before + _NEWEST_WEIGHT * (taken - before)
            )


class Workers:
    """The threads that call the library."""

    def __init__(self, limits: Limits, metrics: Metrics) -> None:
        self._limits = limits
        self._metrics = metrics
        self._costs = VerbCosts(limits.brief_s)
        # Separate pools, so that writes which wait for another process's lock, and long exports, do not delay reads.
        self._pools = {work: ThreadPoolExecutor(limits.running, f"graphmem {work.value}") for work in _Work}
        self._parsers = ThreadPoolExecutor(_PARSERS, "graphmem parsing")
        self._count = 0

    async def answer(
        self, verb: str, job: Callable[[], Response], *, is_write: bool, may_be_brief: bool = False
    ) -> Response:
        """Return the response of a job, run in a thread, or in the event loop if it may be brief and recent calls were.

        Raises:
            Refusal: The queue is full.
            StoreUnavailable: The time limit passed, and nothing was written.
            CommitUnknown: The time limit passed, and the write may still succeed.
        """
        until = time.monotonic() + self._limits.time_s + _GRACE_S

        def in_time() -> Response:
            with wanted_by(until):
                return job()

        if may_be_brief and self._costs.is_brief(verb):
            return self._run_in_loop(verb, in_time)
        future = self._begin(_Work.WRITING if is_write else _Work.READING, verb, in_time)
        try:
            return await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(future)), self._limits.time_s)
        except TimeoutError:
            self._metrics.overdue()
            problem = f"the request took longer than {self._limits.time_s:g} seconds"
            if future.cancel() or not is_write:
                raise StoreUnavailable(f"{problem}; try again later, or request less") from None
            raise CommitUnknown(
                f"{problem} and may still be written; send it again with the same Idempotency-Key"
            ) from None

    async def run_unbounded(self, verb: str, do: Callable[[], Result]) -> Result:
        """Return the result of an operation on the whole store, which has no time limit."""
        return await asyncio.wrap_future(self._begin(_Work.KEEPING, verb, do))

    async def parse(self, size: int, job: Callable[[], Result]) -> Result:
        """Return the result of parsing a body of `size` bytes; a large body does not block other requests."""
        if size <= _SMALL_BYTES:
            return job()
        return await asyncio.get_running_loop().run_in_executor(self._parsers, job)

    def close(self) -> None:
        """Wait for running jobs."""
        for pool in (*self._pools.values(), self._parsers):
            pool.shutdown(wait=True, cancel_futures=True)

    # ---- parts

    def _begin(self, work: _Work, verb: str, job: Callable[[], Result]) -> Future[Result]:
        if self._count >= self._limits.running + self._limits.waiting:
            raise Refusal(429, StoreUnavailable.code, f"{self._count} requests are running or waiting: try again later")
        self._count += 1
        self._metrics.working(1)
        loop = asyncio.get_running_loop()
        future = self._pools[work].submit(copy_context().run, self._timed, verb, job)
        future.add_done_callback(lambda _: self._schedule_done(loop))
        return future

    def _run_in_loop(self, verb: str, job: Callable[[], Result]) -> Result:
        self._metrics.working(1)
        try:
            return self._timed(verb, job)
        finally:
            self._metrics.working(-1)

    def _timed(self, verb: str, job: Callable[[], Result]) -> Result:
        with self._metrics.store_seconds(verb), self._costs.timed(verb):
            return job()

    def _schedule_done(self, loop: asyncio.AbstractEventLoop) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(self._done)

    def _done(self) -> None:
        self._count -= 1
        self._metrics.working(-1)


@dataclass(frozen=True, slots=True)
class ServerContext:
    """The open memory of a server with its threads, metrics and limits."""

    memory: GraphMemory
    workers: Workers
    metrics: Metrics
    limits: Limits
    body_reader: BodyReader
    readiness: Readiness

    async def read(self, verb: str, query: Callable[[GraphMemory], object], *, may_be_brief: bool = False) -> Response:
        """Return the response of a read; see `Workers.answer`."""
        job = partial(self._response, query)
        return await self.workers.answer(verb, job, is_write=False, may_be_brief=may_be_brief)

    async def write(self, verb: str, do: Callable[[GraphMemory], object]) -> Response:
        """Return the response of a write; see `Workers.answer`."""
        return await self.workers.answer(verb, partial(self._response, do), is_write=True)

    async def keep(self, verb: str, do: Callable[[GraphMemory], object]) -> Response:
        """Return the response of an operation on the whole store; see `Workers.run_unbounded`."""
        return await self.workers.run_unbounded(verb, partial(self._response, do))

    def _response(self, do: Callable[[GraphMemory], object]) -> Response:
        answer = do(self.memory)
        return answer if isinstance(answer, Response) else json_of(answer)


def json_of(answer: object, status: int = 200, **headers: str) -> Response:
    """Return an answer as a JSON response."""
    text = json.dumps(document(answer), separators=(",", ":"))
    return Response(text, status, headers or None, "application/json")
