"""The verbs that write: each is one ledger entry, or for a replacement by new words two, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Unpack

from graphmem.answers import OnSimilar, Written
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
from graphmem.service.batches import New, record_all, was_confirmed
from graphmem.service.desk import Desk, Write, Writing, is_like_an_id
from graphmem.service.idempotence import answered_once
from graphmem.service.references import id_among, with_references
from graphmem.service.resembling import apply_looking
from graphmem.service.wording import Words, notes_on, restated, said_again, statement_from
from graphmem.temporal import View, touched
from graphmem.temporal.operations import asked_in, moments
from graphmem.temporal.trust import guard


class Recorder:
    """Verbs that write to one opened memory."""

    _desk: Desk

    @answered_once
    def add(
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
        """Record a memory; if its very content already holds all that time, that one is confirmed instead.

        Args:
            statement: What is true; a text gives its first line as title and the rest as body.
            moves: Its life as its source tells it; without any it is active from `start`.
            kind: What sort of statement a text is.
            start: Since when it holds, aware; now if not given.
            on_similar: Whether the same in other punctuation is recorded too or confirmed; None looks for nothing.
            write: Who writes, from where and why.
            parts: Parts of the scope, such as `repo="shop"`, in place of those of `write` or of the default.

        Returns:
            The entry, and what holds there and then that resembles the memory. Two writers at the same moment do not
            see each other's memories.

        Raises:
            InvalidInput: The statement or its moves are not well formed.
            Conflict: The `op_id` was used for something else.
        """
        said = statement_from(statement, kind)
        writing = self._desk.request_for(write, parts).speaking(said.origin)
        memory = Memory(writing.new_id(), writing.writer, said)
        if writing.first and not moves and start is None and was_confirmed(self._desk, writing.first, writing, memory):
            return Written(writing.first, touched(writing.first.operation), is_confirmation=True)
        life = tuple(moves) or (Move(Status.ACTIVE, self._moment(start, writing)),)
        request = _request(writing, Add(memory, life))
        (written,) = apply_looking(self._desk, [request], [writing.first], on_similar)
        return written

    def add_many(
        self, items: Iterable[New], *, on_similar: OnSimilar | None = None, write: Write | None = None
    ) -> list[Written]:
        """Record many memories in one transaction: all or none.

        Args:
            items: The memories, each with what it supersedes, if it does.
            on_similar: As in `add`, if asked for: each is then compared with what the store holds, not with the others.
            write: Who writes, from where and why.

        Returns:
            An answer for each item: the entry that adds it or confirms what holds already, or of one that supersedes,
            the entry that lets it take over, with the old ids and then its own; that may be a proposal.

        Raises:
            InvalidInput: An item is not well formed, or names as superseded an item that does not come before it.
            NotFound: It names as superseded a memory that is not seen from where the item lives.
            Conflict: An id is taken, a memory is superseded already, or the `op_id` was used for something else.
            Forbidden: An item lives in another tenant.
        """
        return self._add_all(tuple(items), on_similar=on_similar, write=write)

    @answered_once
    def _add_all(self, listed: Sequence[New], *, on_similar: OnSimilar | None, write: Write | None) -> list[Written]:
        return record_all(self._desk, listed, on_similar=on_similar, write=write)

    @answered_once
    def supersede(  # noqa: PLR0913 - what supersedes has a name of its own for each way to give it
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
        """Let a memory supersede another, or several several.

        Args:
            old: The memory that is superseded, or several.
            new: What supersedes it, in words: a statement, or a text, which is of the origin of who writes. It is
                recorded first, and lives where the first old memory lives. For callers of earlier releases the whole id
                of a memory, or a list of ids, still is that memory.
            by: What supersedes it, if that is recorded already: a memory, or several. Give `new` or `by`. Who names one
                that the old took over from returns to its words: they are recorded anew, and it stays as it was.
            at: From when; now if not given. A correction has none: the old was never right.
            until: End of a provisional replacement.
            kind: `update` (the world changed) or `correction`; see `amend` for a part.
            write: Who writes, from where and why.

        Raises:
            NotFound: `old` or `by` names no memory that the writer sees, or `new` is one word that reads like an id.
            Conflict: Another writer was first; `heads` are the current ones.
            InvalidInput: It would close a cycle, precede the start of the old, or the interval is empty.
        """
        if kind == SupersessionKind.CORRECTION and (at or until):
            raise InvalidInput("a correction has no 'at' and no 'until': the old memory was never right")
        writing = self._desk.request_for(write)
        moment = None if kind == SupersessionKind.CORRECTION else self._moment(at, writing)
        writing = _speaking(writing, new)

        def draft(olds: tuple[str, ...], news: tuple[str, ...]) -> Supersede:
            return Supersede(old=olds, new=news, at=moment, until=until, kind=kind)

        return self._replace(_several(old), _Successor.read(new, by), moment, writing, draft)

    @answered_once
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
        """Let a memory replace only the named part of another, which stays in force otherwise.

        Args:
            old: The memory that is amended.
            new: What replaces the part, in words; or as for `supersede`.
            part: What is replaced, such as 'retention'.
            by: What replaces the part, if that is recorded already. Give `new` or `by`.
            at: From when; now if not given.
            write: Who writes, from where and why.

        Raises:
            InvalidInput: `part` names nothing.
        """
        if not part.strip():
            raise InvalidInput("an amendment needs the part that it replaces, such as 'retention'")
        writing = self._desk.request_for(write)
        moment = self._moment(at, writing)
        writing = _speaking(writing, new)

        def draft(olds: tuple[str, ...], news: tuple[str, ...]) -> Supersede:
            return Supersede(old=olds, new=news, at=moment, kind=SupersessionKind.AMENDMENT, part=part)

        return self._replace((old,), _Successor.read(new, by), moment, writing, draft)

    @answered_once
    def transition(
        self,
        key: MemoryRef,
        status: Status,
        *,
        at: datetime | None = None,
        word: SourceWord | None = None,
        write: Write | None = None,
    ) -> Written:
        """Give a memory one more status.

        Args:
            key: The memory.
            status: The new status.
            at: From when; now if not given.
            word: The source's own word for the status.
            write: Who writes, from where and why.
        """
        writing = self._desk.request_for(write)
        move = Move(status, self._moment(at, writing), source_word=word)
        return self._one(writing, lambda one: Transition(one, move), key)

    @answered_once
    def end(
        self, key: MemoryRef, *, at: datetime | None = None, word: SourceWord | None = None, write: Write | None = None
    ) -> Written:
        """End a memory: it is no longer in force and has no successor.

        Args:
            key: The memory.
            at: From when; now if not given.
            word: The source's own word for it.
            write: Who writes, from where and why.
        """
        writing = self._desk.request_for(write)
        moment = self._moment(at, writing)
        return self._one(writing, lambda one: End(one, moment, word), key)

    def retract(self, key: MemoryRef, *, write: Write | None = None) -> Written:
        """Retract a memory: it should not be believed at any time."""
        return self._one(self._desk.request_for(write), Retract, key)

    def confirm(self, key: MemoryRef, *, write: Write | None = None) -> Written:
        """Confirm a memory that was checked and is still right: its age counts from now on."""
        return self._one(self._desk.request_for(write), Confirm, key)

    def link(self, source: MemoryRef, target: MemoryRef, kind: LinkKind, *, write: Write | None = None) -> Written:
        """Relate two memories.

        Args:
            source: The memory that depends on, implements, refines, fixes or conflicts with the other.
            target: The other memory.
            kind: The relation, from `source` to `target`.
            write: Who writes, from where and why.
        """
        writing = self._desk.request_for(write)
        return self._one(writing, lambda one, other: Link(one, other, kind), source, target)

    def revoke(self, change: ChangeNumber, *, move: MoveNumber | None = None, write: Write | None = None) -> Written:
        """Undo a supersede, transition, end, retract or link by its ledger position; or one move of an add."""
        if change < 1 or (move is not None and move < 1):
            raise InvalidInput(f"change {change}, move {move}: both are counted from 1")
        return self._one(self._desk.request_for(write), lambda: Revoke(change, move))

    def open_branch(self, name: BranchName, *, parent: BranchName | None = None, write: Write | None = None) -> Written:
        """Open a branch of the writer's repository; what is written there is seen only there until it is merged.

        Args:
            name: The branch.
            parent: The branch that it leaves from; the main line if not given.
            write: Who writes, from where and why.
        """
        return self._one(self._desk.request_for(write), lambda: OpenBranch(name, parent))

    def merge_branch(self, name: BranchName, *, write: Write | None = None) -> Written:
        """Make what was written on a branch visible on its parent."""
        return self._one(self._desk.request_for(write), lambda: MergeBranch(name))

    def abandon_branch(self, name: BranchName, *, write: Write | None = None) -> Written:
        """Hide what was written on a branch for good."""
        return self._one(self._desk.request_for(write), lambda: AbandonBranch(name))

    def erase(self, key: MemoryRef, *, write: Write | None = None) -> Written:
        """Remove a memory's content for good, everywhere; that it was there stays on the ledger.

        The answer notes it if words remain until a reader that began before has ended; they then go by themselves.
        """
        writing = self._desk.request_for(write)
        written = self._one(writing, Erase, key)
        if written.is_proposal or not self._desk.store.info(writing.writer).pending_erasures:
            return written
        return replace(written, notes=(*written.notes, WORDS_REMAIN))

    # ---- parts

    def _one(self, writing: Writing, draft: Callable[..., Operation], *refs: str) -> Written:
        """Write one operation on the memories that refs name."""

        def written(ids: Sequence[str]) -> Written:
            change = self._desk.apply([_request(writing, draft(*ids))])[0]
            return Written(change, touched(change.operation), notes=notes_on(change))

        return self._with_references(writing, refs, written)

    def _with_references(
        self, writing: Writing, refs: Sequence[str], do: Callable[[Sequence[str]], Written]
    ) -> Written:
        desk = self._desk
        if writing.first is not None:
            ids = touched(writing.first.operation)
            refs = [id_among(desk, writing.writer, ref, ids) for ref in refs]
        return with_references(desk, writing.writer, lambda: desk.point(None, writing.writer), refs, do)

    def _replace(
        self,
        olds: tuple[str, ...],
        successor: _Successor,
        moment: datetime | None,
        writing: Writing,
        draft: Callable[[tuple[str, ...], tuple[str, ...]], Supersede],
    ) -> Written:
        """Write a supersession, and what supersedes if that is new."""

        def written(ids: Sequence[str]) -> Written:
            named, by = tuple(ids[: len(olds)]), tuple(ids[len(olds) :])
            if successor.words is not None:
                return done(named, successor.words, writing)
            again = self._said_before(by, writing)
            if again is None:
                try:
                    return done(named, by, writing)
                except InvalidInput:
                    is_part = draft(named, by).kind is SupersessionKind.AMENDMENT
                    again = None if is_part else self._earlier_words(named, by, moment, writing)
                    if again is None:
                        raise
            return done(named, again, _speaking(writing, again))

        def done(named: tuple[str, ...], new: str | Statement | tuple[str, ...], by: Writing) -> Written:
            requests, news = self._successors(named, new, moment, by)
            changes = self._desk.apply([*requests, _request(by, draft(named, news))])
            return Written(changes[-1], (*named, *news), notes=notes_on(changes[-1]))

        return self._with_references(writing, (*olds, *successor.by), written)

    def _said_before(self, by: tuple[str, ...], writing: Writing) -> Statement | tuple[str, ...] | None:
        """The words that were recorded in place of an earlier memory when the write was sent before, or their id."""
        first = None if writing.first is None else asked_in(writing.first.operation)
        if not isinstance(first, Supersede) or len(by) != 1:
            return None
        earlier = self._desk.store.change_by_op_id(writing.writer, f"{writing.op_id}/new")
        if earlier is None or not isinstance(earlier.operation, Add):
            return None
        again, memory = earlier.operation.memory.statement, self._desk.view_alone(writing.writer, by).memory(by[0])
        if again is None:
            return first.new
        is_other = memory is not None and memory.statement and memory.statement.content_hash != again.content_hash
        return None if is_other else again

    def _earlier_words(
        self, olds: tuple[str, ...], by: tuple[str, ...], moment: datetime | None, writing: Writing
    ) -> Statement | None:
        """The words of a memory that one of the old ones took over from: whoever names it returns to its words.

        None if it is no such memory, or is in force all the same.
        """
        if len(by) != 1:
            return None
        view = self._desk.latest_view(writing.writer, [*by, *olds])
        memory = view.memory(by[0])
        if memory is None or memory.statement is None or view.holds(by[0], moment or self._desk.clock()):
            return None
        reached = list(by)
        for key in reached:
            reached += [edge.new for edge in view.successions(key) if edge.new not in reached]
        return said_again(memory.statement, writing.provenance.origin) if set(olds) & set(reached) else None

    def _moment(self, asked: datetime | None, writing: Writing) -> datetime:
        """The asked time, else now; when a write is sent again, the now of its first time."""
        if asked is not None:
            return instant(asked)
        first = None if writing.first is None else next(iter(moments(writing.first.operation)), None)
        return first or self._desk.clock()

    def _successors(
        self,
        olds: tuple[str, ...],
        new: str | Statement | tuple[str, ...],
        moment: datetime | None,
        writing: Writing,
    ) -> tuple[list[Request], tuple[str, ...]]:
        """Requests that record what supersedes, and its ids."""
        if isinstance(new, tuple):
            return [], new
        is_maybe_id = isinstance(new, str) and not isinstance(new, Words)
        view = self._desk.view_alone(writing.writer, [*olds, str(new)] if is_maybe_id else olds)
        if isinstance(new, str) and is_maybe_id and view.memory(new) is not None:
            return [], (new,)
        template = next((found for found in map(view.memory, olds) if found is not None), None)
        first = writing.first.operation if writing.first else None
        if template is None and isinstance(first, Supersede):
            return [], first.new  # sent again after the old was erased
        if template is None or template.statement is None:
            raise NotFound(f"no memory {olds[0]!r}; `list` and `search` show the ids that there are")
        if isinstance(new, str) and is_maybe_id and is_like_an_id(new):
            told = f"no memory {new!r}, and it reads like an id"
            raise NotFound(f"{told}: name a memory with `by`, or give the words as a statement with that title")
        speaker = writing.provenance.origin
        said = new if isinstance(new, Statement) else restated(new, template.statement, speaker)
        memory = Memory(writing.new_id(), replace(template.scope, branch=writing.writer.branch), said)
        op_id = f"{writing.op_id}/new"
        earlier = self._desk.store.change_by_op_id(writing.writer, op_id) if first else None
        start = next(iter(moments(earlier.operation)), None) if earlier else None
        old_words = [memory.statement for memory in map(view.memory, olds) if memory is not None]
        is_done = all(speaker.trust >= guard(words) for words in old_words)
        status = Status.ACTIVE if is_done else Status.PROPOSED
        life = (Move(status, start or moment or _start(view, olds) or self._desk.clock()),)
        add = _request(replace(writing, op_id=op_id), Add(memory, life, may_confirm=False))
        return [add], (memory.id,)


@dataclass(frozen=True, slots=True)
class _Successor:
    """What supersedes, told apart by the argument that named it: memories, or words."""

    by: tuple[str, ...]
    words: str | Statement | None

    @classmethod
    def read(cls, new: str | Statement | Sequence[str] | None, by: str | Sequence[str] | None) -> _Successor:
        """Of the two arguments.

        Raises:
            InvalidInput: Both are given, or neither.
        """
        if (new is None) == (by is None):
            raise InvalidInput("what supersedes is given as `new` (words) or as `by` (memories): give one of the two")
        if isinstance(new, str | Statement):
            return cls((), new)
        return cls(_several(new if new is not None else by or ()), None)


def _several(refs: str | Sequence[str]) -> tuple[str, ...]:
    return (refs,) if isinstance(refs, str) else tuple(refs)


def _speaking(writing: Writing, new: str | Statement | Sequence[str] | None) -> Writing:
    """A write of new words is trusted no more than they are."""
    return writing.speaking(new.origin) if isinstance(new, Statement) else writing


#: What an erasure notes while somebody still reads what was there before.
WORDS_REMAIN = (
    "its words stay in the store's log until a reader that began before ends, and go by themselves then;"
    " the status shows whether they are gone"
)


def _start(view: View, olds: tuple[str, ...]) -> datetime | None:
    starts = [moment for moment in map(view.start, olds) if moment is not None]
    return min(starts, default=None)


def _request(writing: Writing, operation: Operation) -> Request:
    return Request(writing.op_id, operation, writing.writer, writing.provenance, writing.seen)
