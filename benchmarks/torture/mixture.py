"""Mixed operations of callers who may not see each other's memories, over HTTP on one store, and a search for leaks.

Each answer is searched for words and ids that its caller may not see. What names something hidden is sent again with a
name that never existed: status, headers and body must be the same, but for the name.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import random
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx2

from benchmarks.torture.canaries import words_in
from benchmarks.torture.mixed_requests import OPERATIONS, Request, Requests, callers
from graphmem.http.app import create_app
from graphmem.keys import KeyRing
from graphmem.model import Scope
from graphmem.opening import open_memory
from graphmem.retrieval.embedder import EmbedderMissing

_URL = "http://127.0.0.1"
_GOOD = range(200, 300)
#: Headers that differ between two answers to the same request.
_OF_ONE_ANSWER = {"date", "content-length", "x-request-id"}


@dataclass(slots=True)
class Mixture:
    """What came of a run.

    Attributes:
        operations: Sent, by name; the second sendings under a made-up name are not counted.
        statuses: How many answers had which status.
        answers: How many were searched.
        logged: How many lines of the server's log were searched, in which no word may be.
        compared: How many requests that name something hidden were sent again under a made-up name.
        leaks: Words and ids that a caller was given and may not see; must stay empty.
        oracles: Where an answer tells that something hidden exists; must stay empty.
        faults: Answers of a server that failed; must stay empty.
    """

    operations: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    answers: int = 0
    logged: int = 0
    compared: int = 0
    leaks: list[str] = field(default_factory=list)
    oracles: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def mix(folder: Path, *, operations: int, seed: int) -> Mixture:
    """Send so many operations of all callers, one after the other, on one SQLite file."""
    ring = KeyRing(folder / "keys.json", lambda: datetime.now(UTC))
    rng = random.Random(seed)  # noqa: S311 - choices of a test
    with (
        contextlib.redirect_stderr(io.StringIO()) as log,
        open_memory(
            str(folder / "mixed.db"),
            scope=Scope(),
            actor="server",
            embedder=lambda: EmbedderMissing("off"),
            create=True,
        ) as memory,
    ):
        app = create_app(memory, ring)
        names = rng.choices(list(OPERATIONS), list(OPERATIONS.values()), k=operations)
        mixer = _Mixer(Requests(callers(ring), rng), httpx2.ASGITransport(app))
        mixture = asyncio.run(mixer.run(names))
        mixture.faults += [f"{one.area}: {one.what}" for one in memory.check()]
    mixture.leaks += [f"{word} in the log" for word in words_in(log.getvalue())]
    mixture.logged = len(log.getvalue().splitlines())
    return mixture


class _Mixer:
    """Sends requests and judges the answers."""

    def __init__(self, requests: Requests, transport: httpx2.ASGITransport) -> None:
        self._requests, self._transport, self._found = requests, transport, Mixture()

    async def run(self, names: list[str]) -> Mixture:
        """Carry out operations by name, one after the other."""
        async with httpx2.AsyncClient(transport=self._transport, base_url=_URL) as client:
            for name in names:
                self._found.operations[name] += 1
                await self._carry_out(client, name, self._requests.make(name))
        return self._found

    async def _carry_out(self, client: httpx2.AsyncClient, name: str, request: Request) -> None:
        answer = await self._answer(client, request)
        told = f"{name} by {self._requests.caller.name}: {answer.status_code} to {request.sent[:300]}"
        self._search(answer, request, told)
        if request.op_id is not None:
            self._judge_op_id(request.op_id, answer, told)
        if answer.status_code in _GOOD:
            self._requests.learn(request, answer)
        if request.hidden:
            await self._compare(client, request, answer, told)

    async def _answer(self, client: httpx2.AsyncClient, request: Request) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {self._requests.caller.key}"}
        if request.op_id is not None:
            headers["Idempotency-Key"] = request.op_id
        return await client.request(
            request.method, request.path, params=list(request.params), json=request.body, headers=headers
        )

    # ---- judging

    def _search(self, answer: httpx2.Response, request: Request, told: str) -> None:
        self._found.answers += 1
        self._found.statuses[answer.status_code] += 1
        if answer.status_code >= 500:  # noqa: PLR2004 - the first status of a server's own fault
            self._found.faults.append(f"{told}: {answer.text[:300]}")
        text = answer.text + json.dumps(dict(answer.headers))
        leaks = sorted(set(self._requests.canaries.leaks(text, request.sent, request.reader)))
        self._found.leaks += [f"{one} in {told}" for one in leaks]

    def _judge_op_id(self, op_id: str, answer: httpx2.Response, told: str) -> None:
        """A name of a write that only others used is as good as a new one."""
        if self._requests.is_first_use(op_id) and answer.status_code not in _GOOD:
            self._found.oracles.append(f"a name that others used for a write: {told}: {answer.text[:300]}")

    async def _compare(self, client: httpx2.AsyncClient, request: Request, answer: httpx2.Response, told: str) -> None:
        """Send it again under names that never existed."""
        names = {name: self._requests.like(name) for name in request.hidden}
        again = await self._answer(client, request.with_names(names))
        self._found.compared += 1
        self._search(again, request.with_names(names), f"made-up names, {told}")
        first, second = _comparable(answer, names.keys()), _comparable(again, names.values())
        if first != second:
            self._found.oracles.append(f"{told}: {first!r:.400} is not {second!r:.400}")


def _comparable(answer: httpx2.Response, names: Iterable[str]) -> tuple[int, dict[str, str], str]:
    """Status, headers and body with the names blotted out."""
    text = answer.text
    for name in names:
        text = text.replace(name, "NAME")
        if name.startswith("changes/"):
            text = re.sub(rf"\bchange {name.split('/')[1]}\b", "change NAME", text)
    headers = {key: value for key, value in answer.headers.items() if key not in _OF_ONE_ANSWER}
    return answer.status_code, headers, text
