"""Writers of one process that wait for one tenant's lock are carried out together: one transaction, one commit."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from graphmem.errors import CommitUnknown, GraphMemError, StoreUnavailable
from graphmem.model import Change, Erase, Request
from graphmem.store import Clock, ModelCard

if TYPE_CHECKING:
    from graphmem.store import Vector

_MOST_REQUESTS = 256
_LEAST_S = 1.0


@dataclass(slots=True)
class Call:
    """One call of `Store.apply` that waits for its turn; afterwards either `changes` or `error` is set."""

    requests: Sequence[Request]
    clock: Clock
    vectors: Mapping[str, Vector]
    model: ModelCard | None = None
    changes: list[Change] | None = None
    error: Exception | None = None
    came: float = field(default_factory=time.monotonic)

    @property
    def is_done(self) -> bool:
        """Whether somebody carried it out."""
        return self.changes is not None or self.error is not None

    @property
    def is_alone(self) -> bool:
        """Whether it must not share a transaction: an erasure reads what was written before it."""
        return len(self.requests) > _MOST_REQUESTS or any(isinstance(one.operation, Erase) for one in self.requests)


@dataclass(slots=True)
class Queue:
    """The calls of one tenant, and whose turn it is to carry them out."""

    turn: threading.Lock = field(default_factory=threading.Lock)
    guard: threading.Lock = field(default_factory=threading.Lock)
    waiting: list[Call] = field(default_factory=list)

    def add(self, call: Call) -> None:
        """Behind those that wait."""
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

    def give_back(self, calls: Sequence[Call]) -> None:
        """Nobody knows what became of these: they are sent again, first of all."""
        with self.guard:
            self.waiting[:0] = [call for call in calls if not call.is_done]

    def withdraw(self, call: Call) -> None:
        """Its caller was interrupted and will not hear of it."""
        with self.guard:
            self.waiting[:] = [one for one in self.waiting if one is not call]


class Combiner:
    """Carries out calls, those of one tenant in the order in which they came.

    A call that is refused must not take others with it: what failed together is carried out again one by one. What
    failed for want of a server fails for all of them.

    Args:
        carry_out: Applies the requests of calls in one transaction, and returns what each led to; is told for how
            many seconds to try.
        patience_s: How long a call waits for its turn and is tried, together.

    Attributes:
        queues: By tenant.
    """

    def __init__(
        self, carry_out: Callable[[Sequence[Call], float], list[list[Change]]], *, patience_s: float = 30.0
    ) -> None:
        self._carry_out = carry_out
        self._patience_s = patience_s
        self.queues: dict[str, Queue] = defaultdict(Queue)
        self._guard = threading.Lock()

    def apply(self, tenant: str, call: Call) -> list[Change]:
        """What the call led to, once it is durable.

        Raises:
            GraphMemError: As the transaction does.
        """
        with self._guard:
            queue = self.queues[tenant]
        try:
            queue.add(call)
            with queue.turn:
                # Whoever had the turn before may have carried this out too.
                while not call.is_done:
                    self._lead(queue, queue.take())
        except BaseException:
            queue.withdraw(call)
            raise
        if call.error is not None:
            raise call.error
        assert call.changes is not None, "a call that is done has changes or an error"  # noqa: S101
        return call.changes

    def _lead(self, queue: Queue, calls: Sequence[Call]) -> None:
        try:
            self._carry_out_or_tell(calls)
        except BaseException:  # this thread is interrupted: what others sent is for them to take up
            queue.give_back(calls)
            raise

    def _carry_out_or_tell(self, calls: Sequence[Call]) -> None:
        try:
            for call, changes in zip(calls, self._carry_out(calls, self._left(calls)), strict=True):
                call.changes = changes
        except (StoreUnavailable, CommitUnknown) as exc:
            for call in calls:
                call.error = _told_anew(exc)
        except Exception as exc:  # noqa: BLE001 - raised in the thread whose call it was
            if len(calls) == 1:
                calls[0].error = exc
            else:
                self._one_by_one(calls)

    def _one_by_one(self, calls: Sequence[Call]) -> None:
        for place, call in enumerate(calls):
            self._carry_out_or_tell([call])
            if isinstance(call.error, (StoreUnavailable, CommitUnknown)):
                for other in calls[place + 1 :]:
                    other.error = StoreUnavailable(*call.error.args)
                return

    def _left(self, calls: Sequence[Call]) -> float:
        """How long the last of them may still be tried."""
        return max(self._patience_s - (time.monotonic() - calls[-1].came), _LEAST_S)


def _told_anew(exc: GraphMemError) -> GraphMemError:
    """The same for another thread: an exception collects the frames of each that raises it."""
    told = type(exc)(*exc.args)
    told.__cause__ = exc.__cause__
    return told
