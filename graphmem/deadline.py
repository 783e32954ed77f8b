"""Until when the answer that is being worked out is of use; past it, stores stop reading for it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_deadline: ContextVar[float] = ContextVar("deadline", default=math.inf)
_is_given_up: ContextVar[Callable[[], bool]] = ContextVar("is_given_up", default=lambda: False)


def deadline() -> float:
    """The instant of `time.monotonic` at which nobody waits any more, in seconds; infinite if somebody always will.

    It is past if the caller has given the answer up.
    """
    return -math.inf if _is_given_up.get()() else _deadline.get()


@contextmanager
def wanted_by(instant: float) -> Iterator[None]:
    """Whatever the block reads is of use until an instant of `time.monotonic`, or until an earlier one if one is set.

    Reading that is still going on then raises `StoreUnavailable`. Writing is not broken off: it ends by its own limits.
    """
    token = _deadline.set(min(instant, _deadline.get()))
    try:
        yield
    finally:
        _deadline.reset(token)


@contextmanager
def given_up_if(is_given_up: Callable[[], bool]) -> Iterator[None]:
    """Nothing that the block has not begun to read is of use any more once the function returns True."""
    token = _is_given_up.set(is_given_up)
    try:
        yield
    finally:
        _is_given_up.reset(token)
