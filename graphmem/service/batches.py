"""Batches: memories added in a single transaction, each in its own scope, with the memories that they supersede."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from graphmem.answers import OnSimilar, Written
from graphmem.deferred_dataclass import dataclass, field, replace
from graphmem.errors import InvalidInput
from graphmem.model import (
    Add,
    Change,
    Confirm,
    Kind,
    Memory,
    Move,
    Origin,
    Request,
    Scope,
    Statement,
    Status,
    Supersede,
    SupersessionKind,
    instant,
)
from graphmem.rows import Rows
from graphmem.scopes import branch_parts
from graphmem.service.canonical_keys import with_canonical_keys
from graphmem.service.context import ServiceContext, Write, WriteRequest
from graphmem.service.references import id_among, memory_id
from graphmem.service.similar_memories import apply_with_similar
from graphmem.service.statements import restated, statement_from
from graphmem.temporal import View, touched
from graphmem.temporal.trust import guard
from graphmem.vocabulary import word_of


@dataclass(frozen=True, slots=True, kw_only=True)
class New:
    """A memory to add with `add_many`.

    Attributes:
        statement: The statement, or its text. A text has the origin of the write; if the item supersedes, the text
            restates the first superseded memory.
        moves: The status history of the memory; without it, the memory is active from `start`.
        id: The id of the memory, if another system has assigned it.
        scope: The scope of the memory; if not given, that of the first superseded memory, or else the writer's.
        start: The time from which the memory is in force and supersedes. If not given: the first activation in `moves`;
            without moves now, or for a correction the start of the corrected memory.
        supersedes: The memories to supersede: ids, aliases, beginnings of ids, or earlier items of the same call, by
            their id or by their index, counted from 0.
        supersession: `update` (the world changed) or `correction` (the old memory was never right).
        until: The end of a temporary supersession.
        reason: The reason for this item, in place of the reason of the whole call.
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
            refs = self.supersedes
            object.__setattr__(self, "supersedes", (refs,) if isinstance(refs, str | int) else tuple(refs))


def record_all(
    context: ServiceContext, items: Sequence[New], *, on_similar: OnSimilar | None, write: Write | None
) -> list[Written]:
    """Add items in a single transaction; see `WriteVerbs.add_many`."""
    request = context.write_request(write)
    _check_shape(items)
    batch = _ItemBatch(context, request, items)
    results: dict[int, Written] = {}
    drafts: list[tuple[int, Request, Change | None]] = []
    for index in range(len(items)):
        confirmation = batch.confirmed_before(index)
        if confirmation is not None:
            results[index] = Written(confirmation, touched(confirmation.operation), is_confirmation=True)
        else:
            drafts += [(index, ledger_request, earlier) for ledger_request, earlier in batch.requests(index)]
    requests, earlier_entries = [draft[1] for draft in drafts], [draft[2] for draft in drafts]
    done = apply_with_similar(context, requests, earlier_entries, on_similar)
    # The result of an item that supersedes is that of its second entry, the supersession.
    results.update((index, written) for (index, _, _), written in zip(drafts, done, strict=True))
    return [results[index] for index in range(len(items))]


def was_confirmed(context: ServiceContext, earlier: Change, request: WriteRequest, memory: Memory) -> bool:
    """Return whether an earlier entry with the same `op_id` is a confirmation of the same content by the same writer.

    A confirmation does not record the start of the memory that was to be added, so it cannot be compared.
    """
    statement = memory.statement
    by = request if statement is None else request.limited_to(statement.origin)
    operation = earlier.operation
    if not isinstance(operation, Confirm) or earlier.provenance != by.provenance:
        return False
    if _by_name(earlier.writer) != _by_name(by.writer):
        return False
    confirmed = context.store.rows(request.writer, [operation.id]).memories[operation.id].memory
    return _by_name(confirmed.scope) == _by_name(memory.scope) and _content(confirmed) == _content(memory)


def _by_name(scope: Scope) -> Scope:
    """The scope with its branch as a name: the ledger also records at which position a later branch was opened."""
    return scope if scope.branch is None else replace(scope, branch=branch_parts(scope.branch)[0])


@dataclass(slots=True)
class _ItemDraft:
    """An item, ready to be sent: the memory to add, its moves, and the fields of its requests."""

    memory: Memory
    life: tuple[Move, ...]
    request: WriteRequest


@dataclass(slots=True)
class _Superseded:
    """A memory that an item supersedes; `memory` and `start` are None if the item's writer does not see it."""

    id: str
    memory: Memory | None = None
    start: datetime | None = None


@dataclass(slots=True)
class _EarlierEntries:
    """The ledger entries of an item, if its call was sent before."""

    added: Change | None = None
    superseded: Change | None = None


class _ItemBatch:
    """Makes the ledger requests of the items of a call, in order."""

    def __init__(self, context: ServiceContext, request: WriteRequest, items: Sequence[New]) -> None:
        self._context = context
        self._request = request
        self._items = items
        self._earlier = self._earlier_entries()
        now = _earlier_now(self._earlier, items)
        self._now = context.clock() if now is None else now
        self._ids = [item.id or request.new_id(index) for index, item in enumerate(items)]
        self._index_of = {item.id: index for index, item in reversed(list(enumerate(items))) if item.id is not None}
        self._drafts: dict[int, _ItemDraft] = {}
        self._shared: dict[tuple[Scope, str | None], WriteRequest] = {}
        self._limited: dict[tuple[int, str], WriteRequest] = {}
        #: By index, the memories that were confirmed instead of added when the call was sent before.
        self._confirmed: dict[int, str] = {}
        self._writers: list[Scope] = []
        for index, item in enumerate(items):
            self._writers.append(self._writer(index, item))
        self._superseded = _SupersededMemories(context, self._outside_refs())

    def confirmed_before(self, index: int) -> Change | None:
        """Return the entry that confirmed an item's content when the call was sent before; None if there is none."""
        item, added = self._items[index], self._earlier[index].added
        if added is None or item.moves or item.supersedes or item.start is not None:
            return None
        draft = self._draft(index, ())
        if not was_confirmed(self._context, added, draft.request, draft.memory):
            return None
        self._confirmed.update((index, key) for key in touched(added.operation))
        return added

    def requests(self, index: int) -> list[tuple[Request, Change | None]]:
        """Return the ledger requests of an item, each with its entry if the call was sent before."""
        item, earlier = self._items[index], self._earlier[index]
        olds = [self._old(index, ref) for ref in item.supersedes]
        draft = self._draft(index, olds)
        by, op_id = draft.request, f"{self._request.op_id}/{index}"
        add = Add(draft.memory, draft.life, may_confirm=not item.supersedes)
        requests: list[tuple[Request, Change | None]] = [(Request(op_id, add, by.writer, by.provenance), earlier.added)]
        if item.supersedes:
            supersede = Supersede(
                old=tuple(dict.fromkeys(old.id for old in olds)),
                new=(draft.memory.id,),
                at=None if item.supersession is SupersessionKind.CORRECTION else _superseded_from(item, draft.life),
                until=item.until,
                kind=item.supersession,
            )
            request = Request(_supersession_op_id(op_id), supersede, by.writer, by.provenance, by.seen)
            requests.append((request, earlier.superseded))
        return requests

    # ---- entries of an earlier attempt

    def _earlier_entries(self) -> list[_EarlierEntries]:
        """Return the entries of each item from when the call was sent before; empty entries if it was not."""
        store, reader, entries = self._context.store, self._request.writer, [_EarlierEntries() for _ in self._items]
        for index, item in enumerate(self._items):
            op_id = f"{self._request.op_id}/{index}"
            entries[index].added = store.change_by_op_id(reader, op_id)
            if entries[index].added is None:
                break
            if item.supersedes:
                entries[index].superseded = store.change_by_op_id(reader, _supersession_op_id(op_id))
        return entries

    # ---- single items

    def _writer(self, index: int, item: New) -> Scope:
        """Return the writer's scope of an item.

        It is that of the call if memories in the item's scope are visible from there, and otherwise the item's scope.
        An item without a scope has the writer of the item that it supersedes, if any.
        """
        writer, home = self._request.writer, item.scope
        if home is None:
            refs = (ref if isinstance(ref, int) else self._earlier_index(index, ref) for ref in item.supersedes[:1])
            before = [ref for ref in refs if ref is not None and 0 <= ref < index]
            return self._writers[before[0]] if before else writer
        if home.tenant != writer.tenant or (writer.admits(home) and writer.branch == home.branch):
            return writer
        return home

    def _draft(self, index: int, olds: Sequence[_Superseded]) -> _ItemDraft:
        item, added = self._items[index], self._earlier[index].added
        before = added.operation if added is not None and isinstance(added.operation, Add) else None
        template = next((old.memory for old in olds if old.memory is not None), None)
        by = self._shared_request(self._writers[index], item.reason)
        statement = self._statement(item, by, template, before)
        by = self._limited_request(by, statement.origin)
        home = item.scope or self._home(by.writer, template, before)
        life = item.moves or (self._first_move(item, by, olds, before),)
        self._drafts[index] = _ItemDraft(Memory(self._ids[index], home, statement), life, by)
        return self._drafts[index]

    def _shared_request(self, writer: Scope, reason: str | None) -> WriteRequest:
        """Return the request fields that items of a writer and reason share; its JSON is made only once."""
        shared = self._shared.get((writer, reason))
        if shared is None:
            by = self._request.provenance
            provenance = by if reason is None else replace(by, reason=reason)
            shared = self._shared[writer, reason] = replace(self._request, writer=writer, provenance=provenance)
        return shared

    def _limited_request(self, shared: WriteRequest, origin: Origin) -> WriteRequest:
        """Return shared request fields limited to an origin; they too are made only once."""
        key = (id(shared), origin.value)
        limited = self._limited.get(key)
        if limited is None:
            limited = self._limited[key] = shared.limited_to(origin)
        return limited

    def _statement(self, item: New, by: WriteRequest, template: Memory | None, before: Add | None) -> Statement:
        if not isinstance(item.statement, str):
            return with_canonical_keys(item.statement)
        if template is not None and template.statement is not None:
            return restated(item.statement, template.statement, by.provenance.origin)
        if item.supersedes and before is not None and before.memory.statement is not None:
            return before.memory.statement  # sent again after the superseded memory was erased
        return replace(statement_from(item.statement, Kind.FACT), origin=by.provenance.origin)

    def _home(self, writer: Scope, template: Memory | None, before: Add | None) -> Scope:
        if before is not None:
            return before.memory.scope
        return writer if template is None else replace(template.scope, branch=writer.branch)

    def _first_move(self, item: New, by: WriteRequest, olds: Sequence[_Superseded], before: Add | None) -> Move:
        if before is not None and item.start is None:
            return before.moves[0]
        start = None if item.start is None else instant(item.start)
        if start is None and item.supersession is SupersessionKind.CORRECTION:
            start = min((old.start for old in olds if old.start is not None), default=None)
        trust = by.provenance.origin.trust
        is_trusted = all(trust >= guard(old.memory.statement) for old in olds if old.memory is not None)
        return Move(Status.ACTIVE if is_trusted else Status.PROPOSED, start or self._now)

    # ---- superseded memories

    def _outside_refs(self) -> dict[Scope, dict[str, None]]:
        """Return the references to memories that are not items of this call, by the writer of the item."""
        refs: dict[Scope, dict[str, None]] = {}
        for index, item in enumerate(self._items):
            for ref in item.supersedes:
                if isinstance(ref, str) and self._earlier_index(index, ref) is None:
                    refs.setdefault(self._writers[index], {})[self._same_ref(index, ref)] = None
        return refs

    def _earlier_index(self, index: int, ref: str) -> int | None:
        """Return the index of the item with an id, if it comes before this item."""
        target = self._index_of.get(ref)
        return target if target is not None and target < index else None

    def _same_ref(self, index: int, ref: str) -> str:
        """Return the id that a reference named when the call was sent before; else the reference."""
        superseded = self._earlier[index].superseded
        if superseded is None:
            return ref
        return id_among(self._context, self._writers[index], ref, touched(superseded.operation))

    def _old(self, index: int, ref: str | int) -> _Superseded:
        target = ref if isinstance(ref, int) else self._earlier_index(index, ref)
        if target is None:
            return self._superseded.named(self._writers[index], self._same_ref(index, str(ref)))
        if not 0 <= target < index:
            raise InvalidInput(
                f"item {index} supersedes item {target}: an item can only supersede items before it (counted from 0)"
            )
        if target in self._confirmed and self._earlier[index].superseded is None:
            return self._superseded.named(self._writers[index], self._confirmed[target])
        draft = self._drafts[target]
        start = next((move.at for move in draft.life if move.status is Status.ACTIVE), None)
        return _Superseded(draft.memory.id, draft.memory, start)


class _SupersededMemories:
    """The stored memories that items supersede, read together."""

    def __init__(self, context: ServiceContext, refs: Mapping[Scope, Iterable[str]]) -> None:
        self._context = context
        self._memories: dict[tuple[Scope, str], _Superseded] = {}
        for reader, olds in self._read(refs).items():
            self._memories.update(((reader, ref), old) for ref, old in olds.items())

    def named(self, reader: Scope, ref: str) -> _Superseded:
        """Return the memory that a reference names to a reader.

        Returns:
            The memory; without content if the reader sees none of that name.

        Raises:
            InvalidInput: The reference names several memories.
        """
        old = self._memories.get((reader, ref))
        if old is None or old.memory is None:
            key = memory_id(self._context, reader, ref, self._context.point(None, reader)) or ref
            old = self._read({reader: (key,)})[reader][key]
            self._memories[reader, ref] = old
        return old

    def _read(self, refs: Mapping[Scope, Iterable[str]]) -> dict[Scope, dict[str, _Superseded]]:
        keys = list(dict.fromkeys(key for named in refs.values() for key in named))
        if not keys:
            return {}
        reader = next(iter(refs))
        seq, rows = self._context.store.position(reader).seq, self._context.store.rows(reader, keys, is_alone=True)
        parts = _MemoryRows(rows)
        return {writer: parts.visible(writer, list(named), seq) for writer, named in refs.items()}


@dataclass(slots=True)
class _MemoryRows:
    """Rows of memories and their moves, split by reader: a view of all rows for each of many readers is slow."""

    rows: Rows
    moves: dict[str, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for index, row in enumerate(self.rows.moves):
            self.moves.setdefault(row.memory, []).append(index)

    def visible(self, reader: Scope, keys: Sequence[str], seq: int) -> dict[str, _Superseded]:
        """Return some of the memories as a reader sees them at a ledger position."""
        rows = replace(
            self.rows,
            memories={key: self.rows.memories[key] for key in keys if key in self.rows.memories},
            moves=tuple(self.rows.moves[index] for key in keys for index in self.moves.get(key, ())),
        )
        view = View(rows, reader, seq)
        return {key: _Superseded(key, view.memory(key), view.start(key)) for key in keys}


def _check_shape(items: Sequence[New]) -> None:
    for index, item in enumerate(items):
        if item.supersession is SupersessionKind.AMENDMENT:
            raise InvalidInput(f"item {index} would amend: a batch only updates and corrects; see `amend`")
        if item.until is not None and not item.supersedes:
            raise InvalidInput(f"item {index} has an 'until' but supersedes nothing: give it moves that end it")


def _superseded_from(item: New, life: tuple[Move, ...]) -> datetime:
    if item.start is not None:
        return instant(item.start)
    return next((move.at for move in life if move.status is Status.ACTIVE), life[0].at)


def _earlier_now(earlier: Sequence[_EarlierEntries], items: Sequence[New]) -> datetime | None:
    """Return the current time of the first attempt of a call; None if no entry recorded it."""
    for entries, item in zip(earlier, items, strict=True):
        is_now = not item.moves and item.start is None and item.supersession is not SupersessionKind.CORRECTION
        if is_now and entries.added is not None and isinstance(entries.added.operation, Add):
            return entries.added.operation.moves[0].at
    return None


def _supersession_op_id(op_id: str) -> str:
    """Return the `op_id` of an item's supersession."""
    return f"{op_id}/supersedes"


def _content(memory: Memory) -> str | None:
    return memory.statement.content_hash if memory.statement else None
