"""Memories in force that contradict the memories of a block by another rule than their common subject."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from graphmem.answers import Contest
from graphmem.conflicts import FoundBy
from graphmem.model import LinkKind, Point, Scope, Statement
from graphmem.retrieval.reference import reference
from graphmem.service.conflict_rules import Home, conflicts_among, contradictions, fork_ends, home_of
from graphmem.service.context import ServiceContext
from graphmem.store import Filter, Probe
from graphmem.temporal import View
from graphmem.terms import text_terms

#: Memories with a key of an option of the block, and matches for the words of a title.
_MOST_KEYED, _MOST_ALIKE = 200, 12
#: Titles that are looked up by their words, and the words of each.
_MOST_TITLES, _MOST_TERMS = 12, 24


class ContestedClaims:
    """Finds the rivals of memories: by a recorded conflict, a fork, an option, a negation or another number.

    Args:
        context: The dependencies of the verb.
        reader: The reader's scope.
        point: The point of the block.
    """

    def __init__(self, context: ServiceContext, reader: Scope, point: Point) -> None:
        self._context = context
        self._reader = reader
        self._point = point

    def of(
        self, view: View, ids: Sequence[str], near: Iterable[str], titles: Sequence[str]
    ) -> Mapping[str, tuple[Contest, ...]]:
        """Return the rivals of memories, but those of their own subject.

        Args:
            view: Has the full rows of the memories.
            ids: The memories.
            near: Further memories among which rivals are looked for.
            titles: Those of the memories for which rivals are also searched for by the words of their titles.
        """
        statements = {key: statement for key in ids if (statement := _statement(view, key)) is not None}
        ends = _linked_ends(view, ids) | fork_ends(view, ids, self._point.valid)
        ends |= self._contrary(statements, [*near, *self._keyed(statements), *self._alike(statements, titles)])
        if not ends:
            return {}
        full = self._context.view(self._reader, sorted(ends), self._point.seq)
        pairs = conflicts_among(full, ends, self._point.valid)
        rivals = defaultdict[str, list[Contest]](list)
        for pair, found_by in sorted(pairs.items(), key=lambda item: sorted(item[0])):
            for key in () if found_by is FoundBy.SUBJECT else sorted(pair & statements.keys()):
                (other,) = pair - {key}
                rivals[key].append(Contest(reference(full, other, self._point.valid), found_by.value))
        return {key: tuple(contests) for key, contests in rivals.items()}

    def _contrary(self, statements: Mapping[str, Statement], others: Iterable[str]) -> set[str]:
        """Return the memories of each contradiction in which one of the statements takes part."""
        every = list(dict.fromkeys([*statements, *others]))
        view = self._context.content_view(self._reader, every, self._point.seq)
        homes = defaultdict[Home, dict[str, Statement]](dict)
        for key in every:
            if (statement := _statement(view, key)) is not None:
                homes[home_of(view.known[key].memory.scope)][key] = statement
        pairs = ({pair.first, pair.second} for pair in contradictions(homes, ()))
        return {key for pair in pairs if not pair.isdisjoint(statements) for key in pair}

    def _keyed(self, statements: Mapping[str, Statement]) -> Collection[str]:
        """Return the memories with an option that has a key of one of the statements' options."""
        optioned = [statement for statement in statements.values() if any(each.keys for each in statement.alternatives)]
        if not optioned:
            return ()
        from graphmem.guard.index_terms import terms_of_statement

        terms = dict.fromkeys(term for statement in optioned for term in terms_of_statement(statement))
        return self._context.store.guarding(self._reader, list(terms), limit=_MOST_KEYED) if terms else ()

    def _alike(self, statements: Mapping[str, Statement], titles: Sequence[str]) -> Iterator[str]:
        """Yield the memories with the words of the titles."""
        for key in [key for key in titles if key in statements][:_MOST_TITLES]:
            terms = tuple(dict.fromkeys(text_terms(statements[key].title)))[:_MOST_TERMS]
            if terms:
                probe = Probe(terms=terms, limit=_MOST_ALIKE)
                yield from self._context.store.match(self._reader, probe, Filter(), seq=self._point.seq).ids


def _statement(view: View, key: str) -> Statement | None:
    memory = view.memory(key)
    return None if memory is None else memory.statement


def _linked_ends(view: View, ids: Collection[str]) -> set[str]:
    """Return the ends of the recorded conflicts of memories, those outside of the view included."""
    found = set(ids)
    links = (row for row in view.rows.links if row.kind is LinkKind.CONFLICTS_WITH)
    return {end for row in links for end in (row.source, row.target) if not found.isdisjoint((row.source, row.target))}
