"""Bringing a reading of a source into memory: compare with what is known, write only what differs.

A record is known again by the file that it stands in (an anchor in the role `recorded in`). Its moves and replacements
are compared one by one; new words make a new memory that corrects the old one, or takes over from it if the file now
holds another decision or the source tells since when it has these words.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from difflib import SequenceMatcher

from graphmem.errors import Conflict, Forbidden, InvalidInput, NotFound
from graphmem.model import (
    FOREVER,
    Add,
    Anchor,
    AnchorKind,
    Link,
    Memory,
    Move,
    Operation,
    Origin,
    Propose,
    Request,
    Revoke,
    Statement,
    Status,
    Supersede,
    SupersessionKind,
    Transition,
)
from graphmem.rows import EdgeRow
from graphmem.service.desk import Desk, Write, Writing
from graphmem.sources.observations import Observation, Problem, Reading, Relation, Replacement
from graphmem.sources.source_key import RECORDED_IN, has_moved, number_of, record_of, unique, words_at, words_of
from graphmem.sources.source_moves import as_first_seen, fresh_moves, is_back, is_redated
from graphmem.store import Filter, Progress, silent
from graphmem.temporal import View

#: What stops one part of an ingestion and nothing else.
REFUSALS = (Conflict, Forbidden, InvalidInput, NotFound)
_ANOTHER_DECISION = 0.5
_BATCH = 200
_MANY = 1_000_000


@dataclass(slots=True)
class IngestReport:
    """What an ingestion changed.

    Attributes:
        added: Ids of memories recorded for the first time.
        reworded: Ids of memories that corrected or took over from what the same file said before.
        moved: Ids of memories that got a move.
        linked: Ids (old, new) between which a replacement was recorded.
        unlinked: The same, where the sources no longer declare one.
        related: Ids (source, target) between which a typed link was recorded.
        unchanged: How many records say what was known.
        problems: What could not be understood or applied; nothing else was lost for it.
        ids: Key of each record to the id of the memory that stands for it now.
    """

    added: list[str] = field(default_factory=list)
    reworded: list[str] = field(default_factory=list)
    moved: list[str] = field(default_factory=list)
    linked: list[tuple[str, str]] = field(default_factory=list)
    unlinked: list[tuple[str, str]] = field(default_factory=list)
    related: list[tuple[str, str]] = field(default_factory=list)
    unchanged: int = 0
    problems: list[Problem] = field(default_factory=list)
    ids: dict[str, str] = field(default_factory=dict)


class Ingester:
    """The verb that brings readings of sources in."""

    _desk: Desk

    def ingest(self, reading: Reading, *, write: Write | None = None, progress: Progress = silent) -> IngestReport:
        """Bring a reading in; the second time it changes nothing, after an edit only what was edited.

        Args:
            reading: What a reader of `graphmem.sources` made of a source.
            write: Whose memories these become; `source` names the reading on the ledger.
            progress: Told after every record.
        """
        return _Ingestion(self._desk, self._desk.request_for(write), progress).run(reading)


class _Ingestion:
    """One reading on its way in."""

    def __init__(self, desk: Desk, writing: Writing, progress: Progress) -> None:
        self._desk = desk
        self._writing = writing
        self._progress = progress
        self._now = desk.clock()
        #: The origin of the source that is being brought in.
        self._speaker = Origin.DOCUMENT
        self._report = IngestReport()

    def run(self, reading: Reading) -> IngestReport:
        self._report.problems.extend(reading.problems)
        observations = self._anchored_all(reading.observations)
        total, done = len(observations) + len(reading.replacements) + len(reading.relations), 0
        self._progress(0, total)
        for start in range(0, len(observations), _BATCH):
            batch = observations[start : start + _BATCH]
            known, view = self._known([one.key for one in batch])
            missing = [one for one in batch if one.key not in known]
            moved, moved_view = self._renamed(missing, {one.key for one in observations}, reading.folders)
            self._add_all([one for one in missing if one.key not in moved])
            for one in batch:
                if one.key in known:
                    self._update(one, known[one.key], view)
                elif one.key in moved:
                    self._update(one, moved[one.key], moved_view)
            done += len(batch)
            self._progress(done, total)
        self._replace_all(reading.replacements)
        self._relate_all(reading.relations)
        self._progress(total, total)
        self._give_vectors(total)
        return self._report

    def _give_vectors(self, written: int) -> None:
        """Let the records be found by meaning, too; they are all recorded by now, whatever comes."""
        keys = set(self._report.ids.values())
        try:
            self._desk.give_vectors(
                self._writing.writer, keys, lambda done, count: self._progress(written + done, written + count)
            )
        except Conflict as refusal:
            self._report.problems.append(Problem("", 0, f"no vectors were made: {refusal}"))

    # ---- records

    def _in_own_name(self, one: Observation) -> Observation:
        """The observation as of the origin of who brings it in, if that is trusted less than its source."""
        said, speaker = one.statement, self._writing.provenance.origin
        if said.origin.trust <= speaker.trust:
            return one
        is_mandatory = said.is_mandatory and speaker.may_mandate
        return replace(one, statement=replace(said, origin=speaker, is_mandatory=is_mandatory))

    def _anchored_all(self, observations: Iterable[Observation]) -> list[Observation]:
        found = []
        for one in observations:
            try:
                found.append(self._in_own_name(_anchored(one, self._writing.writer.repo)))
            except InvalidInput as refusal:
                self._report.problems.append(Problem(one.path, one.line, f"not applied: {refusal}"))
        return found

    def _known(self, keys: list[str]) -> tuple[dict[str, str], View]:
        """The memory that stands for each key now, and a view of them all."""
        reader, files = self._writing.writer, Filter(paths=tuple(keys))
        seq = self._desk.store.position(reader).seq
        ids = self._desk.store.select(reader, files, at=None, before=seq + 1, limit=_MANY)
        view = self._desk.view(reader, ids, seq)
        known: dict[str, str] = {}
        for key in reversed(ids):  # recorded last wins
            memory = view.memory(key)
            home = None if memory is None else record_of(memory.statement)
            if memory is None or home not in keys or memory.scope != self._writing.writer or view.is_retracted(key):
                continue
            if not has_moved(view, key):
                known[home] = key
        return known, view

    def _renamed(
        self, missing: list[Observation], keys: set[str], folders: tuple[str, ...]
    ) -> tuple[dict[str, str], View]:
        """Memories of files that are gone from folders read as a whole, by the key under which their words are now.

        Words that several files had, or have, tell nothing.
        """
        reader = self._writing.writer
        seq = self._desk.store.position(reader).seq
        if not missing or not folders or not seq:
            return {}, self._desk.view(reader, [], seq)
        where = Filter(
            kinds=tuple({one.statement.kind for one in missing}),
            paths=() if "" in folders else tuple(f"{folder}/" for folder in folders),
        )
        ids = self._desk.store.select(reader, where, at=None, before=seq + 1, limit=_MANY)
        view = self._desk.view(reader, ids, seq)
        by_home = {home: key for key in reversed(ids) if (home := self._home(view, key, folders)) and home not in keys}
        gone = unique((words_at(view, key), key) for key in by_home.values())
        now = unique((words_of(one.statement), one.key) for one in missing)
        return {now[words]: gone[words] for words in now if words in gone}, view

    def _home(self, view: View, key: str, folders: tuple[str, ...]) -> str | None:
        """The file that a memory of this writer stands for now, if it lies in one of the folders."""
        memory = view.memory(key)
        if memory is None or memory.scope != self._writing.writer or view.is_retracted(key) or has_moved(view, key):
            return None
        home = record_of(memory.statement)
        return home if home and any(not folder or home.startswith(f"{folder}/") for folder in folders) else None

    def _add_all(self, observations: list[Observation]) -> None:
        """Add all at once, and if anything of it is refused, one by one."""
        made = [Memory(self._new_id(one), self._writing.writer, one.statement) for one in observations]
        adds = [Add(memory, one.moves, may_confirm=False) for one, memory in zip(observations, made, strict=True)]
        requests = []
        for one, add in zip(observations, adds, strict=True):
            self._speaker = one.statement.origin
            requests.append(self._request(add, one.path))
        try:
            done = bool(requests) and bool(self._desk.record(requests))
        except REFUSALS:
            done = False
        for one, memory, add in zip(observations, made, adds, strict=True):
            self._speaker = one.statement.origin
            if done or self._try(add, one.path):
                self._report.ids[one.key] = memory.id
                self._report.added.append(memory.id)

    def _update(self, one: Observation, key: str, view: View) -> None:
        memory = view.memory(key)
        assert memory is not None, "what is known is seen"  # noqa: S101
        self._speaker = one.statement.origin
        self._report.ids[one.key] = key
        known = [row.move for row in view.moves(key)]
        if one.is_partial:
            one = _completed(one, memory.statement)
        is_reworded = memory.statement is not None and memory.statement.content_hash != one.statement.content_hash
        if one.changed_at is not None and is_reworded:
            self._take_over(one, memory, known, view)
            return
        one = one if one.is_dated and one.changed_at is None else replace(one, moves=as_first_seen(one.moves, known))
        fresh = fresh_moves(one.moves, known, self._now)
        has_new_dates = is_redated(fresh, known)
        if not has_new_dates and is_back(one.moves, known):
            fresh.append(Move(Status.ACTIVE, self._now))
        if is_reworded:
            self._reword(one, memory, [*known, *fresh], view)
        elif has_new_dates:
            self._reword(one, memory, list(one.moves), view)
        elif fresh:
            for move in fresh:
                self._try(Transition(key, move), one.path)
            self._report.moved.append(key)
        else:
            self._report.unchanged += 1

    def _take_over(self, one: Observation, old: Memory, known: list[Move], view: View) -> None:
        """Let words with a date take over from those before them; what is older than what is known changes nothing."""
        assert one.changed_at is not None, "its caller looked"  # noqa: S101
        if one.changed_at == known[0].at:
            self._reword(one, old, list(one.moves), view)
        elif one.changed_at > known[0].at or one.is_present:
            since = one.changed_at if one.changed_at > known[0].at else self._now
            first, *later = one.moves
            life = (replace(first, at=max(first.at, since)), *later)
            self._reword(replace(one, moves=life), old, list(life), view)
        else:
            self._report.unchanged += 1

    def _reword(self, one: Observation, old: Memory, moves: list[Move], view: View) -> None:
        """Record the file's new words; what had taken over from the old memory takes over from the new one."""
        memory = Memory(self._new_id(one, after=old.id), old.scope, one.statement)
        is_later = one.changed_at is not None and one.moves[0].at > _begins(view, old.id)
        is_same = not is_later and _is_same_decision(old.statement, one.statement)
        life = tuple(moves) if is_same else one.moves
        closing = [edge for edge in view.edges_out(old.id) if edge.is_full and edge.until is None]
        operations: list[Operation] = [Revoke(seq) for seq in dict.fromkeys(edge.stamp.seq for edge in closing)]
        operations.append(Add(memory, life, may_confirm=False))
        operations.append(_takeover(old.id, memory.id, life, self._now, is_same=is_same))
        operations.extend(_again(edge, memory.id) for edge in closing)
        if self._try_all(operations, one.path):
            self._report.reworded.append(memory.id)
            self._report.ids[one.key] = memory.id

    # ---- replacements

    def _replace_all(self, replacements: Iterable[Replacement]) -> None:
        replacements = tuple(replacements)
        ids = self._known_beside(replacements) | self._report.ids
        usable = [one for one in replacements if one.old in ids and one.new in ids and ids[one.old] != ids[one.new]]
        view = self._desk.latest_view(self._writing.writer, list(ids.values()))
        declared = {(ids[one.old], ids[one.new]) for one in usable}
        self._unlink(view, set(self._report.ids.values()), declared)
        for group in _groups(usable):
            if not self._link(group, view, ids) and len(group) > 1:
                for one in group:
                    self._link([one], view, ids)

    def _known_beside(self, replacements: tuple[Replacement, ...]) -> dict[str, str]:
        """Memories of records that the reading speaks of without bringing them."""
        missing = {key for one in replacements for key in (one.old, one.new)} - self._report.ids.keys()
        return self._known(sorted(missing))[0] if missing else {}

    def _link(self, group: list[Replacement], view: View, ids: dict[str, str]) -> bool:
        first = group[0]
        old, news = ids[first.old], tuple(ids[one.new] for one in group)
        present = {_standing_for(view, edge.new) for edge in view.edges_out(old) if edge.kind is first.kind}
        missing = tuple(ids[one.new] for one in group if not {one.new, ids[one.new]} & present)
        if not missing:
            return True
        is_amendment = first.kind is SupersessionKind.AMENDMENT
        moment = max(_takes_over_at(group, news, view), _begins(view, old))
        operation = Supersede(
            old=(old,),
            new=missing,
            at=moment,
            until=first.until if first.until is not None and first.until > moment else None,
            kind=first.kind,
            part=first.part if is_amendment else None,
        )
        self._speaker = _least_trusted(view, news)
        evidence = [line for one in group for _, line in one.evidence]
        path = first.evidence[0][0] if first.evidence else first.new
        if self._try(operation, path, " | ".join(dict.fromkeys(evidence))):
            self._report.linked.extend((old, new) for new in missing)
            return True
        return False

    def _unlink(self, view: View, ids: set[str], declared: set[tuple[str, str]]) -> None:
        """Take back replacements that an earlier reading found and this one, of both their files, does not."""
        gone: dict[int, list[tuple[str, str]]] = defaultdict(list)
        for old in ids:
            for edge in view.edges_out(old):
                if edge.new in ids and (old, edge.new) not in declared and not _is_rewording(view, edge):
                    gone[edge.stamp.seq].append((old, edge.new))
        for seq, pairs in gone.items():
            change = next(iter(self._desk.store.changes(self._writing.writer, after=seq - 1, limit=1)))
            self._speaker = _least_trusted(view, [new for _, new in pairs])
            if change.op_id.startswith(_OP_PREFIX) and self._try(Revoke(seq), pairs[0][0]):
                self._report.unlinked.extend(pairs)

    # ---- typed links

    def _relate_all(self, relations: tuple[Relation, ...]) -> None:
        named = {key for one in relations for key in (one.source, one.target)} - self._report.ids.keys()
        ids = (self._known(sorted(named))[0] if named else {}) | self._report.ids
        view = self._desk.latest_view(self._writing.writer, list(ids.values()))
        for one in dict.fromkeys(relations):
            if one.source not in ids or one.target not in ids:
                continue
            link = Link(ids[one.source], ids[one.target], one.kind)
            self._speaker = _least_trusted(view, [link.source])
            known = {(row.source, row.target, row.kind) for row in view.links(link.source)}
            if (link.source, link.target, link.kind) not in known and self._try(link, one.path):
                self._report.related.append((link.source, link.target))

    # ---- writing

    def _new_id(self, one: Observation, after: str = "") -> str:
        return self._writing.new_id(number_of(one.key, one.statement.content_hash, after))

    def _request(self, operation: Operation, path: str, reason: str | None = None) -> Request:
        """A request that is named by what it contains, so that what broke off can be sent again under its `op_id`."""
        source = f"{self._writing.provenance.source or 'document'}: {path}"
        by = self._writing.speaking(self._speaker).provenance
        provenance = replace(by, source=source, reason=reason or by.reason)
        part = f"{number_of(repr(operation), source, provenance.reason or ''):x}"
        return Request(f"{_OP_PREFIX}{self._writing.op_id}/{part}", operation, self._writing.writer, provenance)

    def _try(self, operation: Operation, path: str, reason: str | None = None) -> bool:
        return self._try_all([operation], path, reason)

    def _try_all(self, operations: list[Operation], path: str, reason: str | None = None) -> bool:
        """Apply all or none; a refusal becomes a problem of the report and stops nothing else."""
        try:
            changes = self._desk.apply([self._request(one, path, reason) for one in operations])
        except REFUSALS as refusal:
            self._report.problems.append(Problem(path, 1, f"not applied: {refusal}"))
            return False
        proposed = [one.seq for one in changes if isinstance(one.operation, Propose)]
        if proposed:
            told = f"only a proposal (change {proposed[0]}): {self._speaker.value!r} is not trusted enough for it"
            self._report.problems.append(Problem(path, 1, told))
        return not proposed


_OP_PREFIX = "ingest/"


def _anchored(one: Observation, repo: str | None) -> Observation:
    """The observation with its own file among its anchors, and files without a repository put into the writer's."""
    own = Anchor(AnchorKind.FILE, one.key, repo, RECORDED_IN)
    others = [
        replace(anchor, repo=repo) if anchor.repo is None and anchor.kind is AnchorKind.FILE else anchor
        for anchor in one.statement.anchors
    ]
    return replace(one, statement=replace(one.statement, anchors=(own, *others)))


def _completed(one: Observation, known: Statement | None) -> Observation:
    """The observation with all that is known, if its source tells no more than the words that are known."""
    said = one.statement
    if known is None or (said.title, said.body) != (known.title, known.body):
        return one
    return replace(one, statement=known)


def _least_trusted(view: View, ids: Iterable[str]) -> Origin:
    """The least trusted origin of what memories say; a document's, if nothing is left of them."""
    said = [memory.statement for memory in map(view.memory, ids) if memory is not None]
    return min((one.origin for one in said if one is not None), key=lambda one: one.trust, default=Origin.DOCUMENT)


def _standing_for(view: View, key: str) -> str:
    """The record of a memory, which stays the same when its words change; the memory itself if it has none."""
    memory = view.memory(key)
    return (None if memory is None else record_of(memory.statement)) or key


def _is_same_decision(old: Statement | None, new: Statement) -> bool:
    return old is None or SequenceMatcher(None, old.title.casefold(), new.title.casefold()).ratio() >= _ANOTHER_DECISION


def _takeover(old: str, new: str, life: tuple[Move, ...], now: datetime, *, is_same: bool) -> Supersede:
    if is_same:
        return Supersede(old=(old,), new=(new,), kind=SupersessionKind.CORRECTION)
    active = [move.at for move in life if move.status is Status.ACTIVE]
    return Supersede(old=(old,), new=(new,), at=max(active[:1] or [now]))


def _again(edge: EdgeRow, old: str) -> Supersede:
    return Supersede(old=(old,), new=(edge.new,), at=edge.at, until=edge.until, kind=edge.kind, part=edge.part)


def _is_rewording(view: View, edge: EdgeRow) -> bool:
    old, new = view.memory(edge.old), view.memory(edge.new)
    if old is None or new is None:
        return True
    return record_of(old.statement) == record_of(new.statement)


def _groups(replacements: list[Replacement]) -> Iterator[list[Replacement]]:
    """Replacements in time; several for good of one old record are one split, unless one of them follows the other."""
    pairs = {(one.old, one.new) for one in replacements if one.kind is SupersessionKind.UPDATE}
    by_old: dict[str, list[Replacement]] = defaultdict(list)
    for one in sorted(replacements, key=lambda one: (one.at is None, one.at or FOREVER, one.old, one.new)):
        if one.kind is SupersessionKind.AMENDMENT or one.until is not None:
            yield [one]
        else:
            by_old[one.old].append(one)
    for group in by_old.values():
        followed = [one for one in group if any((one.new, other.new) in pairs for other in group)]
        lasting = [one for one in group if one not in followed]
        for one in followed:
            later = [other for other in group if (one.new, other.new) in pairs and other.at is not None]
            end = min((other.at for other in later if other.at is not None), default=None)
            yield [replace(one, until=end)]
        if lasting:
            yield lasting


def _takes_over_at(group: list[Replacement], news: tuple[str, ...], view: View) -> datetime:
    stated = [one.at for one in group if one.at is not None]
    return min(stated) if stated else min(_begins(view, new) for new in news)


def _begins(view: View, key: str) -> datetime:
    moves = view.moves(key)
    return view.start(key) or moves[0].move.at
