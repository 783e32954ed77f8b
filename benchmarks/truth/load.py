"""Replays a corpus through the public verbs, in the order of its dates, under a clock that shows those dates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby

from benchmarks.truth.packs import Declared, Pack, Record, Told
from graphmem.answers import Written
from graphmem.errors import Conflict, InvalidInput
from graphmem.model import Move, Scope, Status, SupersessionKind
from graphmem.service import GraphMemory, New
from graphmem.service.context import Write

_A_DAY = timedelta(days=1)


@dataclass(slots=True)
class ReplayClock:
    """Shows the moment that is being replayed."""

    now: datetime

    def __call__(self) -> datetime:
        """The moment."""
        return self.now


@dataclass(frozen=True, slots=True)
class _Takeover:
    """One supersede as it should stand now."""

    old: str
    news: tuple[str, ...]
    at: datetime
    until: datetime | None
    evidence: str | None


@dataclass(slots=True)
class _State:
    """What has been recorded of one record so far."""

    record: Record
    status: Status
    was_active: bool
    declared: list[Declared] = field(default_factory=list)
    takeovers: dict[_Takeover, int] = field(default_factory=dict)


class Replay:
    """One pack on its way into a memory.

    Args:
        memory: An opened, empty memory.
        clock: The one that it was opened with.
        tenant: Where the pack lives.
    """

    def __init__(self, memory: GraphMemory, clock: ReplayClock, tenant: str) -> None:
        self._memory = memory
        self._clock = clock
        self._tenant = tenant
        self._states: dict[str, _State] = {}
        self._pairs: set[tuple[str, str]] = set()
        self._followed_from: dict[str, datetime] = {}
        #: What the sources declare and graphmem refuses, such as records that replace each other.
        self.refused: list[str] = []

    def run(self, pack: Pack) -> None:
        """Record the whole pack; the clock then shows the day after its last event."""
        first = {record.id: record.told[0].known for record in pack.records}
        days: dict[datetime, list[Record | Declared | tuple[Record, Told]]] = defaultdict(list)
        for record in pack.records:
            days[first[record.id]].append(record)
            for told in record.told:
                if told.known > first[record.id]:
                    days[told.known].append((record, told))
        for one in pack.declared:
            known = max(one.known, first[one.old], first[one.new])
            days[known].append(one)
            if one.kind is SupersessionKind.UPDATE:
                self._followed_from[one.old] = min(known, self._followed_from.get(one.old, known))
        for moment in sorted(days):
            self._clock.now = moment
            self._replay(days[moment])
        self._clock.now = pack.present + _A_DAY

    def _replay(self, events: list[Record | Declared | tuple[Record, Told]]) -> None:
        self._add([one for one in events if isinstance(one, Record)])
        touched = dict.fromkeys(self._declare(one) for one in events if isinstance(one, Declared))
        self._reconcile(touched)
        for event in events:
            if isinstance(event, tuple):
                self._move(*event)

    # ---- records

    def _add(self, records: list[Record]) -> None:
        for repo, group in groupby(sorted(records, key=lambda one: one.repo or ""), key=lambda one: one.repo):
            items = []
            for record in group:
                moves = self._first_moves(record)
                items.append(New(statement=record.statement, moves=moves, id=record.id, scope=self._scope(repo)))
            self._memory.add_many(items, write=self._write(repo))

    def _first_moves(self, record: Record) -> tuple[Move, ...]:
        known = [told for told in record.told if told.known == record.told[0].known]
        state = self._states[record.id] = _State(record, Status.PROPOSED, was_active=False)
        moves = []
        for ordinal, told in enumerate(known):
            moves.append(Move(self._meaning(state, told), told.at, ordinal, told.word))
        return tuple(moves)

    def _move(self, record: Record, told: Told) -> None:
        state = self._states[record.id]
        status = self._meaning(state, told)
        write = self._write(record.repo)
        self._try(lambda: self._memory.transition(record.id, status, at=told.at, word=told.word, write=write))
        if status in {Status.REJECTED, Status.DEFERRED, Status.ACTIVE, Status.PROPOSED}:
            self._reconcile([old for old, new in self._pairs if new == record.id])

    def _meaning(self, state: _State, told: Told) -> Status:
        """Superseded is no state of its own: with a declared successor the edge says all, without one it is an end."""
        status = told.status
        if status is None:
            known = self._followed_from.get(state.record.id)
            status = state.status if known is not None and known <= self._clock.now else Status.ENDED
        if status is Status.REJECTED and state.was_active:
            status = Status.ENDED
        state.status = status
        state.was_active |= status is Status.ACTIVE
        return status

    # ---- replacements

    def _declare(self, one: Declared) -> str:
        state = self._states[one.old]
        if one.kind is SupersessionKind.AMENDMENT:
            self._amend(one)
            return one.old
        state.declared.append(one)
        self._pairs.add((one.old, one.new))
        return one.old

    def _amend(self, one: Declared) -> None:
        write = self._write(self._states[one.old].record.repo, one.evidence)
        if (part := one.part) is not None:
            self._try(lambda: self._memory.amend(one.old, one.new, part, at=one.at, write=write))
        else:
            self._try(lambda: self._memory.supersede(one.old, one.new, at=one.at, kind=one.kind, write=write))

    def _reconcile(self, olds: Iterable[str]) -> None:
        """Bring what is recorded in line with what is declared by now: a later declaration may split or bound it."""
        for old in olds:
            state = self._states[old]
            wanted = self._takeovers(state)
            repo = state.record.repo
            for takeover in [one for one in state.takeovers if one not in wanted]:
                self._memory.revoke(state.takeovers.pop(takeover), write=self._write(repo))
            for one in wanted:
                if one not in state.takeovers and (written := self._take_over(one, repo)) is not None:
                    state.takeovers[one] = written.change.seq

    def _take_over(self, one: _Takeover, repo: str | None) -> Written | None:
        write = self._write(repo, one.evidence)
        return self._try(lambda: self._memory.supersede(one.old, one.news, at=one.at, until=one.until, write=write))

    def _try(self, operation: Callable[[], Written]) -> Written | None:
        try:
            return operation()
        except (Conflict, InvalidInput) as refusal:
            self.refused.append(str(refusal))
            return None

    def _takeovers(self, state: _State) -> list[_Takeover]:
        """Successors that follow each other are spliced with bounded edges; several that do not are one split."""
        live = [one for one in state.declared if not self._is_ignored(one)]
        start = min(told.at for told in state.record.told[:1])
        followed: dict[str, datetime] = {}
        for one in live:
            later = [other.at for other in live if (one.new, other.new) in self._pairs and other.at > one.at]
            if later:
                followed[one.new] = min(later)
        found = [
            _Takeover(one.old, (one.new,), max(one.at, start), followed[one.new], one.evidence)
            for one in live
            if one.new in followed
        ]
        lasting = [one for one in live if one.new not in followed]
        if lasting:
            at = max(min(one.at for one in lasting), start)
            evidence = " | ".join(dict.fromkeys(one.evidence for one in lasting if one.evidence)) or None
            found.append(_Takeover(state.record.id, tuple(one.new for one in lasting), at, None, evidence))
        return found

    def _is_ignored(self, one: Declared) -> bool:
        """A claim by the new side alone counts for nothing while the claimant is rejected or deferred."""
        return one.is_claim and self._states[one.new].status in {Status.REJECTED, Status.DEFERRED}

    # ---- where

    def _scope(self, repo: str | None) -> Scope:
        return Scope(self._tenant, repo)

    def _write(self, repo: str | None, reason: str | None = None) -> Write:
        return Write(scope=self._scope(repo), actor="replay", source="corpus", reason=reason)
