"""The copy of a memory without secrets replaces the memory, which is erased; all in one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from graphmem.deferred_dataclass import dataclass, replace
from graphmem.model import (
    Add,
    Change,
    Confirm,
    End,
    Erase,
    Link,
    Memory,
    Operation,
    Origin,
    Provenance,
    Request,
    Retract,
    Revoke,
    Scope,
    Supersede,
    SupersessionKind,
    Transition,
)
from graphmem.rows import stamp_of
from graphmem.secrets.redaction import redactor
from graphmem.service.context import ServiceContext, WriteRequest
from graphmem.temporal import View
from graphmem.temporal.operations import renamed

_REASON = "a copy without its secrets takes its place"


class CannotCopy(Exception):
    """The memory cannot be copied with all that was recorded about it."""


def copied(context: ServiceContext, reader: Scope, memory_id: str) -> str:
    """Copy a memory without secrets, let the copy correct it, and erase it, in one transaction.

    The copy has its scope, its status moves, and its supersessions, amendments and links; those of the memory are
    revoked. Confirmations, proposals and verdicts of checks are not repeated.

    Returns:
        The id of the copy.

    Raises:
        CannotCopy: An entry about the memory lives on a closed branch.
        Conflict: Another writer changed the memory since it was read.
    """
    seen = context.store.position(reader).seq
    entries = context.store.changes_of(reader, memory_id)
    copy = _Copy(context, memory_id, _home(entries, memory_id), entries, seen)
    context.apply(list(copy.requests()))
    return copy.new_id


def _home(entries: Sequence[Change], memory_id: str) -> Memory:
    for entry in entries:
        if isinstance(entry.operation, Add) and entry.operation.memory.id == memory_id:
            return entry.operation.memory
    raise CannotCopy(f"no entry added {memory_id!r}")


@dataclass(slots=True)
class _Copy:
    """The requests that copy and erase a memory; `seen` is the ledger position at which its entries were read."""

    context: ServiceContext
    old_id: str
    memory: Memory
    entries: Sequence[Change]
    seen: int

    @property
    def new_id(self) -> str:
        """The id of the copy, the same at each attempt."""
        return WriteRequest(f"scrub/{self.old_id}", self.memory.scope, Provenance(), None, None).new_id()

    def requests(self) -> Iterator[Request]:
        view = self.context.latest_view(self.memory.scope, [self.old_id])
        undone = self._undone(view)
        live = [entry for entry in self.entries if (entry.seq, None) not in undone]
        first = next(entry for entry in live if isinstance(entry.operation, Add))
        edges = [entry for entry in live if isinstance(entry.operation, Supersede | Link)]
        if not view.is_retracted(self.old_id):
            # The confirmation goes with the memory; it is refused if another writer has changed the memory by then.
            guard = self._request("guards", Confirm(self.old_id), first, view, is_own=True)
            yield replace(guard, seen=self.seen)
        yield self._addition(first, view, undone)
        for entry in edges:
            yield self._request(f"revoke/{entry.seq}", Revoke(entry.seq), entry, view)
        for entry in live:
            if isinstance(entry.operation, Supersede | Link | Transition | End | Retract):
                moved = renamed(entry.operation, {self.old_id: self.new_id})
                yield self._request(f"{entry.seq}", moved, entry, view)
        correction = Supersede(old=(self.old_id,), new=(self.new_id,), kind=SupersessionKind.CORRECTION)
        yield self._request("corrects", correction, first, view, is_own=True)
        yield self._request("erases", Erase(self.old_id), first, view, is_own=True)

    def _addition(self, first: Change, view: View, undone: set[tuple[int, int | None]]) -> Request:
        assert isinstance(first.operation, Add)  # noqa: S101
        moves = tuple(
            move for index, move in enumerate(first.operation.moves) if (first.seq, index or -1) not in undone
        )
        writer = self._writer(first, view)
        keys = [entry.operation.source_key for entry in self.entries if isinstance(entry.operation, Add | Confirm)]
        home = replace(self.memory.scope, branch=writer.branch)
        memory = Memory(self.new_id, home, self.memory.statement)
        key = next((key for key in reversed(keys) if key is not None), None)
        request = Request(self._op_id("adds"), Add(memory, moves, may_confirm=False, source_key=key), writer)
        return replace(request, provenance=_without_secrets(first.provenance))

    def _undone(self, view: View) -> set[tuple[int, int | None]]:
        """Return the entries and moves that were revoked: (position, number of the move or None)."""
        undone: set[tuple[int, int | None]] = set()
        for entry in self.entries:
            if isinstance(entry.operation, Revoke):
                self._writer(entry, view)
                undone.add((entry.operation.change, entry.operation.move))
        return undone

    def _request(self, name: str, operation: Operation, entry: Change, view: View, *, is_own: bool = False) -> Request:
        """Return a request in the scope of an earlier entry, in the name of its author; or in that of the scrub."""
        by = Provenance(self.context.actor, "scrub", _REASON)
        if not is_own and not isinstance(operation, Revoke):
            by = replace(_without_secrets(entry.provenance), origin=Origin.HUMAN)
        return Request(self._op_id(name), operation, self._writer(entry, view), by)

    def _writer(self, entry: Change, view: View) -> Scope:
        """Return the scope of an entry's writer, on the entry's present branch.

        Raises:
            CannotCopy: That branch is closed, or another branch than that of the entry and not the main line.
        """
        writer, branch = entry.writer, view.lineage.branch_of(stamp_of(entry))
        if branch is None:
            return replace(writer, branch=None)
        if branch == stamp_of(entry).branch and view.lineage.is_open(writer):
            return writer
        raise CannotCopy(f"change {entry.seq} was written on branch {writer.branch!r}, which is closed")

    def _op_id(self, name: str) -> str:
        return f"scrub/{self.old_id}/{name}"


def _without_secrets(provenance: Provenance) -> Provenance:
    return redactor().value(provenance)[0]
