"""The reader of other memories: it finds out whose files they are, and has them read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from graphmem.sources.memories.basic_memory import read_basic_memory
from graphmem.sources.memories.claude import read_claude
from graphmem.sources.memories.detection import detect
from graphmem.sources.memories.export import Asked, Export, Source
from graphmem.sources.memories.mcp_memory import read_mcp_memory
from graphmem.sources.memories.mem0 import read_mem0

_READERS: Mapping[Source, Callable[[Path, Asked], Export]] = {
    Source.MEM0: read_mem0,
    Source.MCP_MEMORY: read_mcp_memory,
    Source.BASIC_MEMORY: read_basic_memory,
    Source.CLAUDE: read_claude,
}


def read_export(path: Path, asked: Asked, source: Source | None = None) -> Export:
    """What the files of another memory hold; nothing is written.

    Args:
        path: A file or folder; docs/import.md says which.
        asked: How it is to be read.
        source: Whose memory it is; by default what it looks like.

    Raises:
        InvalidInput: It cannot be told whose memory it is, or nothing of it can be read.
        NotFound: There is nothing at the path.
    """
    return _READERS[source or detect(path)](path, asked)
