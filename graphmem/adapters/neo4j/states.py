"""Labels for the state of a memory, so that a graph viewer can style it: styles select by label only.

The label follows from the cached valid intervals and never from a clock: a planned change counts as if it had happened.
"""

from __future__ import annotations

from graphmem.model import FOREVER, Status
from graphmem.rows import Derived

#: In force from some time on, without a known end.
OPEN = "Open"
#: Was in force; the last interval has an end.
CLOSED = "Closed"
#: In force at no time so far: proposed or deferred.
PENDING = "Pending"
#: In force at no time: rejected, retracted, corrected, or superseded before it began.
VOID = "Void"

STATES = (OPEN, CLOSED, PENDING, VOID)

_AWAITED = frozenset({Status.PROPOSED, Status.DEFERRED})


def state_labels(cached: Derived) -> list[str]:
    """Return the state label of a memory as a list; empty if the main line does not show the memory."""
    if cached.holding:
        return [OPEN if cached.holding[-1][1] == FOREVER else CLOSED]
    if cached.status is None:
        return []
    return [PENDING if cached.status in _AWAITED else VOID]
