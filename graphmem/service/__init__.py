"""The service: the use cases of graphmem, implemented once for all surfaces."""

from importlib import import_module

TYPE_CHECKING = False  # typing takes milliseconds to import
if TYPE_CHECKING:
    from graphmem.service.batches import New
    from graphmem.service.context import ServiceContext, Write
    from graphmem.service.memory import GraphMemory
    from graphmem.sources.edits import IngestReport

_HOME_OF = {
    "GraphMemory": "graphmem.service.memory",
    "IngestReport": "graphmem.sources.edits",
    "New": "graphmem.service.batches",
    "ServiceContext": "graphmem.service.context",
    "Write": "graphmem.service.context",
}

__all__ = ["GraphMemory", "IngestReport", "New", "ServiceContext", "Write"]


def __getattr__(name: str) -> object:
    """Public names, each imported when it is first used: a reader of contexts needs few of the verbs."""
    if name in _HOME_OF:
        return getattr(import_module(_HOME_OF[name]), name)
    raise AttributeError(f"module 'graphmem.service' has no attribute {name!r}")
