"""The temporal kernel: pure functions that compute validity from rows, and plan or refuse writes.

Only this package decides when a memory is in force. It does no I/O and reads no clock.
"""

from importlib import import_module

TYPE_CHECKING = False  # typing takes milliseconds to import
if TYPE_CHECKING:
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

_HOMES = {
    "graphmem.rows": "stamp_of",
    "graphmem.temporal.cached_view": "CachedView",
    "graphmem.temporal.chain_end": "is_decided_ahead",
    "graphmem.temporal.doubts": "DEPENDENCIES dependencies doubt",
    "graphmem.temporal.history": "Fault LedgerAudit",
    "graphmem.temporal.operations": "needs touched",
    "graphmem.temporal.overlay": "Overlay",
    "graphmem.temporal.plans": "plan replay",
    "graphmem.temporal.precedence": "Ruling reigns rule",
    "graphmem.temporal.resolution": "Resolved Resolver Standing resolve standing",
    "graphmem.temporal.spans": "Span Spans",
    "graphmem.temporal.stand_ins": "StandIns",
    "graphmem.temporal.view": "View",
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}

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


def __getattr__(name: str) -> object:
    """Public names, each imported when it is first used: a reader needs no plan of writes."""
    if name in _HOME_OF:
        found = globals()[name] = getattr(import_module(_HOME_OF[name]), name)
        return found
    raise AttributeError(f"module 'graphmem.temporal' has no attribute {name!r}")
