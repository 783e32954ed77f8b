"""Undoing all that came from one source, entry by entry, the latest first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from graphmem.errors import Conflict, Forbidden, InvalidInput, NotFound
from graphmem.model import Add, Change, Link, Retract, Revoke, Supersede, SupersessionKind, Transition

if TYPE_CHECKING:
    from graphmem.service import GraphMemory, Write
    from graphmem.store import Progress

_AT_ONCE = 1_000


@dataclass(slots=True)
class Undone:
    """What undoing a source did.

    Attributes:
        retracted: Ids of memories that the source had added.
        revoked: Ledger positions of its moves, replacements, links and retractions.
        restored: Ledger positions of what it had revoked, and which is in force again.
        problems: (ledger position, why it was not undone).
    """

    retracted: list[str] = field(default_factory=list)
    revoked: list[int] = field(default_factory=list)
    restored: list[int] = field(default_factory=list)
    problems: list[tuple[int, str]] = field(default_factory=list)


def entries(memory: GraphMemory) -> Iterator[Change]:
    """All ledger entries that the reader sees, in order."""
    after = 0
    while some := memory.changes(after=after, limit=_AT_ONCE):
        yield from some
        after = some[-1].seq


def is_from(change: Change, source: str) -> bool:
    """Whether an entry names a source, or a file that was read under its name."""
    said = change.provenance.source or ""
    return said == source or said.startswith(f"{source}: ")


def undo_source(memory: GraphMemory, source: str, *, write: Write, progress: Progress) -> Undone:
    """Undo every entry of a source that still counts; the ledger keeps both.

    Args:
        memory: An opened memory.
        source: As it was given when it was read in.
        write: Who undoes it, and why.
        progress: Told after every entry.
    """
    told = list(entries(memory))
    gone = {one.operation.change for one in told if isinstance(one.operation, Revoke)}
    retracted = {one.operation.id for one in told if isinstance(one.operation, Retract) and one.seq not in gone}
    mine = [one for one in told if is_from(one, source) and one.seq not in gone]
    by_seq = {one.seq: one for one in told}
    done = Undone()
    for count, one in enumerate(reversed(mine), 1):
        try:
            _undo(memory, one, by_seq, retracted, write=write, done=done)
        except (Conflict, Forbidden, InvalidInput, NotFound) as refusal:
            done.problems.append((one.seq, str(refusal)))
        progress(count, len(mine))
    return done


def _undo(
    memory: GraphMemory, one: Change, by_seq: dict[int, Change], retracted: set[str], *, write: Write, done: Undone
) -> None:
    match one.operation:
        case Add(memory=added):
            if added.id not in retracted:
                memory.retract(added.id, write=write)
                done.retracted.append(added.id)
        case Revoke(change=change):
            undone = by_seq.get(change)
            if undone is None or not isinstance(undone.operation, Supersede):
                done.problems.append((one.seq, "what it revoked is not in force again: record it anew"))
                return
            _again(memory, undone.operation, write)
            done.restored.append(change)
        case Supersede() | Transition() | Retract() | Link():
            memory.revoke(one.seq, write=write)
            done.revoked.append(one.seq)
        case _:
            done.problems.append((one.seq, "this cannot be undone"))


def _again(memory: GraphMemory, was: Supersede, write: Write) -> None:
    """Record a replacement anew, an amendment with the part that it names."""
    if was.kind is not SupersessionKind.AMENDMENT or was.part is None:
        memory.supersede(was.old, was.new, at=was.at, until=was.until, kind=was.kind, write=write)
        return
    if was.until is not None:
        raise InvalidInput(f"an amendment of {was.part!r} for a time is not in force again: record it anew")
    for old in was.old:
        for new in was.new:
            memory.amend(old, by=new, part=was.part, at=was.at, write=write)
