"""Recording what was read of another memory, in pieces: what is there is left alone, what was edited takes over."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from graphmem.model import Scope
from graphmem.service.desk import Write
from graphmem.service.memory import GraphMemory
from graphmem.sources.edits import IngestReport
from graphmem.sources.memories.export import Export, Item, Loss, MemoryFormat, file_key
from graphmem.sources.observations import Inventory, Observation, Reading, Replacement
from graphmem.store import Progress, silent

REFUSED = "not applied"
NOBODYS = "whose it is cannot be told: left out under --private"
_AT_ONCE = 400


@dataclass(slots=True)
class ImportReport:
    """What an import read and changed.

    Attributes:
        statements: How many were read, every wording counted.
        relations: How many typed links and replacements were read.
        added: Ids of memories recorded for the first time.
        changed: Ids of memories that took over from, or corrected, what the source said before.
        moved: Ids of memories that got a move, such as an end.
        replaced: Ids (old, new) of notes between which a replacement was recorded.
        related: Ids (source, target) between which a typed link was recorded.
        unchanged: How many statements say what was known.
        ended: Ids of memories that were ended because the source holds them no more.
        missing: Ids of memories that the source holds no more and that go on holding.
        losses: What was not carried.
        reasons: How often for which reason.
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


def import_memories(
    memory: GraphMemory,
    export: Export,
    *,
    write: Write | None = None,
    is_private: bool = False,
    ends_missing: bool = False,
    progress: Progress = silent,
) -> ImportReport:
    """Record an export; a second time it changes nothing, and interrupted it goes on where it was.

    Args:
        memory: An opened memory, or one on a server.
        export: What `read_export` gave.
        write: Whose memories these become; an `op_id` is not used, since every statement is known by its source.
        is_private: Record what belongs to a user for that user alone.
        ends_missing: End what an earlier import brought from this source and it holds no more.
        progress: Told after every piece.
    """
    asked = replace(write or Write(), op_id=None, seen=None)
    return _Import(memory, export, replace(asked, source=asked.source or f"import {export.source}"), progress).run(
        is_private=is_private, ends_missing=ends_missing
    )


def dry_report(export: Export) -> ImportReport:
    """What an import would read."""
    report = ImportReport(export.source, export.name, len(export.items), losses=list(export.losses))
    report.relations = len(export.relations) + len(export.replacements)
    report.reasons = dict(Counter(one.reason for one in report.losses).most_common())
    return report


class _Import:
    """One export on its way in."""

    def __init__(self, memory: GraphMemory, export: Export, write: Write, progress: Progress) -> None:
        self._memory = memory
        self._export = export
        self._write = write
        self._progress = progress
        self._report = dry_report(export)
        self._total = self._report.statements + self._report.relations
        self._done = 0
        self._tied: set[Replacement] = set()

    def run(self, *, is_private: bool, ends_missing: bool) -> ImportReport:
        items = self._export.items if is_private else tuple(replace(item, user=None) for item in self._export.items)
        for user, observations in _by_user(items, is_private=is_private).items():
            self._ingest_of(user, observations)
        if is_private:
            self._ingest_unowned([item for item in items if not item.is_owner_named])
        left = [one for one in self._export.replacements if one not in self._tied]
        for start in range(0, len(left), _AT_ONCE):
            self._ingest(Reading((), tuple(left[start : start + _AT_ONCE]), ()), self._write)
        relations = self._export.relations
        for start in range(0, len(relations), _AT_ONCE):
            self._ingest(Reading((), (), (), relations[start : start + _AT_ONCE]), self._write)
        if self._export.is_complete:
            self._ingest(Reading((), (), (), inventory=self._inventory(ends_missing=ends_missing)), self._write)
        self._report.reasons = dict(Counter(one.reason for one in self._report.losses).most_common())
        return self._report

    def _ingest_of(self, user: str | None, observations: Sequence[Observation]) -> None:
        for piece in _pieces(observations):
            self._ingest(Reading(tuple(piece), self._within(piece), ()), self._write_of(user))

    def _write_of(self, user: str | None) -> Write:
        return self._write if user is None else replace(self._write, scope=replace(self._scope, user=user))

    def _ingest_unowned(self, items: Sequence[Item]) -> None:
        """Update the memories that earlier imports recorded for a user; other statements may belong to anybody."""
        left = list(items)
        for user in dict.fromkeys(item.user for item in self._export.items if item.user is not None):
            updated: set[str] = set()
            for piece in _pieces([item.observation for item in left]):
                reading = Reading(tuple(piece), self._within(piece), (), is_update_only=True)
                updated |= self._ingest(reading, self._write_of(user), is_counted=False).ids.keys()
            self._done += sum(item.observation.key in updated for item in left)
            left = [item for item in left if item.observation.key not in updated]
        self._total -= len(left)
        self._report.losses += [
            Loss(item.observation.path, item.observation.line, NOBODYS, item.observation.key) for item in left
        ]

    def _inventory(self, *, ends_missing: bool) -> Inventory:
        keys = dict.fromkeys(item.observation.key for item in self._export.items)
        unread = tuple(sorted(_unread(self._export)))
        return Inventory(self._export.folder, tuple(keys), unread, ends_missing=ends_missing)

    @property
    def _scope(self) -> Scope:
        return self._write.scope or self._memory.scope

    def _within(self, some: Sequence[Observation]) -> tuple[Replacement, ...]:
        """Replacements both ends of which are in a piece: they must be told with it, or they seem to be withdrawn."""
        keys = {one.key for one in some}
        found = tuple(one for one in self._export.replacements if one.old in keys and one.new in keys)
        self._tied.update(found)
        return found

    def _ingest(self, reading: Reading, write: Write, *, is_counted: bool = True) -> IngestReport:
        before, size = self._done, reading.size if is_counted else 0

        def advance(done: int, _total: int) -> None:
            self._progress(min(before + done * is_counted, self._total), self._total)

        ingested = self._memory.ingest(reading, write=write, progress=advance)
        self._add(ingested)
        self._done = before + size
        self._progress(self._done, self._total)
        return ingested

    def _add(self, found: IngestReport) -> None:
        report = self._report
        report.added += found.added
        report.changed += found.reworded
        report.moved += found.moved
        report.replaced += found.linked
        report.related += found.related
        report.ended += found.ended
        report.missing += found.missing
        report.unchanged += found.unchanged
        report.losses += [Loss(one.path, one.line, REFUSED, one.reason) for one in found.problems]


def _by_user(items: Sequence[Item], *, is_private: bool) -> Mapping[str | None, list[Observation]]:
    """The observations by their user; a private import leaves out those that may belong to somebody."""
    found: dict[str | None, list[Observation]] = defaultdict(list)
    for item in items:
        if item.is_owner_named or not is_private:
            found[item.user].append(item.observation)
    return found


def _pieces(observations: Sequence[Observation]) -> Iterator[list[Observation]]:
    """Pieces in which no key occurs twice: the first wordings of all come before the second ones."""
    rounds: list[list[Observation]] = []
    seen: Counter[str] = Counter()
    for one in observations:
        turn = seen[one.key]
        seen[one.key] += 1
        if turn == len(rounds):
            rounds.append([])
        rounds[turn].append(one)
    for listed in rounds:
        for start in range(0, len(listed), _AT_ONCE):
            yield listed[start : start + _AT_ONCE]


def _unread(export: Export) -> set[str]:
    """Files and folders, as keys with a `/`, of which it cannot be told what they hold: they were not read wholly."""
    paths = {one.path for one in export.losses if one.is_unread}
    if export.source is MemoryFormat.MCP_MEMORY:
        return {export.folder for _ in paths}
    return {f"{file_key(export.source, export.name, path)}/" for path in paths}
