"""What matches resolve to: the memories that answer, with what speaks for each of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from graphmem.model import LinkKind, Memory, Status
from graphmem.retrieval.fusion import FLOOR, GRAPH_WEIGHT, NOT_HOLDING, Scored, cut, merged
from graphmem.retrieval.request import Query
from graphmem.store import Neighbour
from graphmem.temporal import Resolved, Resolver, Standing, View, standing

_LINKS = frozenset(kind.value for kind in LinkKind)

#: Two matches can resolve to the same memory with different standings; the stronger one is kept.
_STANDINGS = (Standing.HOLDS, Standing.NOT_YET, Standing.NAMED, Standing.LAST)


@dataclass
class Head:
    """A memory that matches resolve to, while its matches are being collected."""

    resolved: Resolved
    view: View
    matches: list[Scored] = field(default_factory=list)
    #: From each match to this memory, the best match's first.
    paths: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def memory(self) -> Memory:
        """The memory that is answered."""
        return self.view.known[self.resolved.memory].memory

    @property
    def holds(self) -> bool:
        """Whether it is in force at the asked point."""
        return self.resolved.standing is Standing.HOLDS

    @property
    def is_instead(self) -> bool:
        """Whether what has ended by its own word names this as its successor."""
        return self.resolved.standing is Standing.NAMED

    @property
    def is_settled(self) -> bool:
        """Whether not all its rows are there yet."""
        return self.view.is_settled(self.resolved.memory)

    @cached_property
    def scored(self) -> Scored:
        """What speaks for it, from all matches together; asked for once they are all there."""
        return merged(self.resolved.memory, self.matches)


def scored_beside(found: Iterable[Neighbour], view: View, heads: Mapping[str, Head]) -> list[Scored]:
    """Neighbours with a share of the score of the head beside them; over a link, only while that is in effect."""
    near: dict[str, Scored] = {}
    for one in found:
        if one.memory in heads or one.memory not in view.known:
            continue
        if one.over in _LINKS and not view.is_linked(one.memory, one.of):
            continue
        best = heads[one.of].scored
        near.setdefault(one.memory, Scored(one.memory, graph=GRAPH_WEIGHT * best.score, beside=best.relevance))
    return list(near.values())


def heads_of(scored: Iterable[Scored], view: View, query: Query) -> dict[str, Head]:
    """What the matches resolve to, by id."""
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


def _ends(key: str, resolver: Resolver, view: View, query: Query) -> list[Resolved]:
    if query.where.include_history and view.memory(key) is not None:
        return [Resolved(key, standing(view, key, query.valid), (key,))]
    return resolver.resolve(key)


def fits(head: Head, query: Query) -> bool:
    """Whether a head passes what the store leaves to the kernel of a filter."""
    view, key, where = head.view, head.resolved.memory, query.where
    memory = view.memory(key)
    if memory is None or memory.statement is None or (not where.include_history and _is_of_later(head, query)):
        return False
    statement = memory.statement
    if statement.confidence < where.min_confidence or (where.origins and statement.origin not in where.origins):
        return False
    return not where.statuses or _own_status(head, query.valid) in where.statuses


def _is_of_later(head: Head, query: Query) -> bool:
    """Whether nobody knew of it at the asked time, and it had not begun, unless something older led to it."""
    if head.holds or head.scored.is_named or any(len(path) > 1 for path in head.paths.values()):
        return False
    view, key = head.view, head.resolved.memory
    return view.known[key].stamp.recorded_at > query.valid and view.status(key, query.valid) is None


def telling_of(heads: Sequence[Head], query: Query) -> list[Head]:
    """Those that say something about the question; none if the best does not, unless the caller set the bound.

    What is nearer in meaning than the best, but has less of what is asked, does not make an answer of it. What comes
    behind a good answer may say less: a task is governed by rules that each have but little of its words.
    """
    if query.min_relevance is None and heads:
        best = max(heads, key=lambda head: (head.scored.score - behind(head, query), head.scored.relevance))
        if not tells(best.scored, query):
            return []
    return [head for head in heads if tells(head.scored, query, FLOOR)]


def tells(scored: Scored, query: Query, share: float = 1.0) -> bool:
    """Whether it says anything about the question, or a share of what a first answer must."""
    least = query.min_relevance
    bound = share * cut(has_vectors=scored.cosine is not None) if least is None else least
    return scored.relevance >= bound


def _own_status(head: Head, valid: datetime) -> Status | None:
    if head.is_settled:
        return Status.ACTIVE  # or it would not hold
    told = head.view.status(head.resolved.memory, valid)
    return None if told is None else told.move.status


def behind(head: Head, query: Query) -> float:
    """What a score loses where the memory does not hold."""
    return 0.0 if head.holds or head.is_instead or query.where.include_history else NOT_HOLDING


def subject_of(memory: Memory) -> str | None:
    """The subject that a memory settles; None if it has none, or was erased."""
    return None if memory.statement is None else memory.statement.subject
