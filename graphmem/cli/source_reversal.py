"""Undoes all entries of a source, the latest first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from typing import TYPE_CHECKING

from graphmem.deferred_dataclass import dataclass
from graphmem.errors import Conflict, Forbidden, InvalidInput, NotFound
from graphmem.model import Add, Change, End, Link, Retract, Revoke, Supersede, SupersessionKind, Transition

if TYPE_CHECKING:
    from graphmem.service import GraphMemory, Write
    from graphmem.store import Progress

_ENTRIES_PER_READ = 1_000


@dataclass(slots=True)
class SourceReversal:
    """The result of undoing a source.

    Attributes:
        retracted: Ids of memories that the source had added.
        revoked: Ledger positions of its status changes, supersessions, links and retractions.
        restored: Ledger positions of supersessions that the source had revoked and that apply again.
        problems: (ledger position, reason) of entries that were not undone.
    """

    retracted: list[str] = field(default_factory=list)
    revoked: list[int] = field(default_factory=list)
    restored: list[int] = field(default_factory=list)
    problems: list[tuple[int, str]] = field(default_factory=list)


def entries(memory: GraphMemory) -> Iterator[Change]:
    """Yield all ledger entries that the reader sees, in order."""
    after = 0
    while page := memory.changes(after=after, limit=_ENTRIES_PER_READ):
        yield from page
        after = page[-1].seq


def is_from(change: Change, source: str) -> bool:
    """Return whether an entry names the source, or a file that was read under its name."""
    recorded = change.provenance.source or ""
    return recorded == source or recorded.startswith(f"{source}: ")


def undo_source(memory: GraphMemory, source: str, *, write: Write, progress: Progress) -> SourceReversal:
    """Undo every entry of a source that still has an effect; the ledger keeps both.

    Args:
        memory: An open memory.
        source: The name in the ingest or import.
        write: The writer and the reason.
        progress: Called after every entry.
    """
    by_seq = {change.seq: change for change in entries(memory)}
    changes = by_seq.values()
    gone = {change.operation.change for change in changes if isinstance(change.operation, Revoke)}
    retracted = {
        change.operation.id for change in changes if isinstance(change.operation, Retract) and change.seq not in gone
    }
    effective = [change for change in changes if is_from(change, source) and change.seq not in gone]
    done = SourceReversal()
    for count, change in enumerate(reversed(effective), 1):
        try:
            _undo(memory, change, by_seq, retracted, write=write, done=done)
        except (Conflict, Forbidden, InvalidInput, NotFound) as problem:
            done.problems.append((change.seq, str(problem)))
        progress(count, len(effective))
    return done


def _undo(
    memory: GraphMemory,
    entry: Change,
    by_seq: dict[int, Change],
    retracted: set[str],
    *,
    write: Write,
    done: SourceReversal,
) -> None:
    match entry.operation:
        case Add(memory=added):
            if added.id not in retracted:
                memory.retract(added.id, write=write)
                done.retracted.append(added.id)
        case Revoke(change=change):
            undone = by_seq.get(change)
            if undone is None or not isinstance(undone.operation, Supersede):
                done.problems.append((entry.seq, "the change that it revoked does not apply again: record it anew"))
                return
            _again(memory, undone.operation, write)
            done.restored.append(change)
        case Supersede() | Transition() | End() | Retract() | Link():
            memory.revoke(entry.seq, write=write)
            done.revoked.append(entry.seq)
        case _:
            done.problems.append((entry.seq, "this cannot be undone"))


def _again(memory: GraphMemory, earlier: Supersede, write: Write) -> None:
    """Record a supersession again, an amendment with its part."""
    if earlier.kind is not SupersessionKind.AMENDMENT or earlier.part is None:
        memory.supersede(earlier.old, earlier.new, at=earlier.at, until=earlier.until, kind=earlier.kind, write=write)
        return
    if earlier.until is not None:
        raise InvalidInput(f"a provisional amendment of {earlier.part!r} does not apply again: record it anew")
    for old in earlier.old:
        for new in earlier.new:
            memory.amend(old, by=new, part=earlier.part, at=earlier.at, write=write)
