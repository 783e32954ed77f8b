"""The service: the use cases of graphmem, implemented once for all surfaces."""

from graphmem.service.batches import New
from graphmem.service.context import ServiceContext, Write
from graphmem.service.memory import GraphMemory
from graphmem.sources.edits import IngestReport

__all__ = ["GraphMemory", "IngestReport", "New", "ServiceContext", "Write"]
