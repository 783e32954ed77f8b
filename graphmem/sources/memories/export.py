"""What the files of another memory amount to: statements with their dates, what relates them, and what is left out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from enum import StrEnum
from pathlib import Path
from urllib.parse import quote

from graphmem.model import Kind, LinkKind
from graphmem.sources.observations import Observation, Relation, Replacement


class Source(StrEnum):
    """The memories that graphmem reads."""

    MEM0 = "mem0"
    MCP_MEMORY = "mcp-memory"
    BASIC_MEMORY = "basic-memory"
    CLAUDE = "claude"


@dataclass(frozen=True, slots=True)
class Loss:
    """Something that was not carried, or not wholly.

    Attributes:
        reason: A sentence that is the same for all of its kind.
        what: The value at fault, if it helps to find it.
        is_unread: Statements may stand there which were not read, so that none that is known from there is gone.
    """

    path: str
    line: int
    reason: str
    what: str = ""
    is_unread: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """One statement.

    Attributes:
        user: Whose it is, if the source says.
        is_owner_known: False if it may be somebody's without the source saying so.
    """

    observation: Observation
    user: str | None = None
    is_owner_known: bool = True


@dataclass(frozen=True, slots=True)
class Export:
    """All that one reading of another memory yields.

    Attributes:
        name: What tells this export from others of its source; all keys begin with both.
        items: Of one key there may be several: its wordings, in the order of time.
        is_whole: What was there before and is missing now was deleted; False if it may only not have been exported.
    """

    source: Source
    name: str
    items: tuple[Item, ...] = ()
    replacements: tuple[Replacement, ...] = ()
    relations: tuple[Relation, ...] = ()
    losses: tuple[Loss, ...] = ()
    is_whole: bool = True

    @property
    def folder(self) -> str:
        """What all keys begin with."""
        return f"{key_of(self.source, self.name)}/"


#: When each line of a file was last changed, as far as that is known; the first line is at 0.
LineDates = Callable[[Path], list[datetime | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How files are to be read.

    Attributes:
        read_at: The date of what carries none.
        name: What tells this export from others of its source; by default the name of the file or folder.
        zone: The time zone of times that name none; None leaves such times out.
        history: A file with the history of memories beside the export itself; mem0 has one.
        line_dates: Dates of what carries none in itself.
    """

    read_at: datetime
    name: str | None = None
    zone: tzinfo | None = None
    history: Path | None = None
    line_dates: LineDates | None = None


@dataclass(slots=True)
class Gathered:
    """What a reader has found so far."""

    items: list[Item] = field(default_factory=list)
    replacements: list[Replacement] = field(default_factory=list)
    relations: list[Relation] = field(default_factory=list)
    losses: list[Loss] = field(default_factory=list)

    def lose(self, path: str, line: int, reason: str, what: object = "") -> None:
        """Note something that is not carried."""
        self.losses.append(Loss(path, line, reason, _short(what)))

    def pass_over(self, path: str, line: int, reason: str, what: object = "") -> None:
        """Note something that could not be read, and may hold statements."""
        self.losses.append(Loss(path, line, reason, _short(what), is_unread=True))

    def export(self, source: Source, name: str, *, is_whole: bool = True) -> Export:
        """All of it; losses by file and line."""
        ordered = sorted(self.losses, key=lambda one: (one.path, one.line))
        return Export(
            source,
            name,
            tuple(self.items),
            tuple(self.replacements),
            tuple(self.relations),
            tuple(ordered),
            is_whole=is_whole,
        )


def newest(dates: list[datetime | None], first: int, last: int) -> datetime | None:
    """When the last change was made to some lines; None if of any it is not known."""
    some = dates[first - 1 : last]
    known = [one for one in some if one is not None]
    return max(known) if known and len(known) == len(some) else None


_MAX_PART_CHARS = 200
_SHOWN_CHARS = 80
_SAFE = " ()+,;=@&$!'~"
_KINDS = {kind.value: kind for kind in Kind}
_LINKS = {kind.value: kind for kind in LinkKind}


def key_of(*parts: str) -> str:
    """A path of names, each escaped so that it is one, and shortened by its hash if it is long."""
    return "/".join(_part(one) for one in parts)


def file_key(source: Source, name: str, path: str, *parts: str) -> str:
    """The key of something in a file, its path left readable."""
    return key_of(source, name, *path.split("/"), *parts)


def digest(*parts: str) -> str:
    """A short name for a text, or for several texts in their order."""
    # A part that holds the separator could pass for two parts: JSON, which escapes it, keeps them apart.
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
    """A relation's name with its words joined in one way: `depends on`, `depends-on` and `DEPENDS_ON` are one."""
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
