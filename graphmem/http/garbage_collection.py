"""Garbage collection of a server: objects that survive a full collection are not examined again."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

_OLDEST = 2
#: The interval at which all objects are examined, including the frozen ones.
_FULL_INTERVAL_S = 3_600.0


@contextmanager
def surviving_objects_frozen(clock: Callable[[], float] = time.monotonic) -> Iterator[None]:
    """Freeze existing objects, and after each full collection its survivors.

    Caches grow to some hundred thousand objects; examining all of them takes as long as ten searches. Cached objects
    are freed by their reference counts, without the collector.
    """
    next_full_at = clock() + _FULL_INTERVAL_S

    def after(phase: str, details: Mapping[str, int]) -> None:
        nonlocal next_full_at
        if phase != "stop" or details["generation"] != _OLDEST:
            return
        if clock() < next_full_at:
            gc.freeze()
        else:
            next_full_at = clock() + _FULL_INTERVAL_S
            gc.unfreeze()

    gc.freeze()
    gc.callbacks.append(after)
    try:
        yield
    finally:
        gc.callbacks.remove(after)
        gc.unfreeze()
