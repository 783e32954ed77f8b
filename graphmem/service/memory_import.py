"""Recording what was read of another memory, in pieces: what is there is left alone, what was edited takes over."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from graphmem.answers import Card
from graphmem.model import Scope
from graphmem.service import GraphMemory, IngestReport, Write
from graphmem.sources.memories.export import Export, Item, Loss, Source, file_key
from graphmem.sources.observations import Observation, Reading, Replacement
from graphmem.sources.source_key import RECORDED_IN
from graphmem.sources.source_moves import GONE
from graphmem.store import Filter, Page, Progress, silent

REFUSED = "not applied"
NOBODYS = "whose it is cannot be told: left out under --private"
_AT_ONCE = 400
_PAGE = 500


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

    source: Source
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


def bring_in(
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


def told_only(export: Export) -> ImportReport:
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
        self._report = told_only(export)
        self._total = self._report.statements + self._report.relations
        self._done = 0
        self._tied: set[Replacement] = set()

    def run(self, *, is_private: bool, ends_missing: bool) -> ImportReport:
        owned = self._owned() if is_private else [replace(one, user=None) for one in self._export.items]
        for user, items in _by_user(owned).items():
            write = self._write if user is None else replace(self._write, scope=replace(self._scope, user=user))
            for some in _pieces(items):
                self._ingest(Reading(tuple(some), self._within(some), ()), write)
        left = [one for one in self._export.replacements if one not in self._tied]
        for start in range(0, len(left), _AT_ONCE):
            self._ingest(Reading((), tuple(left[start : start + _AT_ONCE]), ()), self._write)
        relations = self._export.relations
        for start in range(0, len(relations), _AT_ONCE):
            self._ingest(Reading((), (), (), relations[start : start + _AT_ONCE]), self._write)
        if self._export.is_whole:
            self._settle_missing(is_ended=ends_missing)
        self._report.reasons = dict(Counter(one.reason for one in self._report.losses).most_common())
        return self._report

    @property
    def _scope(self) -> Scope:
        return self._write.scope or self._memory.scope

    def _owned(self) -> list[Item]:
        """What is known to be somebody's or everybody's; the rest is lost, for it may be another's."""
        owners = self._owners() if any(not one.is_owner_known for one in self._export.items) else {}
        owned: list[Item] = []
        for item in self._export.items:
            told = item.observation
            if item.is_owner_known:
                owned.append(item)
            elif told.key in owners:
                owned.append(replace(item, user=owners[told.key]))
            else:
                self._total -= 1
                self._report.losses.append(Loss(told.path, told.line, NOBODYS, told.key))
        return owned

    def _owners(self) -> dict[str, str]:
        """Key to user of what earlier imports recorded for one of this export's users alone."""
        owners: dict[str, str] = {}
        for user in dict.fromkeys(item.user for item in self._export.items if item.user is not None):
            theirs = replace(self._scope, user=user)
            for card in self._known(theirs, is_past_included=True):
                key = _record_of(card)
                if key is not None and _home(card.memory.scope) == _home(theirs):
                    owners[key] = user
        return owners

    def _within(self, some: Sequence[Observation]) -> tuple[Replacement, ...]:
        """Replacements both ends of which are in a piece: they must be told with it, or they seem to be withdrawn."""
        keys = {one.key for one in some}
        found = tuple(one for one in self._export.replacements if one.old in keys and one.new in keys)
        self._tied.update(found)
        return found

    def _ingest(self, reading: Reading, write: Write) -> None:
        before, size = self._done, len(reading.observations) + len(reading.replacements) + len(reading.relations)

        def tell(done: int, _total: int) -> None:
            self._progress(min(before + done, self._total), self._total)

        self._add(self._memory.ingest(reading, write=write, progress=tell))
        self._done = before + size
        self._progress(self._done, self._total)

    def _add(self, found: IngestReport) -> None:
        report = self._report
        report.added += found.added
        report.changed += found.reworded
        report.moved += found.moved
        report.replaced += found.linked
        report.related += found.related
        report.unchanged += found.unchanged
        report.losses += [Loss(one.path, one.line, REFUSED, one.reason) for one in found.problems]

    # ---- what the source holds no more

    def _settle_missing(self, *, is_ended: bool) -> None:
        present = {item.observation.key for item in self._export.items}
        unread = _unread(self._export)
        for card in list(self._known(self._write.scope)):
            key = _record_of(card)
            is_here = _home(card.memory.scope) == _home(self._scope)
            if key is None or key in present or not is_here or any(f"{key}/".startswith(one) for one in unread):
                continue
            if is_ended:
                done = self._memory.end(card.id, word=GONE, write=self._as_source(card))
                (self._report.missing if done.is_proposal else self._report.ended).append(card.id)
            else:
                self._report.missing.append(card.id)

    def _as_source(self, card: Card) -> Write:
        """Who ends what a source holds no more: the source, with the trust that its words have."""
        said = card.memory.statement
        return (
            self._write if said is None or self._write.origin is not None else replace(self._write, origin=said.origin)
        )

    def _known(self, scope: Scope | None, *, is_past_included: bool = False) -> Iterator[Card]:
        """What earlier imports brought from this source and a scope sees; what holds no more only if asked for."""
        where, cursor = Filter(paths=(self._export.folder,), include_history=is_past_included), None
        while True:
            listed = self._memory.list(where, scope=scope, page=Page(_PAGE, cursor))
            yield from listed.cards
            cursor = listed.cursor
            if cursor is None:
                return


def _by_user(items: Sequence[Item]) -> Mapping[str | None, list[Observation]]:
    found: dict[str | None, list[Observation]] = defaultdict(list)
    for one in items:
        found[one.user].append(one.observation)
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
    if export.source is Source.MCP_MEMORY:
        return {export.folder for _ in paths}
    return {f"{file_key(export.source, export.name, path)}/" for path in paths}


def _home(scope: Scope) -> tuple[str | None, ...]:
    """Where something lives within its tenant."""
    return (scope.repo, scope.user, scope.branch, scope.environment)


def _record_of(card: Card) -> str | None:
    said = card.memory.statement
    anchors = () if said is None else said.anchors
    return next((one.name for one in anchors if one.role == RECORDED_IN), None)
