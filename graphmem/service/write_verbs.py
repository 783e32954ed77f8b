"""The verbs that write: each appends an entry to the ledger, or two for new text that supersedes, in a transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Unpack

from graphmem.answers import OnSimilar, Written
from graphmem.deferred_dataclass import dataclass, replace
from graphmem.errors import InvalidInput, NotFound
from graphmem.model import (
    AbandonBranch,
    Add,
    Confirm,
    End,
    Erase,
    Kind,
    Link,
    LinkKind,
    Memory,
    MergeBranch,
    Move,
    OpenBranch,
    Operation,
    Request,
    Retract,
    Revoke,
    ScopeParts,
    Statement,
    Status,
    Supersede,
    SupersessionKind,
    Transition,
    instant,
)
from graphmem.parameters import BranchName, ChangeNumber, MemoryRef, MoveNumber, NewText, PartName, SourceWord
from graphmem.service.admission import notes_of_admission
from graphmem.service.batches import New, record_all, was_confirmed
from graphmem.service.canonical_keys import with_canonical_keys
from graphmem.service.context import ServiceContext, Write, WriteRequest, is_like_an_id
from graphmem.service.idempotence import retried_once
from graphmem.service.references import id_among, with_references
from graphmem.service.repository_links import unlinked
from graphmem.service.similar_memories import apply_with_similar
from graphmem.service.statements import StatementText, copied_statement, notes_on, restated, statement_from
from graphmem.temporal import View, touched
from graphmem.temporal.operations import inner_operation, moments
from graphmem.temporal.trust import guard


class WriteVerbs:
    """Verbs that write to an opened memory."""

    _context: ServiceContext

    @retried_once
    def _add_statement(
        self,
        statement: Statement | NewText,
        *,
        moves: Sequence[Move] = (),
        kind: Kind = Kind.FACT,
        start: datetime | None = None,
        on_similar: OnSimilar | None = OnSimilar.KEEP,
        write: Write | None = None,
        **parts: Unpack[ScopeParts],
    ) -> Written:
        """Add a memory or confirm an existing memory; see `AddVerb.add`."""
        content = with_canonical_keys(statement_from(statement, kind))
        request = self._context.write_request(write, parts).limited_to(content.origin)
        memory = Memory(request.new_id(), request.writer, content)
        earlier = request.earlier
        if earlier and not moves and start is None and was_confirmed(self._context, earlier, request, memory):
            return Written(earlier, touched(earlier.operation), is_confirmation=True)
        life = tuple(moves) or (Move(Status.ACTIVE, self._moment(start, request)),)
        ledger_request = _ledger_request(request, Add(memory, life))
        (written,) = apply_with_similar(self._context, [ledger_request], [earlier], on_similar)
        return written

    def add_many(
        self, items: Iterable[New], *, on_similar: OnSimilar | None = None, write: Write | None = None
    ) -> list[Written]:
        """Add many memories in a single transaction: all of them or none.

        Args:
            items: The memories; each can name the memories that it supersedes.
            on_similar: As in `add`; by default, similar memories are not looked for. Items are compared with stored
                memories, not with each other.
            write: Scope, actor, source and reason of the write.

        Returns:
            A result for each item, in the same order. The entry of a result adds the memory or confirms an existing
            one. For an item that supersedes, it is the supersession (or the proposal of one), with the ids of the
            superseded memories followed by the new id.

        Raises:
            InvalidInput: An item is not well formed, or supersedes an item that does not come before it.
            NotFound: An item supersedes a memory that is not visible from the item's scope.
            Conflict: An id is taken, a memory is already superseded, or the `op_id` was used for another write.
            Forbidden: An item belongs to another tenant.
        """
        return self._add_all(tuple(items), on_similar=on_similar, write=write)

    @retried_once
    def _add_all(self, items: Sequence[New], *, on_similar: OnSimilar | None, write: Write | None) -> list[Written]:
        return record_all(self._context, items, on_similar=on_similar, write=write)

    @retried_once
    def supersede(  # noqa: PLR0913 - new text and existing memories have a parameter each
        self,
        old: MemoryRef | Sequence[MemoryRef],
        new: NewText | Statement | Sequence[MemoryRef] | None = None,
        *,
        by: MemoryRef | Sequence[MemoryRef] | None = None,
        at: datetime | None = None,
        until: datetime | None = None,
        kind: SupersessionKind = SupersessionKind.UPDATE,
        write: Write | None = None,
    ) -> Written:
        """Supersede a memory, or several, by a new statement or by existing memories.

        Args:
            old: The memory to supersede, or several.
            new: The new statement, or its text. It is added first, in the scope of the first old memory; the origin of
                a text is that of the write. For compatibility with earlier releases, the complete id of a memory or a
                list of ids is read as in `by`.
            by: The existing memory that supersedes, or several. Give either `new` or `by`. If this memory was itself
                superseded by `old`, its statement is added again as a new memory, and the earlier one does not change.
            at: The time from which the old memory is superseded; now if not given. A correction has none.
            until: The end of a temporary supersession; after it, the old memory is in force again.
            kind: `update` (the world changed), or `correction` (the old memory was never right).
            write: Scope, actor, source and reason of the write.

        Raises:
            NotFound: `old` or `by` names no visible memory, or `new` is a single word that looks like an id.
            Conflict: Another writer superseded the memory first; `heads` has the ids that are current now.
            InvalidInput: The supersession would close a cycle, begin before the old memory, or have an empty interval.
        """
        if kind == SupersessionKind.CORRECTION and (at or until):
            raise InvalidInput("a correction has no 'at' and no 'until': the old memory was never right")
        request = self._context.write_request(write)
        moment = None if kind == SupersessionKind.CORRECTION else self._moment(at, request)
        request = _limited(request, new)

        def draft(olds: tuple[str, ...], news: tuple[str, ...]) -> Supersede:
            return Supersede(old=olds, new=news, at=moment, until=until, kind=kind)

        return self._replace(_as_tuple(old), _Successor.from_arguments(new, by), moment, request, draft)

    @retried_once
    def amend(
        self,
        old: MemoryRef,
        new: NewText | Statement | None = None,
        part: PartName = "",
        *,
        by: MemoryRef | None = None,
        at: datetime | None = None,
        write: Write | None = None,
    ) -> Written:
        """Replace a named part of a memory; the rest of the memory stays in force.

        Args:
            old: The memory to amend.
            new: The new statement of the part, or its text; as in `supersede`.
            part: The part to replace, such as 'retention'.
            by: The existing memory that replaces the part. Give either `new` or `by`.
            at: The time from which the part is replaced; now if not given.
            write: Scope, actor, source and reason of the write.

        Raises:
            InvalidInput: `part` is empty.
        """
        if not part.strip():
            raise InvalidInput("an amendment needs the part that it replaces, such as 'retention'")
        request = self._context.write_request(write)
        moment = self._moment(at, request)
        request = _limited(request, new)

        def draft(olds: tuple[str, ...], news: tuple[str, ...]) -> Supersede:
            return Supersede(old=olds, new=news, at=moment, kind=SupersessionKind.AMENDMENT, part=part)

        return self._replace((old,), _Successor.from_arguments(new, by), moment, request, draft)

    @retried_once
    def transition(
        self,
        key: MemoryRef,
        status: Status,
        *,
        at: datetime | None = None,
        word: SourceWord | None = None,
        write: Write | None = None,
    ) -> Written:
        """Change the status of a memory from a given time on.

        Args:
            key: The memory's id, an alias of it, or the beginning of its id.
            status: The new status.
            at: The time from which the status applies; now if not given.
            word: The source's own word for the status, such as 'parked'.
            write: Scope, actor, source and reason of the write.
        """
        request = self._context.write_request(write)
        move = Move(status, self._moment(at, request), source_word=word)
        return self._apply_operation(request, lambda memory_id: Transition(memory_id, move), key)

    @retried_once
    def end(
        self, key: MemoryRef, *, at: datetime | None = None, word: SourceWord | None = None, write: Write | None = None
    ) -> Written:
        """End a memory without a successor: it is no longer in force.

        Args:
            key: The memory's id, an alias of it, or the beginning of its id.
            at: The time at which the memory ends; now if not given.
            word: The source's own word for the end, such as 'obsolete'.
            write: Scope, actor, source and reason of the write.
        """
        request = self._context.write_request(write)
        moment = self._moment(at, request)
        return self._apply_operation(request, lambda memory_id: End(memory_id, moment, word), key)

    def retract(self, key: MemoryRef, *, write: Write | None = None) -> Written:
        """Retract a memory that was recorded by mistake: it is in force at no time.

        Args:
            key: The memory's id, an alias of it, or the beginning of its id.
            write: Scope, actor, source and reason of the write.
        """
        return self._apply_operation(self._context.write_request(write), Retract, key)

    def confirm(self, key: MemoryRef, *, write: Write | None = None) -> Written:
        """Confirm that a memory was checked and is still right: its age counts from now on.

        Args:
            key: The memory's id, an alias of it, or the beginning of its id.
            write: Scope, actor, source and reason of the write.
        """
        return self._apply_operation(self._context.write_request(write), Confirm, key)

    def link(self, source: MemoryRef, target: MemoryRef, kind: LinkKind, *, write: Write | None = None) -> Written:
        """Link two memories.

        Args:
            source: The memory that depends on, implements, refines, fixes or conflicts with the target.
            target: The target of the link.
            kind: The relation, from `source` to `target`.
            write: Scope, actor, source and reason of the write.
        """
        request = self._context.write_request(write)
        return self._apply_operation(request, lambda start, end: Link(start, end, kind), source, target)

    def revoke(self, change: ChangeNumber, *, move: MoveNumber | None = None, write: Write | None = None) -> Written:
        """Undo a supersede, transition, end, retract, link (of repositories too), or a single status move of an add.

        Args:
            change: The ledger position of the entry to undo.
            move: The status move of an add to undo, counted from 1.
            write: Scope, actor, source and reason of the write.
        """
        if change < 1 or (move is not None and move < 1):
            raise InvalidInput(f"change {change}, move {move}: both are counted from 1")
        undone = None if move else unlinked(self._context, change, write)
        return undone or self._apply_operation(self._context.write_request(write), lambda: Revoke(change, move))

    def open_branch(self, name: BranchName, *, parent: BranchName | None = None, write: Write | None = None) -> Written:
        """Open a branch of the writer's repository; memories written on it are visible only there until it is merged.

        Args:
            name: The name of the branch; that of a merged or abandoned branch opens a new one.
            parent: The branch that it starts from; the main line if not given.
            write: Scope, actor, source and reason of the write.
        """
        return self._apply_operation(self._context.write_request(write), lambda: OpenBranch(name, parent))

    def merge_branch(self, name: BranchName, *, at: datetime | None = None, write: Write | None = None) -> Written:
        """Merge a branch: everything written on it becomes visible on its parent.

        Args:
            name: The name of the branch.
            at: The valid time from which what was written on it counts on its parent; from its own times if not given.
            write: Scope, actor, source and reason of the write.
        """
        return self._apply_operation(self._context.write_request(write), lambda: MergeBranch(name, at))

    def abandon_branch(self, name: BranchName, *, write: Write | None = None) -> Written:
        """Abandon a branch: everything written on it is hidden for good."""
        return self._apply_operation(self._context.write_request(write), lambda: AbandonBranch(name))

    def erase(self, key: MemoryRef, *, write: Write | None = None) -> Written:
        """Erase the content of a memory everywhere, for good; the ledger keeps only that the memory existed.

        If another process is still reading, its words stay in the store's log until that read has ended; the answer
        notes it. They are then removed without a further call.
        """
        request = self._context.write_request(write)
        written = self._apply_operation(request, Erase, key)
        if written.is_proposal or not self._context.store.info(request.writer).pending_erasures:
            return written
        return replace(written, notes=(*written.notes, WORDS_REMAIN))

    # ---- parts

    def _apply_operation(self, request: WriteRequest, draft: Callable[..., Operation], *refs: str) -> Written:
        """Write an operation on the memories that the references name."""

        def apply(ids: Sequence[str]) -> Written:
            change = self._context.apply([_ledger_request(request, draft(*ids))])[0]
            return Written(change, touched(change.operation), notes=notes_on(change))

        return self._with_references(request, refs, apply)

    def _with_references(
        self, request: WriteRequest, refs: Sequence[str], apply: Callable[[Sequence[str]], Written]
    ) -> Written:
        context = self._context
        if request.earlier is not None:
            ids = touched(request.earlier.operation)
            refs = [id_among(context, request.writer, ref, ids) for ref in refs]
        return with_references(context, request.writer, lambda: context.point(None, request.writer), refs, apply)

    def _replace(
        self,
        olds: tuple[str, ...],
        successor: _Successor,
        moment: datetime | None,
        request: WriteRequest,
        draft: Callable[[tuple[str, ...], tuple[str, ...]], Supersede],
    ) -> Written:
        """Write a supersession; add the new statement first, if any."""

        def apply(ids: Sequence[str]) -> Written:
            old_ids, by = tuple(ids[: len(olds)]), tuple(ids[len(olds) :])
            if successor.content is not None:
                return supersede(old_ids, successor.content, request)
            restored = self._restored_before(by, request)
            if restored is None:
                try:
                    return supersede(old_ids, by, request)
                except InvalidInput:
                    is_part = draft(old_ids, by).kind is SupersessionKind.AMENDMENT
                    restored = None if is_part else self._predecessor_copy(old_ids, by, moment, request)
                    if restored is None:
                        raise
            return supersede(old_ids, restored, _limited(request, restored))

        def supersede(old_ids: tuple[str, ...], new: str | Statement | tuple[str, ...], by: WriteRequest) -> Written:
            requests, new_ids = self._successors(old_ids, new, moment, by)
            changes = self._context.apply([*requests, _ledger_request(by, draft(old_ids, new_ids))])
            notes = notes_on(changes[-1]) + notes_of_admission(changes, self._context.capture_rules)
            return Written(changes[-1], (*old_ids, *new_ids), notes=notes)

        return self._with_references(request, (*olds, *successor.by), apply)

    def _restored_before(self, by: tuple[str, ...], request: WriteRequest) -> Statement | tuple[str, ...] | None:
        """Return the statement that this write added again when it was sent before.

        Returns:
            The statement; its id if it was erased since; None if nothing was added again.
        """
        operation = None if request.earlier is None else inner_operation(request.earlier.operation)
        if not isinstance(operation, Supersede) or len(by) != 1:
            return None
        added = self._context.store.change_by_op_id(request.writer, f"{request.op_id}/new")
        if added is None or not isinstance(added.operation, Add):
            return None
        restored = added.operation.memory.statement
        memory = self._context.content_view(request.writer, by).memory(by[0])
        if restored is None:
            return operation.new
        original = None if memory is None else memory.statement
        return None if original is not None and original.content_hash != restored.content_hash else restored

    def _predecessor_copy(
        self, olds: tuple[str, ...], by: tuple[str, ...], moment: datetime | None, request: WriteRequest
    ) -> Statement | None:
        """Return a copy of the statement of `by` if an old memory superseded it, directly or through others.

        Superseding a memory by its own predecessor means that the predecessor's statement applies again. None if `by`
        is no predecessor of an old memory, or is in force all the same.
        """
        if len(by) != 1:
            return None
        view = self._context.latest_view(request.writer, [*by, *olds])
        memory = view.memory(by[0])
        if memory is None or memory.statement is None or view.holds(by[0], moment or self._context.clock()):
            return None
        reached = list(by)
        for memory_id in reached:
            reached += [edge.new for edge in view.successions(memory_id) if edge.new not in reached]
        return copied_statement(memory.statement, request.provenance.origin) if set(olds) & set(reached) else None

    def _moment(self, requested: datetime | None, request: WriteRequest) -> datetime:
        """Return the requested time, else now; for a write that was sent before, the time of the first attempt."""
        if requested is not None:
            return instant(requested)
        earlier = None if request.earlier is None else next(iter(moments(request.earlier.operation)), None)
        return earlier or self._context.clock()

    def _successors(
        self,
        olds: tuple[str, ...],
        new: str | Statement | tuple[str, ...],
        moment: datetime | None,
        request: WriteRequest,
    ) -> tuple[list[Request], tuple[str, ...]]:
        """Return the requests that add the superseding memory, if it is new, and its ids."""
        if isinstance(new, tuple):
            return [], new
        is_maybe_id = isinstance(new, str) and not isinstance(new, StatementText)
        view = self._context.content_view(request.writer, [*olds, str(new)] if is_maybe_id else olds)
        if isinstance(new, str) and is_maybe_id and view.memory(new) is not None:
            return [], (new,)
        template = next((memory for memory in map(view.memory, olds) if memory is not None), None)
        earlier = request.earlier.operation if request.earlier else None
        if template is None and isinstance(earlier, Supersede):
            return [], earlier.new  # sent again after the old memory was erased
        if template is None or template.statement is None:
            raise NotFound(f"no memory {olds[0]!r}; `list` and `search` show the ids that there are")
        if isinstance(new, str) and is_maybe_id and is_like_an_id(new):
            fault = f"no memory {new!r}, and it reads like an id"
            raise NotFound(f"{fault}: name a memory with `by`, or give the words as a statement with that title")
        speaker = request.provenance.origin
        content = new if isinstance(new, Statement) else restated(new, template.statement, speaker)
        memory = Memory(request.new_id(), replace(template.scope, branch=request.writer.branch), content)
        op_id = f"{request.op_id}/new"
        added = self._context.store.change_by_op_id(request.writer, op_id) if earlier else None
        start = next(iter(moments(added.operation)), None) if added else None
        old_statements = [memory.statement for memory in map(view.memory, olds) if memory is not None]
        is_trusted = all(speaker.trust >= guard(statement) for statement in old_statements)
        status = Status.ACTIVE if is_trusted else Status.PROPOSED
        life = (Move(status, start or moment or _start(view, olds) or self._context.clock()),)
        add = _ledger_request(replace(request, op_id=op_id), Add(memory, life, may_confirm=False))
        return [add], (memory.id,)


@dataclass(frozen=True, slots=True)
class _Successor:
    """The successor in a supersession: either references to existing memories, or new content."""

    by: tuple[str, ...]
    content: str | Statement | None

    @classmethod
    def from_arguments(cls, new: str | Statement | Sequence[str] | None, by: str | Sequence[str] | None) -> _Successor:
        """Return the successor that the arguments `new` and `by` give.

        Raises:
            InvalidInput: Both are given, or neither.
        """
        if (new is None) == (by is None):
            raise InvalidInput("give either `new` (a text or a statement) or `by` (existing memories), not both")
        if isinstance(new, str | Statement):
            return cls((), with_canonical_keys(new))
        return cls(_as_tuple(new if new is not None else by or ()), None)


def _as_tuple(refs: str | Sequence[str]) -> tuple[str, ...]:
    return (refs,) if isinstance(refs, str) else tuple(refs)


def _limited(request: WriteRequest, new: str | Statement | Sequence[str] | None) -> WriteRequest:
    """Return the request, trusted no more than the new statement, if any."""
    return request.limited_to(new.origin) if isinstance(new, Statement) else request


#: The note of an erasure while another process still reads the state before it.
WORDS_REMAIN = (
    "the erased words stay in the store's log until a reader that began before the erasure ends; they are removed"
    " then, and the status shows whether they are gone"
)


def _start(view: View, olds: tuple[str, ...]) -> datetime | None:
    starts = [moment for moment in map(view.start, olds) if moment is not None]
    return min(starts, default=None)


def _ledger_request(request: WriteRequest, operation: Operation) -> Request:
    return Request(request.op_id, operation, request.writer, request.provenance, request.seen)
