"""The content of the files of another memory: statements with their dates, relations, and losses."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import field
from datetime import datetime, tzinfo
from enum import StrEnum
from pathlib import Path
from urllib.parse import quote

from graphmem.deferred_dataclass import dataclass
from graphmem.model import Kind, LinkKind
from graphmem.sources.observations import DeclaredLink, Observation, Replacement


class MemoryFormat(StrEnum):
    """The memories that graphmem reads."""

    MEM0 = "mem0"
    MCP_MEMORY = "mcp-memory"
    BASIC_MEMORY = "basic-memory"
    CLAUDE = "claude"


@dataclass(frozen=True, slots=True)
class Loss:
    """A part of a source that was not read, or not completely.

    Attributes:
        reason: A sentence that is the same for all of its kind.
        what: The value at fault, if it helps to find the part.
        is_unread: The part may have statements that were not read, so that no existing memory from there is missing.
    """

    path: str
    line: int
    reason: str
    what: str = ""
    is_unread: bool = False


@dataclass(frozen=True, slots=True)
class ExportedItem:
    """A statement and its owner.

    Attributes:
        user: The owner, if the source has an owner.
        is_owner_known: False if it may have an owner that the source does not name.
    """

    observation: Observation
    user: str | None = None
    is_owner_named: bool = True


@dataclass(frozen=True, slots=True)
class Export:
    """The result of reading another memory.

    Attributes:
        name: Distinguishes this export from others of the same source; all keys begin with source and name.
        items: A key may have several items: its wordings, in order of time.
        is_whole: Statements that are missing were deleted; False if the export may be a part.
    """

    source: MemoryFormat
    name: str
    items: tuple[ExportedItem, ...] = ()
    replacements: tuple[Replacement, ...] = ()
    relations: tuple[DeclaredLink, ...] = ()
    losses: tuple[Loss, ...] = ()
    is_complete: bool = True

    @property
    def folder(self) -> str:
        """The beginning of all keys."""
        return f"{key_of(self.source, self.name)}/"


#: When each line of a file was last changed, as far as that is known; the first line is at 0.
LineDates = Callable[[Path], list[datetime | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """Options for reading files.

    Attributes:
        read_at: The date of statements without a date.
        name: Distinguishes this export from others of the same source; by default the name of the file or folder.
        zone: Time zone of times without a zone; None leaves these times out.
        history: A file with the history of memories, in addition to the export; for mem0.
        line_dates: Gives the dates of lines in files without dates.
    """

    read_at: datetime
    name: str | None = None
    zone: tzinfo | None = None
    history: Path | None = None
    line_dates: LineDates | None = None


@dataclass(slots=True)
class Gathered:
    """The content that a reader has collected."""

    items: list[ExportedItem] = field(default_factory=list)
    replacements: list[Replacement] = field(default_factory=list)
    relations: list[DeclaredLink] = field(default_factory=list)
    losses: list[Loss] = field(default_factory=list)

    def lose(self, path: str, line: int, reason: str, what: object = "") -> None:
        """Note something that is not carried."""
        self.losses.append(Loss(path, line, reason, _short(what)))

    def pass_over(self, path: str, line: int, reason: str, what: object = "") -> None:
        """Note something that could not be read, and may hold statements."""
        self.losses.append(Loss(path, line, reason, _short(what), is_unread=True))

    def export(self, source: MemoryFormat, name: str, *, is_complete: bool = True) -> Export:
        """All of it; losses by file and line."""
        ordered = sorted(self.losses, key=lambda item: (item.path, item.line))
        return Export(
            source,
            name,
            tuple(self.items),
            tuple(self.replacements),
            tuple(self.relations),
            tuple(ordered),
            is_complete=is_complete,
        )


def newest(dates: list[datetime | None], first: int, last: int) -> datetime | None:
    """The time of the last change to some lines; None if the date of a line is unknown."""
    some = dates[first - 1 : last]
    dates_known = [item for item in some if item is not None]
    return max(dates_known) if dates_known and len(dates_known) == len(some) else None


_MAX_PART_CHARS = 200
_SHOWN_CHARS = 80
_SAFE = " ()+,;=@&$!'~"
_KINDS = {kind.value: kind for kind in Kind}
_LINKS = {kind.value: kind for kind in LinkKind}


def key_of(*parts: str) -> str:
    """A path of names, each escaped, and a long name shortened by its hash."""
    return "/".join(_part(item) for item in parts)


def file_key(source: MemoryFormat, name: str, path: str, *parts: str) -> str:
    """The key of something in a file, its path left readable."""
    return key_of(source, name, *path.split("/"), *parts)


def digest(*parts: str) -> str:
    """A short name for a text, or for several texts in their order."""
    # A part that holds the separator could pass for two parts: JSON escapes the separator.
    is_ambiguous = len(parts) > 1 and any("\x1f" in part for part in parts)
    text = json.dumps(parts) if is_ambiguous else "\x1f".join(parts)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def kind_of(word: str | None) -> Kind:
    """The kind that a word of the source names exactly; a fact if it names none."""
    return _KINDS.get((word or "").strip().casefold(), Kind.FACT)


def link_of(word: str) -> LinkKind | None:
    """The typed link that a relation's name says exactly, however its words are joined."""
    return _LINKS.get(relation_word(word))


def relation_word(word: str) -> str:
    """The name of a relation in its normal form: `depends on`, `depends-on` and `DEPENDS_ON` are equal."""
    return "_".join(word.replace("-", " ").replace("_", " ").split()).casefold()


def _part(name: str) -> str:
    escaped = quote(name, safe=_SAFE, errors="surrogatepass")
    if escaped in {"", ".", ".."}:
        return f"%{escaped}"
    if len(escaped) <= _MAX_PART_CHARS:
        return escaped
    return f"{escaped[: _MAX_PART_CHARS // 2]}~{digest(name)}"


def _short(what: object) -> str:
    text = str(what).encode("utf-8", "replace").decode()
    return text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}…"
