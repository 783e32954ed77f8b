"""The import of another memory system's export, in batches: new statements are added, edited statements supersede."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace

from graphmem.deferred_dataclass import dataclass
from graphmem.model import Scope
from graphmem.redactions import Redaction
from graphmem.service.context import Write
from graphmem.service.memory import GraphMemory
from graphmem.sources.edits import IngestReport
from graphmem.sources.memories.export import Export, ExportedItem, Loss, MemoryFormat, file_key
from graphmem.sources.observations import Inventory, Observation, Reading, Replacement
from graphmem.store import Progress, silent

REFUSED = "not applied"
UNOWNED = "its owner is unknown: left out under --private"
_BATCH = 400


@dataclass(slots=True)
class ImportReport:
    """The result of an import.

    Attributes:
        statements: The number of statements read; each wording of a statement counts.
        relations: The number of typed links and replacements read.
        added: Ids of memories added.
        changed: Ids of memories that supersede or correct an earlier wording of the source.
        moved: Ids of memories that got a status move, for example an end.
        replaced: Ids (old, new) of the supersessions recorded between statements of the source.
        related: Ids (source, target) of the typed links recorded.
        unchanged: The number of statements that were already recorded.
        ended: Ids of memories that were ended because the source no longer has them.
        missing: Ids of memories that are still in force although the source no longer has them.
        losses: The parts of the source that were not imported.
        reasons: The number of losses by reason, the most frequent first.
        redactions: Secrets that were replaced before anything was written, each with file and line.
    """

    source: MemoryFormat
    name: str
    statements: int = 0
    relations: int = 0
    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    moved: list[str] = field(default_factory=list)
    replaced: list[tuple[str, str]] = field(default_factory=list)
    related: list[tuple[str, str]] = field(default_factory=list)
    unchanged: int = 0
    ended: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    losses: list[Loss] = field(default_factory=list)
    reasons: dict[str, int] = field(default_factory=dict)
    redactions: list[Redaction] = field(default_factory=list)


def import_memories(
    memory: GraphMemory,
    export: Export,
    *,
    write: Write | None = None,
    is_private: bool = False,
    ends_missing: bool = False,
    progress: Progress = silent,
) -> ImportReport:
    """Import an export of another memory system.

    Importing the same export again changes nothing; an interrupted import continues when it is called again.

    Args:
        memory: An opened memory, local or on a server.
        export: The result of `read_export`.
        write: Scope and provenance of the memories. `op_id` and `seen` are ignored: statements are recognised by their
            source keys.
        is_private: Record statements that belong to a user in that user's scope, and leave out those without an owner.
        ends_missing: End memories of earlier imports that the source no longer has.
        progress: Called after every batch with the number of processed statements and links, and their total.
    """
    write = replace(write or Write(), op_id=None, seen=None)
    return _Import(memory, export, replace(write, source=write.source or f"import {export.source}"), progress).run(
        is_private=is_private, ends_missing=ends_missing
    )


def dry_report(export: Export) -> ImportReport:
    """Return the report of an import that writes nothing."""
    report = ImportReport(export.source, export.name, len(export.items), losses=list(export.losses))
    report.relations = len(export.relations) + len(export.replacements)
    report.reasons = dict(Counter(loss.reason for loss in report.losses).most_common())
    return report


class _Import:
    """The import of a single export."""

    def __init__(self, memory: GraphMemory, export: Export, write: Write, progress: Progress) -> None:
        self._memory = memory
        self._export = export
        self._write = write
        self._progress = progress
        self._report = dry_report(export)
        self._total = self._report.statements + self._report.relations
        self._done = 0
        self._ingested: set[Replacement] = set()

    def run(self, *, is_private: bool, ends_missing: bool) -> ImportReport:
        items = self._export.items if is_private else tuple(replace(item, user=None) for item in self._export.items)
        for user, observations in _by_user(items, is_private=is_private).items():
            self._ingest_user(user, observations)
        if is_private:
            self._ingest_unowned([item for item in items if not item.is_owner_named])
        left = [replacement for replacement in self._export.replacements if replacement not in self._ingested]
        for start in range(0, len(left), _BATCH):
            self._ingest(Reading((), tuple(left[start : start + _BATCH]), ()), self._write)
        relations = self._export.relations
        for start in range(0, len(relations), _BATCH):
            self._ingest(Reading((), (), (), relations[start : start + _BATCH]), self._write)
        if self._export.is_complete:
            self._ingest(Reading((), (), (), inventory=self._inventory(ends_missing=ends_missing)), self._write)
        self._report.reasons = dict(Counter(loss.reason for loss in self._report.losses).most_common())
        return self._report

    def _ingest_user(self, user: str | None, observations: Sequence[Observation]) -> None:
        for batch in _batches(observations):
            self._ingest(Reading(tuple(batch), self._within(batch), ()), self._write_of(user))

    def _write_of(self, user: str | None) -> Write:
        return self._write if user is None else replace(self._write, scope=replace(self._scope, user=user))

    def _ingest_unowned(self, items: Sequence[ExportedItem]) -> None:
        """Update memories that earlier imports recorded for a user; report statements without an owner as losses."""
        left = list(items)
        for user in dict.fromkeys(item.user for item in self._export.items if item.user is not None):
            updated: set[str] = set()
            for batch in _batches([item.observation for item in left]):
                reading = Reading(tuple(batch), self._within(batch), (), is_update_only=True)
                updated |= self._ingest(reading, self._write_of(user), is_counted=False).ids.keys()
            self._done += sum(item.observation.key in updated for item in left)
            left = [item for item in left if item.observation.key not in updated]
        self._total -= len(left)
        self._report.losses += [
            Loss(item.observation.path, item.observation.line, UNOWNED, item.observation.key) for item in left
        ]

    def _inventory(self, *, ends_missing: bool) -> Inventory:
        keys = dict.fromkeys(item.observation.key for item in self._export.items)
        unread = tuple(sorted(_unread(self._export)))
        return Inventory(self._export.folder, tuple(keys), unread, ends_missing=ends_missing)

    @property
    def _scope(self) -> Scope:
        return self._write.scope or self._memory.scope

    def _within(self, batch: Sequence[Observation]) -> tuple[Replacement, ...]:
        """Return the replacements between observations of a batch.

        They belong in the reading of that batch: a reading without them would withdraw them.
        """
        keys = {observation.key for observation in batch}
        replacements = tuple(pair for pair in self._export.replacements if pair.old in keys and pair.new in keys)
        self._ingested.update(replacements)
        return replacements

    def _ingest(self, reading: Reading, write: Write, *, is_counted: bool = True) -> IngestReport:
        before, size = self._done, reading.size if is_counted else 0

        def advance(done: int, _total: int) -> None:
            self._progress(min(before + done * is_counted, self._total), self._total)

        ingested = self._memory.ingest(reading, write=write, progress=advance)
        self._add(ingested)
        self._done = before + size
        self._progress(self._done, self._total)
        return ingested

    def _add(self, ingested: IngestReport) -> None:
        report = self._report
        report.added += ingested.added
        report.changed += ingested.reworded
        report.moved += ingested.moved
        report.replaced += ingested.linked
        report.related += ingested.related
        report.ended += ingested.ended
        report.missing += ingested.missing
        report.unchanged += ingested.unchanged
        report.redactions += ingested.redactions
        report.losses += [Loss(fault.path, fault.line, REFUSED, fault.reason) for fault in ingested.problems]


def _by_user(items: Sequence[ExportedItem], *, is_private: bool) -> Mapping[str | None, list[Observation]]:
    """Return the observations by user; a private import leaves out those without an owner."""
    by_user: dict[str | None, list[Observation]] = defaultdict(list)
    for item in items:
        if item.is_owner_named or not is_private:
            by_user[item.user].append(item.observation)
    return by_user


def _batches(observations: Sequence[Observation]) -> Iterator[list[Observation]]:
    """Yield batches without repeated keys: all first wordings come before all second wordings."""
    rounds: list[list[Observation]] = []
    seen: Counter[str] = Counter()
    for observation in observations:
        turn = seen[observation.key]
        seen[observation.key] += 1
        if turn == len(rounds):
            rounds.append([])
        rounds[turn].append(observation)
    for wordings in rounds:
        for start in range(0, len(wordings), _BATCH):
            yield wordings[start : start + _BATCH]


def _unread(export: Export) -> set[str]:
    """Return the keys, with a final `/`, of files and folders that were not read completely."""
    paths = {loss.path for loss in export.losses if loss.is_unread}
    if export.source is MemoryFormat.MCP_MEMORY:
        return {export.folder for _ in paths}
    return {f"{file_key(export.source, export.name, path)}/" for path in paths}
