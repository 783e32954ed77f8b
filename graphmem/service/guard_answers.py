"""The answers of guard: findings, excused findings, and files that were not read."""

from __future__ import annotations

from datetime import datetime

from graphmem.answers import Reference
from graphmem.deferred_dataclass import dataclass
from graphmem.guard.file_changes import SkippedFile
from graphmem.guard.levels import Enforcement, FindingKind, Level
from graphmem.model import Point


@dataclass(frozen=True, slots=True)
class FileEdit:
    """An edit of a file.

    Attributes:
        path: The path relative to the repository.
        after: The text after the edit; null deletes the file.
        before: The text before the edit; null for a new file.
        is_part: True if the texts are a part of the file.
    """

    path: str
    after: str | None = None
    before: str | None = None
    is_part: bool = False


@dataclass(frozen=True, slots=True)
class GuardFinding:
    """A memory that a change goes against, or touches.

    Attributes:
        kind: The relation of the change to the memory.
        level: `note`, `warn` or `deny`.
        memory: The memory.
        message: The finding in a sentence.
        option: The rejected option, or the option that was replaced; empty for other kinds.
        key: The key that was found; empty for other kinds.
        reason: The recorded reason; may be empty.
        since: The start of the interval in which the memory is in force; null if it is not known.
        instead: The alternatives in force: the chosen options, or the memories that supersede.
        path: The file; empty for a command or a text.
        line: The number of the line; 0 for a complete file, a command or a text.
        evidence: The text found there.
        more: In how many further places.
        change: The command that changes the memory.
        allow: The command that records an exception; empty for kinds that have none.
    """

    kind: FindingKind
    level: Level
    memory: Reference
    message: str
    option: str = ""
    key: str = ""
    reason: str = ""
    since: datetime | None = None
    instead: tuple[str, ...] = ()
    path: str = ""
    line: int = 0
    evidence: str = ""
    more: int = 0
    change: str = ""
    allow: str = ""


@dataclass(frozen=True, slots=True)
class ExcusedFinding:
    """A rejected option at a place where a comment or an exception excuses it.

    Attributes:
        memory: The memory that rejects the option.
        by: The comment's rule or memory, or the id of the exception.
        reason: The reason that the comment or the exception gives; may be empty.
        allow: The command that records the comment as an exception; empty for an exception.
    """

    memory: Reference
    option: str
    path: str
    line: int
    by: str
    reason: str
    allow: str = ""


@dataclass(frozen=True, slots=True)
class GuardAnswer:
    """The findings for a change, the heaviest first.

    Attributes:
        findings: At most the requested number.
        at: The point at which the memories were judged.
        more: The number of further findings.
        level: The highest level, of the further findings too; null without findings.
        enforcement: The effect that the project gives findings of the level `deny`.
        excused: Findings that a comment or an exception excuses.
        skipped: Files that were not read.
        files: The number of files that were read.
    """

    findings: tuple[GuardFinding, ...]
    at: Point
    more: int = 0
    level: Level | None = None
    enforcement: Enforcement = Enforcement.WARN
    excused: tuple[ExcusedFinding, ...] = ()
    skipped: tuple[SkippedFile, ...] = ()
    files: int = 0
