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
    Change,
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
    Origin,
    Propose,
    Request,
    Retract,
    Revoke,
    Scope,
    ScopeParts,
    Statement,
    Status,
    Supersede,
    SupersessionKind,
    Transition,
    instant,
)
from graphmem.service.desk import Desk, Write, Writing, is_like_an_id
from graphmem.service.idempotence import answered_once
from graphmem.service.references import id_among, with_references
from graphmem.service.resembling import apply_looking
from graphmem.temporal import View, touched
from graphmem.temporal.trust import guard

_TITLE_CHARS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class New:
    """A memory to record in bulk; without `moves` it is active from now."""

    statement: Statement
    moves: tuple[Move, ...] = ()
    id: str | None = None
    scope: Scope | None = None


class Recorder:
    """Verbs that write to one opened memory."""

    _desk: Desk

    @answered_once
    def add(
        self,
        statement: Statement | str,
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
        if writing.first and not moves and start is None and self._was_confirmed(writing.first, writing, memory):
            return _all_written([writing.first])[0]
        life = tuple(moves) or (Move(Status.ACTIVE, self._moment(start, writing)),)
        request = _request(writing, Add(memory, life))
        (written,) = apply_looking(self._desk, [request], [writing.first], on_similar)
        return written

    def add_many(
        self, items: Iterable[New], *, on_similar: OnSimilar | None = None, write: Write | None = None
    ) -> list[Written]:
        """Record many memories in one transaction: all or none.

        Args:
            items: The memories.
            on_similar: As in `add`, if asked for: each is then compared with what the store holds, not with the others.
            write: Who writes, from where and why.
        """
        return self._add_all(tuple(items), on_similar=on_similar, write=write)

    @answered_once
    def _add_all(self, listed: Sequence[New], *, on_similar: OnSimilar | None, write: Write | None) -> list[Written]:
        writing = self._desk.request_for(write)
        first = self._first_time(writing, len(listed))
        now = _now_of(first, listed) or self._desk.clock()
        known: dict[int, Written] = {}
        requests: list[Request] = []
        for index, item in enumerate(listed):
            home = writing.writer if item.scope is None else item.scope
            memory = Memory(item.id or writing.new_id(index), home, item.statement)
            if index < len(first) and not item.moves and self._was_confirmed(first[index], writing, memory):
                known[index] = _all_written([first[index]])[0]
                continue
            life = item.moves or (Move(Status.ACTIVE, now),)
            op_id = f"{writing.op_id}/{index}"
            by = writing.speaking(item.statement.origin).provenance
            requests.append(Request(op_id, Add(memory, life), writing.writer, by))
        earlier = [
            one for index, one in enumerate([*first, *[None] * len(listed)][: len(listed)]) if index not in known
        ]
        sent = iter(apply_looking(self._desk, requests, earlier, on_similar))
        return [known.get(index) or next(sent) for index in range(len(listed))]

    @answered_once
    def supersede(  # noqa: PLR0913 - what supersedes has a name of its own for each way to give it
        self,
        old: str | Sequence[str],
        new: str | Statement | Sequence[str] | None = None,
        *,
        by: str | Sequence[str] | None = None,
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
            by: What supersedes it, if that is recorded already: a memory, or several. Give `new` or `by`.
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
        old: str,
        new: str | Statement | None = None,
        part: str = "",
        *,
        by: str | None = None,
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
        key: str,
        status: Status,
        *,
        at: datetime | None = None,
        word: str | None = None,
        write: Write | None = None,
    ) -> Written:
        """Give a memory one more move, in the source's own word if it has one."""
        writing = self._desk.request_for(write)
        move = Move(status, self._moment(at, writing), source_word=word)
        return self._one(writing, lambda one: Transition(one, move), key)

    @answered_once
    def end(
        self, key: str, *, at: datetime | None = None, word: str | None = None, write: Write | None = None
    ) -> Written:
        """The memory stops being in force, without a successor."""
        writing = self._desk.request_for(write)
        moment = self._moment(at, writing)
        return self._one(writing, lambda one: End(one, moment, word), key)

    def retract(self, key: str, *, write: Write | None = None) -> Written:
        """The memory should not be believed at any time."""
        return self._one(self._desk.request_for(write), Retract, key)

    def confirm(self, key: str, *, write: Write | None = None) -> Written:
        """Somebody saw that the memory is still right: its age counts from now on."""
        return self._one(self._desk.request_for(write), Confirm, key)

    def link(self, source: str, target: str, kind: LinkKind, *, write: Write | None = None) -> Written:
        """Relate two memories."""
        writing = self._desk.request_for(write)
        return self._one(writing, lambda one, other: Link(one, other, kind), source, target)

    def revoke(self, change: int, *, move: int | None = None, write: Write | None = None) -> Written:
        """Undo a supersede, transition, end, retract or link by its ledger position; or one move of an add."""
        if change < 1 or (move is not None and move < 1):
            raise InvalidInput(f"change {change}, move {move}: both are counted from 1")
        return self._one(self._desk.request_for(write), lambda: Revoke(change, move))

    def open_branch(self, name: str, *, parent: str | None = None, write: Write | None = None) -> Written:
        """Open a branch of the writer's repository; what is written there is seen only there until it is merged."""
        return self._one(self._desk.request_for(write), lambda: OpenBranch(name, parent))

    def merge_branch(self, name: str, *, write: Write | None = None) -> Written:
        """Make what was written on a branch visible on its parent."""
        return self._one(self._desk.request_for(write), lambda: MergeBranch(name))

    def abandon_branch(self, name: str, *, write: Write | None = None) -> Written:
        """Hide what was written on a branch for good."""
        return self._one(self._desk.request_for(write), lambda: AbandonBranch(name))

    def erase(self, key: str, *, write: Write | None = None) -> Written:
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
            return Written(change, touched(change.operation), notes=_notes(change))

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
            new = by if successor.words is None else successor.words
            requests, news = self._successors(named, new, moment, writing)
            changes = self._desk.apply([*requests, _request(writing, draft(named, news))])
            return Written(changes[-1], (*named, *news), notes=_notes(changes[-1]))

        return self._with_references(writing, (*olds, *successor.by), written)

    def _first_time(self, writing: Writing, count: int) -> list[Change]:
        """The entries of a batch that was sent before; none if it was not."""
        store, found = self._desk.store, list[Change]()
        for index in range(count):
            change = store.change_by_op_id(writing.writer, f"{writing.op_id}/{index}")
            if change is None:
                break
            found.append(change)
        return found

    def _was_confirmed(self, first: Change, writing: Writing, memory: Memory) -> bool:
        """Whether an entry confirmed just what is sent again; the moment of that first time has left no trace."""
        said = memory.statement
        by = writing if said is None else writing.speaking(said.origin)
        if not isinstance(first.operation, Confirm) or (first.writer, first.provenance) != (by.writer, by.provenance):
            return False
        kept = self._desk.store.rows(writing.writer, [first.operation.id]).memories[first.operation.id].memory
        return kept.scope == memory.scope and _content(kept) == _content(memory)

    def _moment(self, asked: datetime | None, writing: Writing) -> datetime:
        """The asked time, else now; when a write is sent again, the now of its first time."""
        if asked is not None:
            return instant(asked)
        first = None if writing.first is None else _moment_of(writing.first.operation)
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
        view = self._desk.view_alone(writing.writer, [*olds, new] if isinstance(new, str) else olds)
        if isinstance(new, str) and view.memory(new) is not None:
            return [], (new,)
        template = next((found for found in map(view.memory, olds) if found is not None), None)
        first = writing.first.operation if writing.first else None
        if template is None and isinstance(first, Supersede):
            return [], first.new  # sent again after the old was erased
        if template is None or template.statement is None:
            raise NotFound(f"no memory {olds[0]!r}; `list` and `search` show the ids that there are")
        if isinstance(new, str) and is_like_an_id(new):
            told = f"no memory {new!r}, and it reads like an id"
            raise NotFound(f"{told}: name a memory with `by`, or give the words as a statement with that title")
        speaker = writing.provenance.origin
        said = new if isinstance(new, Statement) else restated(new, template.statement, speaker)
        memory = Memory(writing.new_id(), replace(template.scope, branch=writing.writer.branch), said)
        op_id = f"{writing.op_id}/new"
        earlier = self._desk.store.change_by_op_id(writing.writer, op_id) if first else None
        start = _moment_of(earlier.operation) if earlier else None
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


def _now_of(first: Sequence[Change], items: Sequence[New]) -> datetime | None:
    """The now of the first time that a batch was sent, as far as it left a trace."""
    for change, item in zip(first, items, strict=False):
        if not item.moves and isinstance(change.operation, Add):
            return change.operation.moves[0].at
    return None


def _content(memory: Memory) -> str | None:
    return memory.statement.content_hash if memory.statement else None


def _all_written(changes: Sequence[Change]) -> list[Written]:
    return [Written(one, touched(one.operation), isinstance(one.operation, Confirm)) for one in changes]


def statement_from(said: Statement | str, kind: Kind) -> Statement:
    """A statement, or the one that a text makes: first line the title, the rest the body."""
    if isinstance(said, Statement):
        return said
    title, body = _split(said)
    return Statement(title=title, body=body, kind=kind)


def _split(text: str) -> tuple[str, str]:
    lines = text.strip().split("\n", 1)
    if not lines[0].strip():
        raise InvalidInput("there is no text to remember")
    first = lines[0].strip()
    if len(first) <= _TITLE_CHARS:
        return first, lines[1].strip() if len(lines) > 1 else ""
    return first[: _TITLE_CHARS - 1].rsplit(" ", 1)[0] + "…", text.strip()


def restated(text: str, old: Statement, speaker: Origin = Origin.HUMAN) -> Statement:
    """New words for what an old statement was about, of the origin of who says them, and bound to nobody."""
    title, body = _split(text)
    about = replace(old, title=title, body=body, rationale="", aliases=(), alternatives=(), observed_at=None)
    return replace(about, origin=speaker, confidence=1.0, is_mandatory=False)


def _speaking(writing: Writing, new: str | Statement | Sequence[str] | None) -> Writing:
    """A write of new words is trusted no more than they are."""
    return writing.speaking(new.origin) if isinstance(new, Statement) else writing


#: What an erasure notes while somebody still reads what was there before.
WORDS_REMAIN = (
    "its words stay in the store's log until a reader that began before ends, and go by themselves then;"
    " the status shows whether they are gone"
)


def _notes(change: Change) -> tuple[str, ...]:
    if not isinstance(change.operation, Propose):
        return ()
    asked = change.operation.asked
    why = f"{change.provenance.origin.value!r} is not trusted enough for it"
    if isinstance(asked, Supersede) and change.provenance.origin.is_trusted:
        why = "the new words are not trusted enough for it, or the old ones are mandatory"
    accepting = "to accept it, somebody who is trusted enough says the same in their own words"
    return (f"only a proposal was recorded and nothing changed, since {why}; {accepting}",)


def _start(view: View, olds: tuple[str, ...]) -> datetime | None:
    starts = [moment for moment in map(view.start, olds) if moment is not None]
    return min(starts, default=None)


def _moment_of(operation: Operation) -> datetime | None:
    match operation:
        case Add(_, moves, _):
            return moves[0].at
        case Supersede(at=moment) if moment is not None:
            return moment
        case Transition(_, move):
            return move.at
        case End(_, at, _):
            return at
        case _:
            return None


def _request(writing: Writing, operation: Operation) -> Request:
    return Request(writing.op_id, operation, writing.writer, writing.provenance, writing.seen)
