"""Heads: the memories that matches resolve to, with the combined evidence of their matches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property

from graphmem.deferred_dataclass import dataclass, field
from graphmem.model import LinkKind, Memory, Status
from graphmem.retrieval.fusion import FLOOR, GRAPH_WEIGHT, NOT_HOLDING, Scored, cut, merged
from graphmem.retrieval.request import Query
from graphmem.store import Neighbour
from graphmem.temporal import CachedView, Resolved, Resolver, Standing, View, standing

_LINKS = frozenset(kind.value for kind in LinkKind)

#: Two matches can resolve to the same memory with different standings; the stronger one is kept.
_STANDINGS = (Standing.HOLDS, Standing.NOT_YET, Standing.NAMED, Standing.LAST)


@dataclass
class Head:
    """A memory that matches resolve to; matches are added while they are resolved."""

    resolved: Resolved
    view: CachedView
    matches: list[Scored] = field(default_factory=list)
    #: The resolution path from each match to this memory, the best match's first.
    paths: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def memory(self) -> Memory:
        """The memory itself."""
        return self.view.known[self.resolved.memory].memory

    @property
    def holds(self) -> bool:
        """True if it is in force at the query's point."""
        return self.resolved.standing is Standing.HOLDS

    @property
    def is_named_successor(self) -> bool:
        """True if an ended memory names it as successor although it is not in force."""
        return self.resolved.standing is Standing.NAMED

    @property
    def is_settled(self) -> bool:
        """True if only its own rows have been read, without its chain."""
        return self.view.is_settled(self.resolved.memory)

    @cached_property
    def scored(self) -> Scored:
        """The combined score of all matches; read it after the last match is added."""
        return merged(self.resolved.memory, self.matches)


def scored_neighbours(neighbours: Iterable[Neighbour], view: View, heads: Mapping[str, Head]) -> list[Scored]:
    """Return neighbours with a share of their head's score; links count only while they are in effect."""
    scored: dict[str, Scored] = {}
    for neighbour in neighbours:
        if neighbour.memory in heads or neighbour.memory not in view.known:
            continue
        if neighbour.over in _LINKS and not view.is_linked(neighbour.memory, neighbour.of):
            continue
        best = heads[neighbour.of].scored
        scored.setdefault(
            neighbour.memory,
            Scored(neighbour.memory, graph=GRAPH_WEIGHT * best.score, neighbour_relevance=best.relevance),
        )
    return list(scored.values())


def heads_of(scored: Iterable[Scored], view: CachedView, query: Query) -> dict[str, Head]:
    """Return the memories that the matches resolve to, by id."""
    heads: dict[str, Head] = {}
    resolver = Resolver(view, query.valid)
    for match in scored:
        for resolved in _ends(match.memory, resolver, view, query):
            head = heads.setdefault(resolved.memory, Head(resolved, view))
            if _STANDINGS.index(resolved.standing) < _STANDINGS.index(head.resolved.standing):
                head.resolved = resolved
            head.matches.append(match)
            head.paths.setdefault(match.memory, resolved.via)
    return heads


def _ends(memory_id: str, resolver: Resolver, view: View, query: Query) -> list[Resolved]:
    if query.where.include_history and view.memory(memory_id) is not None:
        return [Resolved(memory_id, standing(view, memory_id, query.valid), (memory_id,))]
    return resolver.resolve(memory_id)


def fits(head: Head, query: Query) -> bool:
    """Return whether a head passes the filter conditions that stores do not test."""
    view, memory_id, where = head.view, head.resolved.memory, query.where
    memory = view.memory(memory_id)
    if memory is None or memory.statement is None or (not where.include_history and _is_of_later(head, query)):
        return False
    statement = memory.statement
    if statement.confidence < where.min_confidence or (where.origins and statement.origin not in where.origins):
        return False
    return not where.statuses or _own_status(head, query.valid) in where.statuses


def _is_of_later(head: Head, query: Query) -> bool:
    """Return whether a head was unknown and had no status at the query's time, unless an older match led to it."""
    if head.holds or head.scored.is_named or any(len(path) > 1 for path in head.paths.values()):
        return False
    view, memory_id = head.view, head.resolved.memory
    return view.known[memory_id].stamp.recorded_at > query.valid and view.status(memory_id, query.valid) is None


def relevant_heads(heads: Sequence[Head], query: Query) -> list[Head]:
    """Return the heads above the relevance bound; none if the best fails, unless the caller set the bound.

    A head that is close by vector but lacks the query's terms does not make an answer. Heads after a good first answer
    may
    have less relevance: a task is governed by rules that each share few words with it.
    """
    if query.min_relevance is None and heads:
        best = max(
            heads, key=lambda head: (head.scored.score - not_in_force_penalty(head, query), head.scored.relevance)
        )
        if not is_relevant(best.scored, query):
            return []
    return [head for head in heads if is_relevant(head.scored, query, FLOOR)]


def is_relevant(scored: Scored, query: Query, share: float = 1.0) -> bool:
    """Return whether a score reaches the relevance bound, or a share of it."""
    least = query.min_relevance
    bound = share * cut(has_vectors=scored.cosine is not None) if least is None else least
    return scored.relevance >= bound


def _own_status(head: Head, valid: datetime) -> Status | None:
    if head.is_settled:
        return Status.ACTIVE  # otherwise it would not be in force
    decisive = head.view.status(head.resolved.memory, valid)
    return None if decisive is None else decisive.move.status


def not_in_force_penalty(head: Head, query: Query) -> float:
    """Return the score penalty of a memory that is not in force."""
    return 0.0 if head.holds or head.is_named_successor or query.where.include_history else NOT_HOLDING


def subject_of(memory: Memory) -> str | None:
    """Return a memory's subject; None without a subject or after an erasure."""
    return None if memory.statement is None else memory.statement.subject
