"""What a reader of a source reports, before the service compares it with what is already known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from graphmem.model import LinkKind, Move, Statement, SupersessionKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One statement as its source tells it today.

    Attributes:
        key: Stable identity within the source across edits, such as a path relative to the reading's root.
        statement: The content; its `origin` says what sort of source this is.
        moves: The statement's own life in source order, at least one; source words kept.
        path: The file it was read from, relative to the reading's root, with `/` separators.
        line: Line number (from 1) at which the statement begins.
        is_dated: False if nothing tells when it began, so that its first move stands at the time of the reading.
        changed_at: Since when it has these words, as far as is known; other words that are known from before then end
            where these begin. None if they never were right: these correct them.
        is_present: These are the source's words now, whatever their date: they take over even if they seem to be older
            than those that are known. False for what may be an old copy, or a former wording.
        is_partial: The source tells words and dates alone: what else is known of the same words stays.
    """

    key: str
    statement: Statement
    moves: tuple[Move, ...]
    path: str
    line: int = 1
    is_dated: bool = True
    changed_at: datetime | None = None
    is_present: bool = False
    is_partial: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """One observation takes over from another, wholly or in part, as the sources declare it.

    Attributes:
        old: Key of the observation that is replaced, corrected or amended.
        new: Key of the observation that takes over.
        at: When it takes over; None if no source says, and the service then uses the start of `new`.
        until: When a provisional replacement ends again; None if it is for good.
        part: Which part is replaced, for an amendment, in the source's words.
        evidence: The lines that declare it, verbatim, each with the path it stands in.
    """

    old: str
    new: str
    kind: SupersessionKind
    at: datetime | None = None
    until: datetime | None = None
    part: str | None = None
    evidence: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """A typed link from one observation to another, as a source declares it.

    Attributes:
        source: Key of the observation that it leads from.
        target: Key of the observation that it leads to.
        path: The file that declares it.
    """

    source: str
    target: str
    kind: LinkKind
    path: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a source that could not be understood; what was understood beside it is still reported."""

    path: str
    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Reading:
    """All that one reading of a source yields.

    Attributes:
        folders: Folders that were read as a whole, as keys begin ('' for all): a record of theirs that is not among
            the observations is gone, so that the same words under another key are the same record.
        passed_over: Files that look like nothing that the reader knows.
    """

    observations: tuple[Observation, ...]
    replacements: tuple[Replacement, ...]
    problems: tuple[Problem, ...]
    relations: tuple[Relation, ...] = ()
    folders: tuple[str, ...] = ()
    passed_over: tuple[str, ...] = ()
