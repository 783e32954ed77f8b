"""Many memories in one transaction, wherever each lives, and what each of them supersedes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from graphmem.answers import OnSimilar, Written
from graphmem.errors import InvalidInput
from graphmem.model import (
    Add,
    Change,
    Confirm,
    Kind,
    Memory,
    Move,
    Request,
    Scope,
    Statement,
    Status,
    Supersede,
    SupersessionKind,
    instant,
)
from graphmem.rows import Rows
from graphmem.service.desk import Desk, Write, Writing
from graphmem.service.references import id_among, memory_id
from graphmem.service.resembling import apply_looking
from graphmem.service.wording import restated, statement_from
from graphmem.temporal import View, touched
from graphmem.temporal.trust import guard
from graphmem.vocabulary import word_of


@dataclass(frozen=True, slots=True, kw_only=True)
class New:
    """A memory to record in bulk.

    Attributes:
        statement: What is true; or a text, of the origin of who writes, which restates what it supersedes, if it does.
        moves: Its life as its source tells it; without any it is active from `start`.
        id: Its id, if another system gave it one.
        scope: Where it lives; if not given, where what it supersedes lives, or where its writer stands.
        start: Since when it holds, and from when it supersedes; now if not given, or its first activation if it has
            moves, or for a correction the start of what it corrects.
        supersedes: What it takes over from: memories by id, alias or the beginning of an id, and items before it in the
            same call by their ids or by their positions, counted from 0.
        supersession: `update` (the world changed) or `correction` (the old was never right).
        until: End of a provisional replacement.
        reason: Why, in place of the reason of the whole call.
    """

    statement: Statement | str
    moves: tuple[Move, ...] = ()
    id: str | None = None
    scope: Scope | None = None
    start: datetime | None = None
    supersedes: tuple[str | int, ...] = ()
    supersession: SupersessionKind = SupersessionKind.UPDATE
    until: datetime | None = None
    reason: str | None = None

    def __post_init__(self) -> None:
        if type(self.supersession) is not SupersessionKind:
            object.__setattr__(self, "supersession", word_of(SupersessionKind, self.supersession))
        if type(self.supersedes) is not tuple:
            named = self.supersedes
            object.__setattr__(self, "supersedes", (named,) if isinstance(named, str | int) else tuple(named))


def record_all(desk: Desk, items: Sequence[New], *, on_similar: OnSimilar | None, write: Write | None) -> list[Written]:
    """Record items in one transaction; see `Recorder.add_many`."""
    writing = desk.request_for(write)
    _refuse_misshapen(items)
    batch = _Batch(desk, writing, items)
    known: dict[int, Written] = {}
    sent: list[tuple[int, Request, Change | None]] = []
    for index in range(len(items)):
        first = batch.confirmed_before(index)
        if first is not None:
            known[index] = Written(first, touched(first.operation), is_confirmation=True)
        else:
            sent += [(index, request, earlier) for request, earlier in batch.requests(index)]
    done = apply_looking(desk, [one for _, one, _ in sent], [one for _, _, one in sent], on_similar)
    # The answer to one that supersedes is that of its last entry.
    known.update((index, written) for (index, _, _), written in zip(sent, done, strict=True))
    return [known[index] for index in range(len(items))]


def was_confirmed(desk: Desk, first: Change, writing: Writing, memory: Memory) -> bool:
    """Whether an entry confirmed just what is sent again; the moment of that first time has left no trace."""
    said = memory.statement
    by = writing if said is None else writing.speaking(said.origin)
    if not isinstance(first.operation, Confirm) or (first.writer, first.provenance) != (by.writer, by.provenance):
        return False
    kept = desk.store.rows(writing.writer, [first.operation.id]).memories[first.operation.id].memory
    return kept.scope == memory.scope and _content(kept) == _content(memory)


@dataclass(slots=True)
class _Drawn:
    """An item as it is sent: the memory that it adds, its life, and who writes it."""

    memory: Memory
    life: tuple[Move, ...]
    writing: Writing


@dataclass(slots=True)
class _Old:
    """What an item supersedes, as far as its writer sees it: which memory, what it says, and since when."""

    id: str
    memory: Memory | None = None
    start: datetime | None = None


@dataclass(slots=True)
class _First:
    """What became of an item when its call was sent before."""

    added: Change | None = None
    superseded: Change | None = None


class _Batch:
    """The items of one call on their way to requests."""

    def __init__(self, desk: Desk, writing: Writing, items: Sequence[New]) -> None:
        self._desk = desk
        self._writing = writing
        self._items = items
        self._first = self._first_times()
        now = _now_of(self._first, items)
        self._now = desk.clock() if now is None else now
        self._ids = [item.id or writing.new_id(index) for index, item in enumerate(items)]
        self._places = {item.id: index for index, item in reversed(list(enumerate(items))) if item.id is not None}
        self._drawn: dict[int, _Drawn] = {}
        self._of_place: dict[tuple[Scope, str | None], Writing] = {}
        #: What stands for items that were confirmed when the call was sent before.
        self._stands: dict[int, str] = {}
        self._writers: list[Scope] = []
        for index, item in enumerate(items):
            self._writers.append(self._writer(index, item))
        self._read = _Read(desk, self._named())

    def confirmed_before(self, index: int) -> Change | None:
        """The entry that confirmed what this item says, when the call was sent before."""
        item, first = self._items[index], self._first[index].added
        if first is None or item.moves or item.supersedes or item.start is not None:
            return None
        drawn = self._draw(index, ())
        if not was_confirmed(self._desk, first, drawn.writing, drawn.memory):
            return None
        self._stands.update((index, key) for key in touched(first.operation))
        return first

    def requests(self, index: int) -> list[tuple[Request, Change | None]]:
        """What an item asks for, each with the entry that it led to before."""
        item, first = self._items[index], self._first[index]
        olds = [self._old(index, ref) for ref in item.supersedes]
        drawn = self._draw(index, olds)
        by, op_id = drawn.writing, f"{self._writing.op_id}/{index}"
        add = Add(drawn.memory, drawn.life, may_confirm=not item.supersedes)
        found: list[tuple[Request, Change | None]] = [(Request(op_id, add, by.writer, by.provenance), first.added)]
        if item.supersedes:
            supersede = Supersede(
                old=tuple(dict.fromkeys(old.id for old in olds)),
                new=(drawn.memory.id,),
                at=None if item.supersession is SupersessionKind.CORRECTION else _takes_over_at(item, drawn.life),
                until=item.until,
                kind=item.supersession,
            )
            request = Request(_superseding(op_id), supersede, by.writer, by.provenance, by.seen)
            found.append((request, first.superseded))
        return found

    # ---- when it was sent before

    def _first_times(self) -> list[_First]:
        """What became of each item, if the call was sent before."""
        store, reader, found = self._desk.store, self._writing.writer, [_First() for _ in self._items]
        for index, item in enumerate(self._items):
            op_id = f"{self._writing.op_id}/{index}"
            found[index].added = store.change_by_op_id(reader, op_id)
            if found[index].added is None:
                break
            if item.supersedes:
                found[index].superseded = store.change_by_op_id(reader, _superseding(op_id))
        return found

    # ---- one item

    def _writer(self, index: int, item: New) -> Scope:
        """Where the writer of an item stands: where the call's writer does, if what lives there is seen from there."""
        writer, home = self._writing.writer, item.scope
        if home is None:
            refs = (ref if isinstance(ref, int) else self._place(index, ref) for ref in item.supersedes[:1])
            before = [place for place in refs if place is not None and 0 <= place < index]
            return self._writers[before[0]] if before else writer
        if home.tenant != writer.tenant or (writer.admits(home) and writer.branch == home.branch):
            return writer
        return home

    def _draw(self, index: int, olds: Sequence[_Old]) -> _Drawn:
        item, added = self._items[index], self._first[index].added
        before = added.operation if added is not None and isinstance(added.operation, Add) else None
        template = next((old.memory for old in olds if old.memory is not None), None)
        by = self._writing_of(self._writers[index], item.reason)
        said = self._said(item, by, template, before)
        by = by.speaking(said.origin)
        home = item.scope or self._home(by.writer, template, before)
        life = item.moves or (self._first_move(item, by, olds, before),)
        self._drawn[index] = _Drawn(Memory(self._ids[index], home, said), life, by)
        return self._drawn[index]

    def _writing_of(self, writer: Scope, reason: str | None) -> Writing:
        """What items of one place and reason have in common; one object, of which the written form is kept."""
        found = self._of_place.get((writer, reason))
        if found is None:
            by = self._writing.provenance
            provenance = by if reason is None else replace(by, reason=reason)
            found = self._of_place[writer, reason] = replace(self._writing, writer=writer, provenance=provenance)
        return found

    def _said(self, item: New, by: Writing, template: Memory | None, before: Add | None) -> Statement:
        if not isinstance(item.statement, str):
            return item.statement
        if template is not None and template.statement is not None:
            return restated(item.statement, template.statement, by.provenance.origin)
        if item.supersedes and before is not None and before.memory.statement is not None:
            return before.memory.statement  # sent again after what it supersedes was erased
        return replace(statement_from(item.statement, Kind.FACT), origin=by.provenance.origin)

    def _home(self, writer: Scope, template: Memory | None, before: Add | None) -> Scope:
        if before is not None:
            return before.memory.scope
        return writer if template is None else replace(template.scope, branch=writer.branch)

    def _first_move(self, item: New, by: Writing, olds: Sequence[_Old], before: Add | None) -> Move:
        if before is not None and item.start is None:
            return before.moves[0]
        start = None if item.start is None else instant(item.start)
        if start is None and item.supersession is SupersessionKind.CORRECTION:
            start = min((old.start for old in olds if old.start is not None), default=None)
        trust = by.provenance.origin.trust
        is_done = all(trust >= guard(old.memory.statement) for old in olds if old.memory is not None)
        return Move(Status.ACTIVE if is_done else Status.PROPOSED, start or self._now)

    # ---- what an item supersedes

    def _named(self) -> dict[Scope, dict[str, None]]:
        """Names of memories that are not items of this call, by who names them."""
        found: dict[Scope, dict[str, None]] = {}
        for index, item in enumerate(self._items):
            for ref in item.supersedes:
                if isinstance(ref, str) and self._place(index, ref) is None:
                    found.setdefault(self._writers[index], {})[self._before(index, ref)] = None
        return found

    def _place(self, index: int, ref: str) -> int | None:
        """The position of the item before this one that has the id."""
        place = self._places.get(ref)
        return place if place is not None and place < index else None

    def _before(self, index: int, ref: str) -> str:
        """The memory that a name meant when the call was sent before; else the name."""
        first = self._first[index].superseded
        if first is None:
            return ref
        return id_among(self._desk, self._writers[index], ref, touched(first.operation))

    def _old(self, index: int, ref: str | int) -> _Old:
        place = ref if isinstance(ref, int) else self._place(index, ref)
        if place is None:
            return self._read.old(self._writers[index], self._before(index, str(ref)))
        if not 0 <= place < index:
            raise InvalidInput(f"item {index} supersedes item {place}: positions count from 0, and come before it")
        if place in self._stands and self._first[index].superseded is None:
            return self._read.old(self._writers[index], self._stands[place])
        drawn = self._drawn[place]
        start = next((move.at for move in drawn.life if move.status is Status.ACTIVE), None)
        return _Old(drawn.memory.id, drawn.memory, start)


class _Read:
    """What is recorded of the memories that items supersede, read together."""

    def __init__(self, desk: Desk, named: Mapping[Scope, Iterable[str]]) -> None:
        self._desk = desk
        self._found: dict[tuple[Scope, str], _Old] = {}
        for reader, olds in self._looked_up(named).items():
            self._found.update(((reader, ref), old) for ref, old in olds.items())

    def old(self, reader: Scope, ref: str) -> _Old:
        """What a reader means by a name.

        Raises:
            NotFound: Nothing that the reader sees.
            InvalidInput: Several memories.
        """
        found = self._found.get((reader, ref))
        if found is None or found.memory is None:
            key = memory_id(self._desk, reader, ref, self._desk.point(None, reader)) or ref
            found = self._looked_up({reader: (key,)})[reader][key]
            self._found[reader, ref] = found
        return found

    def _looked_up(self, named: Mapping[Scope, Iterable[str]]) -> dict[Scope, dict[str, _Old]]:
        keys = list(dict.fromkeys(key for refs in named.values() for key in refs))
        if not keys:
            return {}
        reader = next(iter(named))
        seq, rows = self._desk.store.position(reader).seq, self._desk.store.rows(reader, keys, is_alone=True)
        parts = _Parts(rows)
        return {one: parts.olds(one, list(refs), seq) for one, refs in named.items()}


@dataclass(slots=True)
class _Parts:
    """Rows of memories alone, handed out a few at a time: a view of all of them for each of many readers is slow."""

    rows: Rows
    moves: dict[str, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for place, row in enumerate(self.rows.moves):
            self.moves.setdefault(row.memory, []).append(place)

    def olds(self, reader: Scope, keys: Sequence[str], seq: int) -> dict[str, _Old]:
        """What a reader sees of some of them."""
        rows = replace(
            self.rows,
            memories={key: self.rows.memories[key] for key in keys if key in self.rows.memories},
            moves=tuple(self.rows.moves[place] for key in keys for place in self.moves.get(key, ())),
        )
        view = View(rows, reader, seq)
        return {key: _Old(key, view.memory(key), view.start(key)) for key in keys}


def _refuse_misshapen(items: Sequence[New]) -> None:
    for index, item in enumerate(items):
        if item.supersession is SupersessionKind.AMENDMENT:
            raise InvalidInput(f"item {index} would amend: a batch only updates and corrects; see `amend`")
        if item.until is not None and not item.supersedes:
            raise InvalidInput(f"item {index} has an 'until' but supersedes nothing: give it moves that end it")


def _takes_over_at(item: New, life: tuple[Move, ...]) -> datetime:
    if item.start is not None:
        return instant(item.start)
    return next((move.at for move in life if move.status is Status.ACTIVE), life[0].at)


def _now_of(first: Sequence[_First], items: Sequence[New]) -> datetime | None:
    """The now of the first time that a call was sent, as far as it left a trace."""
    for one, item in zip(first, items, strict=True):
        is_now = not item.moves and item.start is None and item.supersession is not SupersessionKind.CORRECTION
        if is_now and one.added is not None and isinstance(one.added.operation, Add):
            return one.added.operation.moves[0].at
    return None


def _superseding(op_id: str) -> str:
    """The `op_id` of the entry by which an item takes over."""
    return f"{op_id}/supersedes"


def _content(memory: Memory) -> str | None:
    return memory.statement.content_hash if memory.statement else None
