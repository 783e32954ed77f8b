"""The files of other memories: mem0, the MCP reference server, Basic Memory and the memory files of Claude."""

from __future__ import annotations

from graphmem.sources.memories.detection import detect
from graphmem.sources.memories.export import Export, Loss, MemoryFormat, ReadOptions
from graphmem.sources.memories.reader import read_export

__all__ = ["Export", "Loss", "MemoryFormat", "ReadOptions", "detect", "read_export"]
