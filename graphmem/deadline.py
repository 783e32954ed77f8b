"""Until when the answer that is being worked out is of use; past it, stores stop reading for it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_deadline: ContextVar[float] = ContextVar("deadline", default=math.inf)


def deadline() -> float:
    """The instant of `time.monotonic` at which nobody waits any more, in seconds; infinite if somebody always will."""
    return _deadline.get()


@contextmanager
def reading_until(instant: float) -> Iterator[None]:
    """Whatever the block reads is of use until an instant of `time.monotonic`, or until an earlier one if one is set.

    Reading that is still going on then raises `StoreUnavailable`. Writing is not broken off: it ends by its own limits.
    """
    token = _deadline.set(min(instant, _deadline.get()))
    try:
        yield
    finally:
        _deadline.reset(token)
