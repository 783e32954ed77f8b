"""The reader of other memories: it detects the program that wrote the files and calls its reader."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from graphmem.sources.memories.basic_memory import read_basic_memory
from graphmem.sources.memories.claude import read_claude
from graphmem.sources.memories.detection import detect
from graphmem.sources.memories.export import Export, MemoryFormat, ReadOptions
from graphmem.sources.memories.mcp_memory import read_mcp_memory
from graphmem.sources.memories.mem0 import read_mem0

_READERS: Mapping[MemoryFormat, Callable[[Path, ReadOptions], Export]] = {
    MemoryFormat.MEM0: read_mem0,
    MemoryFormat.MCP_MEMORY: read_mcp_memory,
    MemoryFormat.BASIC_MEMORY: read_basic_memory,
    MemoryFormat.CLAUDE: read_claude,
}


def read_export(path: Path, options: ReadOptions, source: MemoryFormat | None = None) -> Export:
    """The content of the files of another memory; nothing is written.

    Args:
        path: A file or folder; docs/import.md says which.
        options: See `ReadOptions`.
        source: The program that wrote the memory; detected by default.

    Raises:
        InvalidInput: The program cannot be detected, or nothing can be read.
        NotFound: There is no file or folder at the path.
    """
    return _READERS[source or detect(path)](path, options)
