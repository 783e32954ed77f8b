"""What one reader sees and what holds: MODEL section 4 read aloud over a list of ledger entries.

Every question is answered for one instant by scanning lists; nothing is shared with `graphmem.temporal`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from graphmem.model import (
    BEGINNING,
    FOREVER,
    AbandonBranch,
    Add,
    Change,
    End,
    Memory,
    MergeBranch,
    OpenBranch,
    Retract,
    Revoke,
    Scope,
    Status,
    Supersede,
    SupersessionKind,
    Transition,
)

RULES = (
    "class of trust",
    "mandatory",
    "mandatory width",
    "branch",
    "scope",
    "trust of origin",
    "start",
    "observed at",
    "digest of id",
)


@dataclass(frozen=True, slots=True)
class Edge:
    """One old and one new memory of a supersession."""

    old: str
    new: str
    kind: SupersessionKind
    at: datetime | None
    until: datetime | None
    change: Change

    @property
    def is_full(self) -> bool:
        return self.kind is not SupersessionKind.AMENDMENT


@dataclass(frozen=True, slots=True)
class Step:
    """One move of one memory and the entry that recorded it."""

    memory: str
    status: Status
    at: datetime
    ordinal: int
    word: str
    change: int
    said: datetime | None = None


#: What entries record, which a view asks for again after every write; by identity, since a hash would read all of it.
_recorded: dict[int, tuple[Change, tuple[Step, ...], tuple[Edge, ...]]] = {}
_MOST_RECORDED = 2_000


def _recorded_by(change: Change) -> tuple[Change, tuple[Step, ...], tuple[Edge, ...]]:
    if (told := _recorded.get(id(change))) is None:
        if len(_recorded) >= _MOST_RECORDED:
            _recorded.clear()
        told = _recorded[id(change)] = (change, tuple(_steps(change)), tuple(_edges(change)))
    return told


def steps_of(change: Change) -> tuple[Step, ...]:
    """The moves that an entry records, in its own order."""
    return _recorded_by(change)[1]


def edges_of(change: Change) -> tuple[Edge, ...]:
    """The edges that an entry records."""
    return _recorded_by(change)[2]


def _steps(change: Change) -> list[Step]:
    match change.operation:
        case Add(memory, moves):
            return [Step(memory.id, m.status, m.at, m.ordinal, m.source_word or "", change.seq) for m in moves]
        case Transition(key, move):
            return [Step(key, move.status, move.at, move.ordinal, move.source_word or "", change.seq)]
        case End(key, at, word):
            return [Step(key, Status.ENDED, at, 0, word or "", change.seq)]
        case _:
            return []


def _edges(change: Change) -> list[Edge]:
    operation = change.operation
    if not isinstance(operation, Supersede):
        return []
    pairs = [(old, new) for old in operation.old for new in operation.new]
    return [Edge(old, new, operation.kind, operation.at, operation.until, change) for old, new in pairs]


def status_at(steps: Iterable[Step], valid: datetime) -> Status | None:
    """The state that the moves of one memory lead to at an instant."""
    reached = [
        (step.at, step.said or step.at, step.ordinal, step.status.rank, step.word, step.status)
        for step in steps
        if step.at <= valid
    ]
    return max(reached)[-1] if reached else None


class Branches:
    """Who stood under whom and what was closed, at one ledger position."""

    def __init__(self, log: Sequence[Change]) -> None:
        self.parent: dict[str, str | None] = {}
        self.closing: dict[str, Change] = {}
        self.opened: dict[str, int] = {}
        #: Keys of the openings of each repository and name, the latest last.
        self.named: dict[str, list[str]] = {}
        for change in log:
            operation, repo = change.operation, change.writer.repo or ""
            if isinstance(operation, OpenBranch):
                name = f"{repo}:{operation.name}"
                parent = operation.parent and self.meant(repo, operation.parent)
                key = name if name not in self.named else f"{name}:{change.seq}:"
                self.named.setdefault(name, []).append(key)
                self.parent[key], self.opened[key] = parent, change.seq
            if isinstance(operation, MergeBranch | AbandonBranch):
                self.closing[self.meant(repo, operation.name)] = change

    def meant(self, repo: str | None, branch: str) -> str:
        """The key of what a branch is called: a name for its latest opening, or a name and where it was opened."""
        word, _, at = branch.partition(":")
        keys = [key for key in self.named.get(f"{repo or ''}:{word}", []) if at in ("", str(self.opened[key]))]
        return keys[-1] if keys else f"{repo or ''}:{branch}"

    def written(self, scope: Scope) -> Scope:
        """A scope as an entry has it: the first opening by its name alone, a later one with where it was opened."""
        if scope.branch is None or not self.is_open(key := self.meant(scope.repo, scope.branch)):
            return scope
        word = scope.branch.partition(":")[0]
        is_first = self.named[f"{scope.repo or ''}:{word}"][0] == key
        return replace(scope, branch=word if is_first else f"{word}:{self.opened[key]}")

    def is_open(self, key: str) -> bool:
        return key in self.parent and key not in self.closing

    def is_abandoned(self, key: str | None) -> bool:
        return key in self.closing and isinstance(self.closing[key].operation, AbandonBranch)

    def line(self, key: str | None) -> list[str | None]:
        """From a branch up to the main line."""
        return [None] if key is None else [key, *self.line(self.parent.get(key))]

    def place(self, change: Change) -> str | None:
        """Where an entry lives now: a merge moves it to the first ancestor that was open at that moment."""
        key, moment = change.writer.branch_key, change.seq
        while key in self.closing and isinstance(self.closing[key].operation, MergeBranch):
            if self.closing[key].seq < moment:
                break
            moment, key = self.closing[key].seq, self.parent[key]
            while key in self.closing and self.closing[key].seq < moment:
                key = self.parent[key]
        return key

    def since(self, change: Change, line: Sequence[str | None]) -> datetime:
        """From when an entry counts on a line, by the merges that brought it there."""
        key, moment, since = change.writer.branch_key, change.seq, BEGINNING
        while key in self.closing and key not in line:
            merge = self.closing[key]
            if not isinstance(merge.operation, MergeBranch) or merge.seq < moment:
                break
            since = max(since, min(merge.operation.at or BEGINNING, merge.recorded_at))
            moment, key = merge.seq, self.parent[key]
            while key in self.closing and self.closing[key].seq < moment:
                key = self.parent[key]
        return since


class OracleView:
    """What one reader sees at one ledger position of one tenant's ledger."""

    def __init__(self, log: Sequence[Change], reader: Scope, seq: int | None = None) -> None:
        self.reader = reader
        self.log = [change for change in log if seq is None or change.seq <= seq]
        self.branches = Branches(self.log)
        self.line = self.branches.line(reader.branch and self.branches.meant(reader.repo, reader.branch))
        self.seen = [change for change in self.log if self.sees(change)]
        revokes = [change.operation for change in self.seen if isinstance(change.operation, Revoke)]
        self.undone = {(revoke.change, revoke.move) for revoke in revokes}
        live = [change for change in self.seen if (change.seq, None) not in self.undone]
        adds = [(change.operation, change) for change in live if isinstance(change.operation, Add)]
        # Tombstones count as known: erasing a successor must not bring back what it replaced.
        self.known = {add.memory.id: change for add, change in adds if self.admits(add.memory.scope)}
        self.memories = {add.memory.id: add.memory for add, _ in adds if add.memory.id in self.known}
        self.retracted = {change.operation.id for change in live if isinstance(change.operation, Retract)}
        since = {change.seq: self.branches.since(change, self.line) for change in live}
        self.edges = [
            replace(edge, at=edge.at and max(edge.at, since[change.seq]))
            for change in live
            for edge in edges_of(change)
        ]
        self.steps = [
            replace(step, at=max(step.at, since[change.seq]), said=step.at)
            for change in live
            for index, step in enumerate(steps_of(change))
            if (change.seq, index) not in self.undone
        ]
        self._took: dict[tuple[str, datetime], bool] = {}
        self._reigns: dict[tuple[str, datetime], bool] = {}
        self._holding: dict[str, tuple[tuple[datetime, datetime], ...]] = {}

    # ---- what is seen

    def sees(self, change: Change) -> bool:
        place = self.branches.place(change)
        return place in self.line and not self.branches.is_abandoned(place)

    def admits(self, home: Scope) -> bool:
        here = self.reader
        if home.repo not in (None, here.repo) and (home.repo not in here.related_repos or home.user is not None):
            return False
        wider = ((home.user, here.user), (home.environment, here.environment))
        return home.tenant == here.tenant and all(level in (None, mine) for level, mine in wider)

    def memory(self, key: str) -> Memory | None:
        """The memory, unless it is unseen or erased."""
        found = self.memories.get(key)
        return None if found is None or found.statement is None else found

    @property
    def visible(self) -> list[str]:
        return sorted(key for key in self.memories if self.memory(key) is not None)

    # ---- what holds

    def steps_for(self, key: str) -> list[Step]:
        return [step for step in self.steps if step.memory == key]

    def status(self, key: str, valid: datetime) -> Status | None:
        return status_at(self.steps_for(key), valid)

    def start(self, key: str) -> datetime | None:
        return min((step.at for step in self.steps_for(key) if step.status is Status.ACTIVE), default=None)

    def out(self, key: str) -> list[Edge]:
        return [edge for edge in self.edges if edge.old == key and edge.is_full]

    def into(self, key: str) -> list[Edge]:
        return [edge for edge in self.edges if edge.new == key and edge.is_full]

    def amended(self, key: str) -> list[str]:
        into = [edge for edge in self.edges if edge.new == key and not edge.is_full]
        return [edge.old for edge in into if edge.old in self.known]

    def is_never(self, key: str) -> bool:
        """Retracted, or corrected by something that was accepted for good."""
        corrections = [edge for edge in self.out(key) if edge.kind is SupersessionKind.CORRECTION]
        return key in self.retracted or any(self.took_over(edge.new, FOREVER) for edge in corrections)

    def took_over(self, key: str, valid: datetime) -> bool:
        if (key, valid) not in self._took:
            start = self.start(key)
            own = key in self.known and start is not None and start <= valid and not self.is_never(key)
            onward = key in self.known and any(self.covers(edge, valid) for edge in self.out(key))
            self._took[key, valid] = own or onward
        return self._took[key, valid]

    def covers(self, edge: Edge, valid: datetime) -> bool:
        is_begun = edge.at is None or edge.at <= valid
        return is_begun and (edge.until is None or valid < edge.until) and self.took_over(edge.new, valid)

    def reigns(self, key: str, valid: datetime) -> bool:
        """Whether the memory is in force at an instant, erased or not."""
        if (key, valid) not in self._reigns:
            bases = self.amended(key)
            self._reigns[key, valid] = (
                key in self.known
                and not self.is_never(key)
                and self.status(key, valid) is Status.ACTIVE
                and not any(self.covers(edge, valid) for edge in self.out(key))
                and (not bases or any(self.reigns(base, valid) for base in bases))
            )
        return self._reigns[key, valid]

    def holds(self, key: str, valid: datetime) -> bool:
        return self.memory(key) is not None and self.reigns(key, valid)

    def instants(self) -> list[datetime]:
        """Every instant at which any answer can change, the beginning of time first."""
        ends = [moment for edge in self.edges for moment in (edge.at, edge.until) if moment is not None]
        return sorted({BEGINNING, *ends, *(step.at for step in self.steps)})

    def holding(self, key: str) -> tuple[tuple[datetime, datetime], ...]:
        """The spans in which the memory reigns, found by asking at every instant that matters."""
        if key in self._holding:
            return self._holding[key]
        spans: list[tuple[datetime, datetime]] = []
        ticks = self.instants()
        for low, high in zip(ticks, [*ticks[1:], FOREVER], strict=True):
            if self.reigns(key, low):
                is_same = bool(spans) and spans[-1][1] == low
                spans = [*spans[:-1], (spans[-1][0], high)] if is_same else [*spans, (low, high)]
        self._holding[key] = tuple(spans)
        return self._holding[key]

    # ---- who leads

    def rule(self, ids: Iterable[str], valid: datetime) -> tuple[str, tuple[tuple[str, str], ...]] | None:
        """(head, the others best first, each with the rule that put it behind); None if nothing holds."""
        holding = [key for key in ids if self.holds(key, valid)]
        left = [key for key in holding if not any(base in holding for base in self.amended(key))]
        ranked: list[str] = []
        while left:
            best = left[0]
            for key in left[1:]:
                best = key if self.beats(key, best, valid) in RULES else best
            ranked.append(best)
            left.remove(best)
        return (ranked[0], tuple((key, self.beats(ranked[0], key, valid)) for key in ranked[1:])) if ranked else None

    def beats(self, one: str, other: str, valid: datetime) -> str:
        """The rule by which one memory goes before another; empty if it does not."""
        for name in RULES:
            mine, theirs = self.claim(name, one, valid), self.claim(name, other, valid)
            if mine != theirs:
                return name if mine > theirs else ""  # type: ignore[operator]
        return ""

    def claim(self, name: str, key: str, valid: datetime) -> object:
        """What counts for a memory under a rule; more is better."""
        memory = self.memories[key]
        statement, home = memory.statement, memory.scope
        assert statement is not None
        levels = [home.user is not None, home.environment is not None, home.repo is not None]
        is_mandatory = statement.is_mandatory and statement.origin in ("human", "document", "commit")
        match name:
            case "class of trust":
                return statement.origin not in ("conversation", "external")
            case "mandatory":
                return is_mandatory
            case "mandatory width":
                return [not level for level in levels] if is_mandatory else []
            case "branch":
                return -self.line.index(self.branches.place(self.known[key]))
            case "scope":
                return levels
            case "trust of origin":
                trust = {"human": 4, "document": 3, "commit": 3, "agent": 2, "conversation": 1, "external": 0}
                return trust[statement.origin]
            case "start":
                return next(low for low, high in self.holding(key) if low <= valid < high)
            case "observed at":
                return statement.observed_at or BEGINNING
            case _:
                return hashlib.sha256(key.encode()).hexdigest()

    def subjects(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for key in self.visible:
            statement = self.memories[key].statement
            if statement is not None and statement.subject is not None:
                found.setdefault(statement.subject, []).append(key)
        return found
