"""Group commit: the waiting writes of a process to a tenant share a transaction."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING

from graphmem.deferred_dataclass import dataclass
from graphmem.errors import CommitUnknown, GraphMemError, StoreUnavailable
from graphmem.model import Change, Erase, Request
from graphmem.store import Clock, ModelCard

if TYPE_CHECKING:
    from graphmem.store import Vector

_MOST_REQUESTS = 256
_LEAST_S = 1.0


@dataclass(slots=True)
class QueuedWrite:
    """A call of `Store.apply`; once it is done, either `changes` or `error` is set."""

    requests: Sequence[Request]
    clock: Clock
    vectors: Mapping[str, Vector]
    model: ModelCard | None = None
    changes: list[Change] | None = None
    error: Exception | None = None
    arrived_at: float = field(default_factory=time.monotonic)

    @property
    def is_done(self) -> bool:
        """True if a transaction committed or refused the call."""
        return self.changes is not None or self.error is not None

    @property
    def is_alone(self) -> bool:
        """True if the call needs its own transaction: it is large, or it erases and so reads earlier writes."""
        return len(self.requests) > _MOST_REQUESTS or any(
            isinstance(request.operation, Erase) for request in self.requests
        )


@dataclass(slots=True)
class Queue:
    """The waiting calls of a tenant; the thread with the leader lock executes them."""

    leader_lock: threading.Lock = field(default_factory=threading.Lock)
    guard: threading.Lock = field(default_factory=threading.Lock)
    waiting: list[QueuedWrite] = field(default_factory=list)

    def add(self, call: QueuedWrite) -> None:
        """Append a call."""
        with self.guard:
            self.waiting.append(call)

    def take(self) -> list[QueuedWrite]:
        """Remove and return the calls of the next transaction, in order of arrival."""
        with self.guard:
            taken: list[QueuedWrite] = []
            size = 0
            for call in self.waiting:
                size += len(call.requests)
                if taken and (size > _MOST_REQUESTS or call.is_alone or taken[0].is_alone):
                    break
                taken.append(call)
            del self.waiting[: len(taken)]
            return taken

    def give_back(self, calls: Sequence[QueuedWrite]) -> None:
        """Put calls without a known outcome back at the front, to be sent again."""
        with self.guard:
            self.waiting[:0] = [call for call in calls if not call.is_done]

    def withdraw(self, call: QueuedWrite) -> None:
        """Remove the call of an interrupted caller."""
        with self.guard:
            self.waiting[:] = [waiting for waiting in self.waiting if waiting is not call]


class Combiner:
    """Executes calls, in order of arrival within a tenant.

    If a shared transaction is refused, its calls are executed again separately, so that a refused call fails alone. If
    the server is unavailable, all calls of the transaction fail.

    Args:
        carry_out: Applies the requests of calls in a transaction within a time limit in seconds; returns the changes of
            each call.
        patience_s: The time limit of a call in seconds, with its wait for the leader lock.

    Attributes:
        queues: The waiting calls of each tenant.
    """

    def __init__(
        self, carry_out: Callable[[Sequence[QueuedWrite], float], list[list[Change]]], *, patience_s: float = 30.0
    ) -> None:
        self._carry_out = carry_out
        self._patience_s = patience_s
        self.queues: dict[str, Queue] = defaultdict(Queue)
        self._guard = threading.Lock()

    def apply(self, tenant: str, call: QueuedWrite) -> list[Change]:
        """Execute the call and return its changes once they are durable.

        Raises:
            GraphMemError: The error of the transaction.
        """
        with self._guard:
            queue = self.queues[tenant]
        try:
            queue.add(call)
            with queue.leader_lock:
                # An earlier leader may have executed this call too.
                while not call.is_done:
                    self._lead(queue, queue.take())
        except BaseException:
            queue.withdraw(call)
            raise
        if call.error is not None:
            raise call.error
        assert call.changes is not None, "a call that is done has changes or an error"  # noqa: S101
        return call.changes

    def _lead(self, queue: Queue, calls: Sequence[QueuedWrite]) -> None:
        try:
            self._carry_out_or_fail(calls)
        except BaseException:  # this thread is interrupted: the threads of the other calls continue
            queue.give_back(calls)
            raise

    def _carry_out_or_fail(self, calls: Sequence[QueuedWrite]) -> None:
        try:
            for call, changes in zip(calls, self._carry_out(calls, self._left(calls)), strict=True):
                call.changes = changes
        except (StoreUnavailable, CommitUnknown) as exc:
            for call in calls:
                call.error = _copy(exc)
        except Exception as exc:  # noqa: BLE001 - raised in the thread whose call it was
            if len(calls) == 1:
                calls[0].error = exc
            else:
                self._carry_out_separately(calls)

    def _carry_out_separately(self, calls: Sequence[QueuedWrite]) -> None:
        for index, call in enumerate(calls):
            self._carry_out_or_fail([call])
            if isinstance(call.error, (StoreUnavailable, CommitUnknown)):
                for later in calls[index + 1 :]:
                    later.error = StoreUnavailable(*call.error.args)
                return

    def _left(self, calls: Sequence[QueuedWrite]) -> float:
        """Return the seconds left for the last of the calls."""
        return max(self._patience_s - (time.monotonic() - calls[-1].arrived_at), _LEAST_S)


def _copy(exc: GraphMemError) -> GraphMemError:
    """Copy an error for another thread: an exception collects the frames of every thread that raises it."""
    copy = type(exc)(*exc.args)
    copy.__cause__ = exc.__cause__
    return copy
