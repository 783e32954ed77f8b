"""Carrying out requests: in threads, so many at a time, within a time; brief questions in the event loop itself."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import TypeVar

from starlette.responses import Response

from graphmem.deadline import wanted_by
from graphmem.errors import CommitUnknown, StoreUnavailable
from graphmem.http.limits import Bodies, Limits
from graphmem.http.observing import Metrics
from graphmem.http.problems import Refusal
from graphmem.http.readiness import Readiness
from graphmem.service import GraphMemory
from graphmem.wire.documents import document

Result = TypeVar("Result")
#: What a write reads after its commit must not fail before its caller was told that it took too long.
_GRACE_S = 1.0
#: Larger bodies are parsed in threads of their own, so many at a time.
_SMALL_BYTES, _PARSERS = 1 << 14, 2
#: How much one question weighs among those before it, and from which multiple of them on it alone counts.
_NEWEST, _FAR = 0.1, 4


class _Work(Enum):
    """What has threads of its own."""

    READING = "reading"
    WRITING = "writing"
    KEEPING = "keeping"


class Pace:
    """How much of the processor questions of each kind take, the last ones most.

    Args:
        limit_s: What is called brief, in seconds.
    """

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._taken_s: dict[str, float] = {}

    def is_brief(self, verb: str) -> bool:
        """Whether the last questions of this kind were brief; the first is not thought to be."""
        return self._taken_s.get(verb, self._limit_s + 1) <= self._limit_s

    @contextmanager
    def timed(self, verb: str) -> Iterator[None]:
        """Count what is done inside. One that took long outweighs many brief ones."""
        begun = time.thread_time()
        try:
            yield
        finally:
            taken = time.thread_time() - begun
            before = self._taken_s.get(verb, taken)
            self._taken_s[verb] = taken if taken > _FAR * before else before + _NEWEST * (taken - before)


class Workers:
    """The threads in which the library is asked."""

    def __init__(self, limits: Limits, metrics: Metrics) -> None:
        self._limits = limits
        self._metrics = metrics
        self._pace = Pace(limits.brief_s)
        # Apart, so that writes that wait for another process's lock, and a long export, keep nobody from reading.
        self._pools = {one: ThreadPoolExecutor(limits.running, f"graphmem {one.value}") for one in _Work}
        self._parsers = ThreadPoolExecutor(_PARSERS, "graphmem parsing")
        self._count = 0

    async def answer(
        self, verb: str, job: Callable[[], Response], *, is_write: bool, may_be_brief: bool = False
    ) -> Response:
        """The response that a job makes: in a thread, or at once if it may be brief and those before it were.

        Raises:
            Refusal: Too many wait already.
            StoreUnavailable: It took too long, and nothing was written.
            CommitUnknown: It took too long, and may yet be written.
        """
        until = time.monotonic() + self._limits.time_s + _GRACE_S

        def in_time() -> Response:
            with wanted_by(until):
                return job()

        if may_be_brief and self._pace.is_brief(verb):
            return self._at_once(verb, in_time)
        future = self._begin(_Work.WRITING if is_write else _Work.READING, verb, in_time)
        try:
            return await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(future)), self._limits.time_s)
        except TimeoutError:
            self._metrics.overdue()
            took = f"this took longer than {self._limits.time_s:g} seconds"
            if future.cancel() or not is_write:
                raise StoreUnavailable(f"{took}; try again later, or ask for less") from None
            raise CommitUnknown(f"{took} and may yet be written; send it again with the same Idempotency-Key") from None

    async def at_length(self, verb: str, do: Callable[[], Result]) -> Result:
        """What may take as long as it takes: keeping a store, not asking it."""
        return await asyncio.wrap_future(self._begin(_Work.KEEPING, verb, do))

    async def parsed(self, size: int, job: Callable[[], Result]) -> Result:
        """What a job makes of a body of that many bytes; nobody waits for it but its caller."""
        if size <= _SMALL_BYTES:
            return job()
        return await asyncio.get_running_loop().run_in_executor(self._parsers, job)

    def close(self) -> None:
        """Wait for what is running."""
        for pool in (*self._pools.values(), self._parsers):
            pool.shutdown(wait=True, cancel_futures=True)

    # ---- parts

    def _begin(self, work: _Work, verb: str, job: Callable[[], Result]) -> Future[Result]:
        if self._count >= self._limits.running + self._limits.waiting:
            raise Refusal(429, StoreUnavailable.code, f"{self._count} requests are being worked on: try again later")
        self._count += 1
        self._metrics.working(1)
        loop = asyncio.get_running_loop()
        future = self._pools[work].submit(copy_context().run, self._timed, verb, job)
        future.add_done_callback(lambda _: self._tell_done(loop))
        return future

    def _at_once(self, verb: str, job: Callable[[], Result]) -> Result:
        self._metrics.working(1)
        try:
            return self._timed(verb, job)
        finally:
            self._metrics.working(-1)

    def _timed(self, verb: str, job: Callable[[], Result]) -> Result:
        with self._metrics.store_seconds(verb), self._pace.timed(verb):
            return job()

    def _tell_done(self, loop: asyncio.AbstractEventLoop) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(self._done)

    def _done(self) -> None:
        self._count -= 1
        self._metrics.working(-1)


@dataclass(frozen=True, slots=True)
class Served:
    """A memory with the threads in which it is asked."""

    memory: GraphMemory
    workers: Workers
    metrics: Metrics
    limits: Limits
    bodies: Bodies
    readiness: Readiness

    async def read(self, verb: str, ask: Callable[[GraphMemory], object], *, may_be_brief: bool = False) -> Response:
        """The answer to a question; see `Workers.answer`."""
        job = partial(self._response, ask)
        return await self.workers.answer(verb, job, is_write=False, may_be_brief=may_be_brief)

    async def write(self, verb: str, do: Callable[[GraphMemory], object]) -> Response:
        """What a write says; see `Workers.answer`."""
        return await self.workers.answer(verb, partial(self._response, do), is_write=True)

    async def keep(self, verb: str, do: Callable[[GraphMemory], object]) -> Response:
        """What is done for the store as a whole, for as long as it takes."""
        return await self.workers.at_length(verb, partial(self._response, do))

    def _response(self, do: Callable[[GraphMemory], object]) -> Response:
        answer = do(self.memory)
        return answer if isinstance(answer, Response) else json_of(answer)


def json_of(answer: object, status: int = 200, **headers: str) -> Response:
    """An answer in its written form."""
    text = json.dumps(document(answer), separators=(",", ":"))
    return Response(text, status, headers or None, "application/json")
