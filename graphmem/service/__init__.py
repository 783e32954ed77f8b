"""The service: every use case of graphmem, once, for all surfaces."""

from graphmem.service.batches import New
from graphmem.service.desk import Desk, Gate, Write
from graphmem.service.memory import GraphMemory
from graphmem.sources.edits import IngestReport

__all__ = ["Desk", "Gate", "GraphMemory", "IngestReport", "New", "Write"]
