"""Writers of one process that wait for one tenant's lock are carried out together: one transaction, one commit."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from graphmem.errors import GraphMemError
from graphmem.model import Change, Erase, Request
from graphmem.store import Clock

if TYPE_CHECKING:
    from graphmem.store import Vector

_MOST_REQUESTS = 256


@dataclass(slots=True)
class Call:
    """One call of `Store.apply` that waits for its turn; afterwards either `changes` or `error` is set."""

    requests: Sequence[Request]
    clock: Clock
    vectors: Mapping[str, Vector]
    changes: list[Change] | None = None
    error: BaseException | None = None

    @property
    def is_done(self) -> bool:
        """Whether somebody carried it out."""
        return self.changes is not None or self.error is not None

    @property
    def is_alone(self) -> bool:
        """Whether it must not share a transaction: an erasure reads what was written before it."""
        return len(self.requests) > _MOST_REQUESTS or any(isinstance(one.operation, Erase) for one in self.requests)


@dataclass(slots=True)
class _Queue:
    turn: threading.Lock = field(default_factory=threading.Lock)
    guard: threading.Lock = field(default_factory=threading.Lock)
    waiting: list[Call] = field(default_factory=list)

    def add(self, call: Call) -> None:
        with self.guard:
            self.waiting.append(call)

    def take(self) -> list[Call]:
        """The calls that go together next: those that came first."""
        with self.guard:
            taken: list[Call] = []
            size = 0
            for call in self.waiting:
                size += len(call.requests)
                if taken and (size > _MOST_REQUESTS or call.is_alone or taken[0].is_alone):
                    break
                taken.append(call)
            del self.waiting[: len(taken)]
            return taken


class Combiner:
    """Carries out calls, those of one tenant in the order in which they came.

    A call that is refused must not take others with it: what failed together is carried out again one by one.

    Args:
        carry_out: Applies the requests of calls in one transaction, and returns what each led to.
    """

    def __init__(self, carry_out: Callable[[Sequence[Call]], list[list[Change]]]) -> None:
        self._carry_out = carry_out
        self._queues: dict[str, _Queue] = defaultdict(_Queue)
        self._guard = threading.Lock()

    def apply(self, tenant: str, call: Call) -> list[Change]:
        """What the call led to, once it is durable.

        Raises:
            GraphMemError: As the transaction does.
        """
        with self._guard:
            queue = self._queues[tenant]
        queue.add(call)
        with queue.turn:
            # Whoever had the turn before may have carried this out too.
            while not call.is_done:
                self._lead(queue.take())
        if call.error is not None:
            raise call.error
        assert call.changes is not None, "a call that is done has changes or an error"  # noqa: S101
        return call.changes

    def _lead(self, calls: Sequence[Call]) -> None:
        try:
            for call, changes in zip(calls, self._carry_out(calls), strict=True):
                call.changes = changes
        except GraphMemError as exc:
            if len(calls) == 1:
                calls[0].error = exc
                return
            for call in calls:
                self._lead([call])
        except BaseException as exc:
            for call in calls:
                if not call.is_done:
                    call.error = exc
            raise
