"""The temporal kernel: pure functions that compute validity from rows, and plan or refuse writes.

Only this package decides when a memory is in force. It does no I/O and reads no clock.
"""

from graphmem.rows import stamp_of
from graphmem.temporal.cached_view import CachedView
from graphmem.temporal.chain_end import is_decided_ahead
from graphmem.temporal.doubts import DEPENDENCIES, dependencies, doubt
from graphmem.temporal.history import Fault, LedgerAudit
from graphmem.temporal.operations import needs, touched
from graphmem.temporal.overlay import Overlay
from graphmem.temporal.plans import plan, replay
from graphmem.temporal.precedence import Ruling, reigns, rule
from graphmem.temporal.resolution import Resolved, Resolver, Standing, resolve, standing
from graphmem.temporal.spans import Span, Spans
from graphmem.temporal.stand_ins import StandIns
from graphmem.temporal.view import View

__all__ = [
    "DEPENDENCIES",
    "CachedView",
    "Fault",
    "LedgerAudit",
    "Overlay",
    "Resolved",
    "Resolver",
    "Ruling",
    "Span",
    "Spans",
    "StandIns",
    "Standing",
    "View",
    "dependencies",
    "doubt",
    "is_decided_ahead",
    "needs",
    "plan",
    "reigns",
    "replay",
    "resolve",
    "rule",
    "stamp_of",
    "standing",
    "touched",
]
