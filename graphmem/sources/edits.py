"""Edits that bring the memories in line with a reading, and the report of their application."""

from __future__ import annotations

from enum import Enum, auto

from graphmem.deferred_dataclass import dataclass, field
from graphmem.model import Operation, Origin
from graphmem.redactions import Redaction
from graphmem.sources.observations import Problem


class EditKind(Enum):
    """The list of the report to which an applied edit adds its result."""

    ADDED = auto()
    REWORDED = auto()
    RENAMED = auto()
    MOVED = auto()
    LINKED = auto()
    UNLINKED = auto()
    RELATED = auto()
    ENDED = auto()
    RETRACTED = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """Operations that are applied together or not at all.

    Attributes:
        operations: In order.
        speaker: Origin of the source: an edit has at most the trust of its source.
        path: The file that asks for the edit.
        outcome: How the edit is reported.
        ids: The ids to report: of the memory, or pairs (old, new) and (source, target).
        key: The source key whose memory is `ids[0]` once the edit is applied; None if that does not change.
        provenance: See `Observation.provenance`.
        reason: For the ledger.
        fallback: Edits that are tried if this one is refused.
    """

    operations: tuple[Operation, ...]
    speaker: Origin
    path: str
    outcome: EditKind
    ids: tuple[str | tuple[str, str], ...] = ()
    key: str | None = None
    provenance: str | None = None
    reason: str | None = None
    fallback: tuple[Edit, ...] = ()


@dataclass(slots=True)
class IngestReport:
    """The changes that an ingestion made.

    Attributes:
        added: Ids of memories that were recorded for the first time.
        reworded: Ids of memories that correct or supersede the earlier words of their source.
        renamed: Ids of memories whose source has them under another key than before.
        moved: Ids of memories that got a move.
        linked: Ids (old, new) between which a supersession was recorded.
        unlinked: Ids (old, new) whose supersession was revoked, because the sources no longer declare it.
        related: Ids (source, target) between which a typed link was recorded.
        ended: Ids of memories that were ended because they are missing from the inventory of their source.
        retracted: Ids of memories that no reading of the source as it is gives.
        missing: Ids of memories that are missing from it and still in force.
        unchanged: Number of observations that are recorded already.
        problems: Parts that could not be read or applied; nothing else was lost for them.
        ids: The id of the current memory of each source key.
        redactions: Secrets in the source that were replaced before anything was written, each with file and line.
    """

    added: list[str] = field(default_factory=list)
    reworded: list[str] = field(default_factory=list)
    renamed: list[str] = field(default_factory=list)
    moved: list[str] = field(default_factory=list)
    linked: list[tuple[str, str]] = field(default_factory=list)
    unlinked: list[tuple[str, str]] = field(default_factory=list)
    related: list[tuple[str, str]] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    retracted: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    unchanged: int = 0
    problems: list[Problem] = field(default_factory=list)
    ids: dict[str, str] = field(default_factory=dict)
    redactions: list[Redaction] = field(default_factory=list)

    def enter(self, edit: Edit) -> None:
        """Report an edit that was applied."""
        listed: dict[EditKind, list[str] | list[tuple[str, str]]] = {
            EditKind.ADDED: self.added,
            EditKind.REWORDED: self.reworded,
            EditKind.RENAMED: self.renamed,
            EditKind.MOVED: self.moved,
            EditKind.LINKED: self.linked,
            EditKind.UNLINKED: self.unlinked,
            EditKind.RELATED: self.related,
            EditKind.ENDED: self.ended,
            EditKind.RETRACTED: self.retracted,
        }
        results = listed[edit.outcome]
        # Several moves of a memory are edits of their own, and follow each other.
        results.extend(result for result in edit.ids if results[-1:] != [result])  # type: ignore[misc]
        if edit.key is not None and isinstance(edit.ids[0], str):
            self.ids[edit.key] = edit.ids[0]
