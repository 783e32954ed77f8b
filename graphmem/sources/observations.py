"""The contract of all sources: what a reader returns, before it is compared with the existing memories."""

from __future__ import annotations

from datetime import datetime

from graphmem.deferred_dataclass import dataclass
from graphmem.model import LinkKind, Move, Statement, SupersessionKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """A statement as its source has it at the time of reading.

    Attributes:
        key: The source key. It identifies the statement within the source across edits, for example a path relative to
            the root of the reading.
        statement: The content; its `origin` names the sort of source.
        moves: The life of the statement in source order, at least one move; the words of the source are kept.
        path: File from which the statement was read, relative to the root of the reading, with `/` separators.
        line: Line number, from 1, at which the statement begins.
        provenance: Where exactly it was read, for the ledger: a commit, a pull request; None for the path.
        is_dated: False if the source gives no start, so that the first move has the time of the reading.
        changed_at: Time since which the statement has these words. Other words recorded before end there. None if the
            earlier words were never right: these correct them.
        is_present: The words are those of the source now, whatever their date: they supersede even words that look
            newer. False for what may be an old copy or a former wording.
        is_partial: The source has only words and dates; other fields of an existing memory with the same words stay.
        is_history: The source is a history that dates every move, read completely or after an earlier reading. Recorded
            moves stay and later moves are added. Other words begin with the first move; if that makes them active, and
            the titles are similar, they supersede the recorded words of the key. A key may have several observations,
            in the order of their time.
        is_state: The only move is a state at a time. It is left out if an existing memory has that status then, or if
            it is an end and there is no memory. The words of an existing memory stay.
    """

    key: str
    statement: Statement
    moves: tuple[Move, ...]
    path: str
    line: int = 1
    provenance: str | None = None
    is_dated: bool = True
    changed_at: datetime | None = None
    is_present: bool = False
    is_partial: bool = False
    is_history: bool = False
    is_state: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """An observation supersedes another, wholly or in part, as the sources declare.

    Attributes:
        old: Source key of the superseded, corrected or amended observation.
        new: Source key of the successor.
        at: Time of the supersession; None if no source has a date, and the start of `new` is used.
        until: End of a provisional replacement; None if it is for good.
        part: The part that an amendment replaces, in the words of the source.
        evidence: The lines that declare it, verbatim, each as (path, line).
    """

    old: str
    new: str
    kind: SupersessionKind
    at: datetime | None = None
    until: datetime | None = None
    part: str | None = None
    evidence: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredLink:
    """A typed link between two observations, as a source declares it.

    Attributes:
        source: Source key of the observation that the link leads from.
        target: Source key of the observation that it leads to.
        path: The file that declares it.
    """

    source: str
    target: str
    kind: LinkKind
    path: str


@dataclass(frozen=True, slots=True)
class Problem:
    """A part of a source that could not be read, or an edit that was refused. Nothing else is lost for it."""

    path: str
    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Inventory:
    """All source keys that a source has below a folder: existing memories with other keys are missing from it.

    Attributes:
        folder: Beginning of the keys, with its closing slash.
        keys: The keys that the source has.
        unread: Beginnings of keys whose part of the source could not be read: nothing below them counts as missing.
        ends_missing: End missing memories; otherwise they are only reported.
    """

    folder: str
    keys: tuple[str, ...]
    unread: tuple[str, ...] = ()
    ends_missing: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """The result of reading a source, or a part of it: a large source is read in several readings.

    Attributes:
        problems: Parts that could not be read, with the reason for each.
        folders: Folders that were read completely, as source keys begin ('' for all). If an existing memory below them
            has a key that is not observed, and its words are observed under another key, it was renamed.
        passed_over: Files that have none of the formats of the reader.
        cursor: Where the next reading of an incremental source begins; its reader defines the form.
        inventory: The keys of the complete source, once all of its readings were ingested.
        is_update_only: Observations without an existing memory in the writer's scope are left out.
    """

    observations: tuple[Observation, ...]
    replacements: tuple[Replacement, ...]
    problems: tuple[Problem, ...]
    relations: tuple[DeclaredLink, ...] = ()
    folders: tuple[str, ...] = ()
    passed_over: tuple[str, ...] = ()
    cursor: str | None = None
    inventory: Inventory | None = None
    is_update_only: bool = False

    @property
    def size(self) -> int:
        """Number of observations, replacements and relations."""
        return len(self.observations) + len(self.replacements) + len(self.relations)
