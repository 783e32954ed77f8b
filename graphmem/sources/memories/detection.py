"""The detection of the program that wrote the memory in a file or folder."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from graphmem.errors import InvalidInput
from graphmem.sources.memories.claude import INDEX
from graphmem.sources.memories.export import MemoryFormat
from graphmem.sources.memories.mcp_memory import FILES
from graphmem.sources.memories.mem0 import HISTORY
from graphmem.sources.memories.mem0_wordings import is_sqlite
from graphmem.sources.memories.text_files import checked

_PEEKED_BYTES = 64 << 10
_PEEKED_NOTES = 200
_OF_CLAUDE = ("CLAUDE.md", "CLAUDE.local.md", ".claude", INDEX)
_PERMALINK = re.compile(rb"\A(?:\xef\xbb\xbf)?---\s*\n(?:[^\n]*\n)*?permalink[ \t]*:")
_RECORD = re.compile(r'"type"\s*:\s*"(?:entity|relation)"')
_GRAPH = re.compile(r'\A\s*\{\s*"entities"\s*:')
_MEMORY = re.compile(r'"(?:memory|memory_id)"\s*:')


def detect(path: Path) -> MemoryFormat:
    """The program that wrote the memory.

    Raises:
        InvalidInput: No program fits, or several do.
        NotFound: There is nothing at the path.
    """
    formats = list(dict.fromkeys(_looks(checked(path))))
    if len(formats) == 1:
        return formats[0]
    choices = ", ".join(formats or MemoryFormat)
    reason = "looks like more than one memory" if formats else "looks like no memory that graphmem knows"
    raise InvalidInput(f"{str(path)!r} {reason}: say with --from which it is: {choices}")


def _looks(path: Path) -> Iterator[MemoryFormat]:
    if path.is_dir():
        yield from _folder_looks(path)
    elif is_sqlite(path):
        yield MemoryFormat.MEM0
    elif path.suffix.lower() in {".md", ".markdown"}:
        is_claude = path.name in _OF_CLAUDE or ".claude" in path.resolve().parts or (path.parent / INDEX).exists()
        yield from [MemoryFormat.CLAUDE] if is_claude else []
        yield from [MemoryFormat.BASIC_MEMORY] if _has_permalink(path) else []
    else:
        yield from _json_looks(_peek(path).decode("utf-8", "replace"))


def _folder_looks(folder: Path) -> Iterator[MemoryFormat]:
    if any((folder / name).is_file() for name in FILES):
        yield MemoryFormat.MCP_MEMORY
    if (folder / HISTORY).is_file():
        yield MemoryFormat.MEM0
    if folder.name == ".claude" or any((folder / name).exists() for name in _OF_CLAUDE):
        yield MemoryFormat.CLAUDE
    if any(_has_permalink(note) for note in islice(folder.rglob("*.md"), _PEEKED_NOTES)):
        yield MemoryFormat.BASIC_MEMORY


def _json_looks(text: str) -> Iterator[MemoryFormat]:
    first = text.lstrip().partition("\n")[0]
    if _RECORD.search(first) or _GRAPH.match(text):
        yield MemoryFormat.MCP_MEMORY
    elif text.lstrip()[:1] in {"{", "["} and _MEMORY.search(text):
        yield MemoryFormat.MEM0


def _peek(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(_PEEKED_BYTES)


def _has_permalink(note: Path) -> bool:
    """True if the front matter of a note has a permalink, which Basic Memory writes into every note."""
    try:
        return _PERMALINK.match(_peek(note).partition(b"\n---")[0] + b"\n") is not None
    except OSError:
        return False
