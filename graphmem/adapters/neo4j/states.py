"""A label for what a memory's whole life comes to, so that who looks at the graph sees it: styles know labels alone.

It follows from the cached spans and never from a clock: what is planned counts as if it had happened.
"""

from __future__ import annotations

from graphmem.model import FOREVER, Status
from graphmem.rows import Derived

#: It holds, from some time on, without a known end.
OPEN = "Open"
#: It held, and the last stretch has an end.
CLOSED = "Closed"
#: It holds at no time so far: proposed or deferred.
PENDING = "Pending"
#: It holds at no time: rejected, retracted, corrected, or replaced before it began.
VOID = "Void"

STATES = (OPEN, CLOSED, PENDING, VOID)

_AWAITED = frozenset({Status.PROPOSED, Status.DEFERRED})


def state_labels(one: Derived) -> list[str]:
    """The one label of a memory's state; none of what the main line does not show."""
    if one.holding:
        return [OPEN if one.holding[-1][1] == FOREVER else CLOSED]
    if one.status is None:
        return []
    return [PENDING if one.status in _AWAITED else VOID]
