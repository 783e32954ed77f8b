"""The comparison of two states of the same sources: it plans the edits that make one believe what the other does."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime
from typing import NamedTuple, TypeVar

from graphmem.deferred_dataclass import dataclass
from graphmem.model import (
    Add,
    Link,
    LinkKind,
    Memory,
    Move,
    Operation,
    Origin,
    Retract,
    Revoke,
    Scope,
    Statement,
    Supersede,
    SupersessionKind,
)
from graphmem.sources.edits import Edit, EditKind

_REASON = "the history of the repository does not have it"
#: In place of a file: the edit has no other source.
_LEDGER = "ledger"


class EdgeKey(NamedTuple):
    """A supersession of one memory by another."""

    old: str
    new: str
    kind: SupersessionKind
    at: datetime | None
    until: datetime | None
    part: str | None

    def renamed(self, ids: Mapping[str, str]) -> EdgeKey:
        """Return it between the memories of another state."""
        return self._replace(old=ids[self.old], new=ids[self.new])


class LinkKey(NamedTuple):
    """A typed link from one memory to another."""

    old: str
    new: str
    kind: LinkKind

    def renamed(self, ids: Mapping[str, str]) -> LinkKey:
        """Return it between the memories of another state."""
        return self._replace(old=ids[self.old], new=ids[self.new])


Key = TypeVar("Key", EdgeKey, LinkKey)


@dataclass(frozen=True, slots=True)
class SourcedMemory:
    """A memory that was read from a source, as its readings tell it.

    Attributes:
        key: The source key.
        moves: Its moves by readings, in order.
        is_touched: Somebody else changed it: moved, superseded, amended or confirmed it.
        is_foreign: It may have been read from elsewhere, so that it stays whatever the repository has.
    """

    id: str
    key: str
    statement: Statement
    moves: tuple[Move, ...]
    is_touched: bool = False
    is_foreign: bool = False

    @property
    def identity(self) -> tuple[object, ...]:
        """Two memories with one identity say the same at all times."""
        moves = tuple((move.status, move.at, move.source_word) for move in self.moves)
        statement = self.statement
        stated = (statement.content_hash, statement.origin, statement.observed_at, statement.confidence)
        return (self.key, *stated, moves)


@dataclass(frozen=True, slots=True)
class SourceState:
    """The memories of some sources, and the supersessions and links between them with their ledger positions."""

    memories: Mapping[str, SourcedMemory] = field(default_factory=dict)
    edges: Mapping[EdgeKey, int] = field(default_factory=dict)
    links: Mapping[LinkKey, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StateEdits:
    """The edits that make a state equal another, in this order, and what they leave.

    Attributes:
        kept: Memories that the other state does not have and that somebody else changed: a person decides.
    """

    edits: tuple[Edit, ...]
    kept: tuple[str, ...]


def state_edits(
    present: SourceState,
    wanted: SourceState,
    scope: Scope,
    new_id: Callable[[SourcedMemory], str],
    *,
    read_at: datetime,
) -> StateEdits:
    """Return the edits by which a ledger believes of its sources what a fresh ingestion of them does.

    A memory that the fresh ingestion does not have, or has with other dates, is retracted: no reading of the repository
    as it is gives it. It stays in the ledger, and at earlier ledger positions it is believed as before.

    Args:
        present: The state of the ledger.
        wanted: The state of a fresh ingestion.
        scope: Where new memories live.
        new_id: The id of a new memory.
        read_at: The time of the fresh ingestion. A commit from the future counts from its reading, so that an earlier
            reading gave it an earlier time, which stays.
    """
    names = _matched(present, wanted, read_at)
    kept = {ours for ours in names.values() if ours is not None}
    extra = [memory for memory in present.memories.values() if memory.id not in kept and not memory.is_foreign]
    ids = {theirs: ours or new_id(wanted.memories[theirs]) for theirs, ours in names.items()}
    missing = [wanted.memories[theirs] for theirs, ours in names.items() if ours is None]
    leaving = [memory for memory in extra if not memory.is_touched]
    undated = {edge._replace(at=None): edge for edge in present.edges}
    renamed = (edge.renamed(ids) for edge in wanted.edges)
    edges = [
        undated.get(edge._replace(at=None), edge) if edge.at is not None and edge.at >= read_at else edge
        for edge in renamed
    ]
    links = [link.renamed(ids) for link in wanted.links]
    known = kept | {memory.id for memory in leaving}
    revoked = {*_revoked(present.edges, edges, known), *_revoked(present.links, links, known)}
    absent = {0, *revoked}
    edits = [
        *(_edit(Revoke(seq), EditKind.UNLINKED, _LEDGER) for seq in sorted(revoked)),
        *(_edit(Retract(memory.id), EditKind.RETRACTED, memory.key, memory.id) for memory in leaving),
        *(_added(memory, ids[memory.id], scope) for memory in missing),
        *_superseded({edge for edge in edges if present.edges.get(edge, 0) in absent}),
        *(
            _edit(Link(*link), EditKind.RELATED, _LEDGER, (link.old, link.new))
            for link in links
            if present.links.get(link, 0) in absent
        ),
    ]
    return StateEdits(tuple(edits), tuple(memory.id for memory in extra if memory.is_touched))


def _matched(present: SourceState, wanted: SourceState, read_at: datetime) -> dict[str, str | None]:
    """Return the id in the present state of each memory of the wanted state; None if it has none."""
    free: dict[tuple[object, ...], list[str]] = defaultdict(list)
    for memory in present.memories.values():
        free[memory.identity].append(memory.id)
    found: dict[str, str | None] = {}
    for memory in wanted.memories.values():
        ours = free[memory.identity]
        found[memory.id] = ours.pop(0) if ours else None
    left = {memory_id for ids in free.values() for memory_id in ids}
    for memory_id, known in found.items():
        memory = wanted.memories[memory_id]
        if known is None and memory.moves[-1].at >= read_at:
            twin = next((ours for ours in sorted(left) if _is_twin(present.memories[ours], memory, read_at)), None)
            found[memory_id] = twin
            left.discard(twin or "")
    return found


def _is_twin(ours: SourcedMemory, theirs: SourcedMemory, read_at: datetime) -> bool:
    """Return whether two memories differ only in the time of moves that count from their reading."""
    if len(ours.moves) != len(theirs.moves):
        return False
    pairs = zip(theirs.moves, ours.moves, strict=True)
    moves = tuple(replace(move, at=mine.at) if move.at >= read_at else move for move, mine in pairs)
    return replace(theirs, moves=moves).identity == ours.identity


def _revoked(present: Mapping[Key, int], wanted: Sequence[Key], known: set[str]) -> Iterator[int]:
    """Yield the ledger positions of supersessions or links between known memories that are not wanted."""
    kept = set(wanted)
    for key, seq in present.items():
        if key not in kept and {key.old, key.new} <= known:
            yield seq


def _added(memory: SourcedMemory, memory_id: str, scope: Scope) -> Edit:
    add = Add(Memory(memory_id, scope, memory.statement), memory.moves, may_confirm=False, source_key=memory.key)
    return Edit(
        operations=(add,),
        speaker=memory.statement.origin,
        path=memory.key,
        outcome=EditKind.ADDED,
        ids=(memory_id,),
        key=memory.key,
    )


def _superseded(edges: set[EdgeKey]) -> Iterator[Edit]:
    """Yield an edit for the successors of each memory: several at once are a split."""
    groups: dict[EdgeKey, list[EdgeKey]] = defaultdict(list)
    for edge in sorted(edges, key=lambda edge: (str(edge.at), edge.old, edge.new)):
        groups[edge._replace(new="")].append(edge)
    for group in groups.values():
        old, _, kind, at, until, part = group[0]
        news = tuple(edge.new for edge in group)
        operation = Supersede(old=(old,), new=news, at=at, until=until, kind=kind, part=part)
        pairs = tuple((old, new) for new in news)
        yield _edit(operation, EditKind.LINKED, _LEDGER, *pairs)


def _edit(operation: Operation, outcome: EditKind, path: str, *ids: str | tuple[str, str]) -> Edit:
    """Return an edit that the history of the repository asks for."""
    reason = _REASON if isinstance(operation, Revoke | Retract) else None
    return Edit(operations=(operation,), speaker=Origin.COMMIT, path=path, outcome=outcome, ids=ids, reason=reason)
