"""The collector of a server: what has survived it once is not looked through again while somebody waits."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

_OLDEST = 2
#: So often everything is looked through all the same, for what has died since.
_WHOLE_EVERY_S = 3_600.0


@contextmanager
def sparing(clock: Callable[[], float] = time.monotonic) -> Iterator[None]:
    """Freeze what is there, and what survives each full collection.

    Caches grow to some hundred thousand objects, and looking through all of them takes as long as ten searches. They
    are let go by their counts of references, which need no collector.
    """
    whole_at = clock() + _WHOLE_EVERY_S

    def after(phase: str, told: Mapping[str, int]) -> None:
        nonlocal whole_at
        if phase != "stop" or told["generation"] != _OLDEST:
            return
        if clock() < whole_at:
            gc.freeze()
        else:
            whole_at = clock() + _WHOLE_EVERY_S
            gc.unfreeze()

    gc.freeze()
    gc.callbacks.append(after)
    try:
        yield
    finally:
        gc.callbacks.remove(after)
        gc.unfreeze()
