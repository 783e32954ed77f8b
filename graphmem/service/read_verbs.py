"""The verbs that read: each answers for a single point on both time axes, and the answer names the point."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, MutableSequence, Sequence
from datetime import datetime
from functools import partial
from heapq import heapify, heappop, heappush
from itertools import islice
from typing import TYPE_CHECKING, Unpack

from graphmem.answers import (
    Card,
    Diff,
    Explanation,
    History,
    Lane,
    Listing,
    SearchAnswer,
    State,
    Timeline,
    interval,
)
from graphmem.conflicts import Conflicts
from graphmem.deferred_dataclass import replace
from graphmem.errors import InvalidInput, NotFound
from graphmem.model import FOREVER, At, Change, Point, Scope, ScopeParts, Status
from graphmem.parameters import Limit, MemoryRef, PathName, Position, Question, Share, SubjectName
from graphmem.ranking import trusted_confidence
from graphmem.relations import Side
from graphmem.retrieval.cards import card, moves, step
from graphmem.retrieval.cursors import Cursors, PageStart, page_of, question_mark
from graphmem.retrieval.dependencies import with_dependencies
from graphmem.retrieval.moved_files import dated_by, with_files
from graphmem.retrieval.path_reach import reach
from graphmem.retrieval.remarks import remarks
from graphmem.retrieval.request import Query, Sort
from graphmem.service.chunks import chunks
from graphmem.service.commit_points import at_commits
from graphmem.service.conflicts import open_conflicts
from graphmem.service.context import ServiceContext
from graphmem.service.differences import differences
from graphmem.service.entries import ledger_page, mentioned, visible_entries
from graphmem.service.explanation import explanation, visible_edges
from graphmem.service.lookup import StoreLookup
from graphmem.service.recall_statistics import use_of
from graphmem.service.references import with_references
from graphmem.service.repository_links import follows_links
from graphmem.store import Filter, Page, Progress, silent
from graphmem.temporal import View, reigns
from graphmem.verbs import VERBS
from graphmem.vocabulary import word_of

if TYPE_CHECKING:
    import networkx as nx

_EVERYTHING = 1_000_000


class ReadVerbs:
    """Verbs that read an opened memory."""

    _context: ServiceContext

    @follows_links
    @at_commits
    def search(  # noqa: PLR0913 - each parameter narrows the search in another way
        self,
        query: Question,
        *,
        at: At | None = None,
        scope: Scope | None = None,
        where: Filter | None = None,
        sort: Sort = Sort.RELEVANCE,
        page: Page | None = None,
        limit: int | None = None,
        min_relevance: Share | None = None,
        **parts: Unpack[ScopeParts],
    ) -> SearchAnswer:
        """Search for the memories in force that answer a question, best first; no hits if no memory is about it.

        Superseded matches lead to their successors: a question in the words of a superseded decision finds the decision
        in force. Identifiers ("PEP 5", "ADR-0012"), ids and their beginnings, and titles, quoted or not, match exactly
        and come before matches by words. If there is no better answer, a long word that no memory has is read as the
        nearest word of the memories; `remarks` names corrected words, and names that no memory has.

        Args:
            query: A question, a few words, a title or an identifier.
            at: Valid time (`as_of`) and recorded time (`known_at`); now and latest if not given.
            scope: The reader's scope.
            where: A filter on the memories that are searched.
            sort: `relevance`, `recency` (last recorded first) or `confidence`.
            page: The number of hits, and the cursor of the previous page.
            limit: The number of hits, in place of a page.
            min_relevance: The least relevance of a hit, from 0 (all hits) to 1. By default, hits that say too little
                about the question are left out; at most a seventh of those left out would have been right.
            parts: Parts of the scope, such as `user="ana"`, that replace those of `scope` or of the default scope.

        Raises:
            InvalidInput: The question is too long, the cursor belongs to another question, or `known_at` is not past.
        """
        if min_relevance is not None and not 0.0 <= min_relevance <= 1.0:
            raise InvalidInput(f"min_relevance {min_relevance!r} is not between 0 and 1")
        reader = self._context.reader(scope, parts)
        valid, seq = self._context.search_point(at, reader)
        narrowed, order = where or Filter(), word_of(Sort, sort)
        shown = page_of(page, limit, Page(VERBS["search"].page_limit))
        answer = self._context.searcher.search(Query(query, valid, seq, reader, narrowed, order, shown, min_relevance))
        if shown.cursor is not None:
            return replace(answer, remarks=())
        on_names = remarks(query, answer, StoreLookup(self._context, reader, answer.at))
        return replace(answer, remarks=(*answer.remarks, *on_names))

    @follows_links
    @at_commits
    def list(
        self,
        where: Filter | None = None,
        *,
        at: At | None = None,
        scope: Scope | None = None,
        sort: Sort = Sort.RECENCY,
        page: Page | None = None,
        limit: int | None = None,
        **parts: Unpack[ScopeParts],
    ) -> Listing:
        """List the memories that match a filter and are in force.

        Args:
            where: The filter; with `include_history` or `statuses`, memories that are not in force are listed too.
            at: Valid time (`as_of`) and recorded time (`known_at`); now and latest if not given.
            scope: The reader's scope.
            sort: `recency` (last recorded first) or `confidence` (most trusted first).
            page: The number of memories, and the cursor of the previous page.
            limit: The number of memories, in place of a page.
            parts: Parts of the scope, such as `repo="shop"`, that replace those of `scope` or of the default scope.
        """
        reader, page = self._context.reader(scope, parts), page_of(page, limit, Page(VERBS["list"].page_limit))
        narrowed, order = where or Filter(), word_of(Sort, sort)
        mark = question_mark("list", narrowed, order, reader)
        cursors = Cursors(self._context.seal, reader, mark)
        start = cursors.start(page, self._context.point(at, reader))
        views: list[View] = []
        is_latest = at is None or at.known_at is None
        cards = self._matching(narrowed, reader, start.point, is_latest=is_latest, views=views)
        if order is Sort.CONFIDENCE:
            cards = iter(sorted(cards, key=lambda shown: (-_trusted(shown), -shown.change, shown.id)))
        answer = _page(cards, start, page.limit, cursors)
        return replace(answer, cards=self._complete(answer.cards, reader, start.point, views[-1] if views else None))

    @follows_links
    @at_commits
    def proposals(
        self,
        *,
        at: At | None = None,
        scope: Scope | None = None,
        page: Page | None = None,
        limit: int | None = None,
    ) -> Listing:
        """List the proposed memories, last recorded first: what was captured, and what waits for acceptance.

        Args:
            at: Valid time (`as_of`) and recorded time (`known_at`); now and latest if not given.
            scope: The reader's scope.
            page: The number of memories, and the cursor of the previous page.
            limit: The number of memories, in place of a page.
        """
        reader, page = self._context.reader(scope), page_of(page, limit, Page(VERBS["proposals"].page_limit))
        narrowed = Filter(statuses=(Status.PROPOSED,))
        cursors = Cursors(self._context.seal, reader, question_mark("proposals", narrowed, reader))
        start = cursors.start(page, self._context.point(at, reader))
        cards = self._matching(narrowed, reader, start.point, is_latest=at is None or at.known_at is None)
        return _page((shown for shown in cards if shown.state is State.PROPOSED), start, page.limit, cursors)

    @follows_links
    @at_commits
    def get(
        self, key: MemoryRef, *, at: At | None = None, scope: Scope | None = None, **parts: Unpack[ScopeParts]
    ) -> Card:
        """Get a memory: its statement, its state, and when it is in force.

        Args:
            key: The id of the memory, an alias of it, or the first four or more characters of its id; as in every verb.
            at: Valid time (`as_of`) and recorded time (`known_at`); now and latest if not given.
            scope: The reader's scope.

        Raises:
            NotFound: There is no memory of that name, or the reader does not see it.
            InvalidInput: Several memories have that name; the message lists them.
        """
        reader = self._context.reader(scope, parts)
        point = self._context.point(at, reader)
        return with_references(
            self._context, reader, lambda: point, [key], lambda ids: self._card(reader, ids[0], point)
        )

    @follows_links
    @at_commits
    def history(
        self, key: MemoryRef, *, at: At | None = None, scope: Scope | None = None, **parts: Unpack[ScopeParts]
    ) -> History:
        """Show the history of a memory: its status moves, its predecessors and successors, and its ledger entries.

        Args:
            key: The memory's id, an alias of it, or the beginning of its id.
            at: Valid time (`as_of`) and recorded time (`known_at`); now and latest if not given.
            scope: The reader's scope.

        Raises:
            NotFound: There is no memory of that name, or the reader does not see it.
        """
        reader = self._context.reader(scope, parts)
        point = self._context.point(at, reader)
        return with_references(
            self._context, reader, lambda: point, [key], lambda ids: self._history(reader, ids[0], point)
        )

    def _card(self, reader: Scope, key: str, point: Point) -> Card:
        shown = _existing(card(self._context.view(reader, [key], point.seq), key, point.valid), key)
        return self._complete([shown], reader, point)[0]

    def _complete(
        self, cards: Sequence[Card], reader: Scope, point: Point, read: View | None = None
    ) -> tuple[Card, ...]:
        """Return cards with their dependencies, files and verdicts."""
        completed = with_dependencies(self._context.store, reader, cards, point, read=read)
        return tuple(with_files(self._context.mainlines, reader, shown, point) for shown in completed)

    def _history(self, reader: Scope, key: str, point: Point) -> History:
        view = self._context.view(reader, [key], point.seq)
        shown = _existing(card(view, key, point.valid), key)
        out, into = visible_edges(view, key)
        as_new, as_old = (partial(step, view, side=side, valid=point.valid) for side in (Side.NEW, Side.OLD))
        changes = [change for change in self._context.store.changes_of(reader, key) if change.seq <= point.seq]
        entries, named = visible_entries(self._context, changes, reader, point.seq, read=view)
        return History(
            card=self._complete([shown], reader, point, named)[0],
            at=point,
            predecessors=tuple(as_new(edge) for edge in into if edge.is_full or edge.part),
            successors=tuple(as_old(edge) for edge in out if edge.is_full or edge.part),
            amendments=tuple(as_old(edge) for edge in out if not edge.is_full),
            amends=tuple(as_new(edge) for edge in into if not edge.is_full),
            chain=tuple(_cards(view, _chain(view, key), point)),
            moves=moves(view, key),
            changes=tuple(entries),
            mentioned=mentioned(named, entries, point.valid),
            dated_by=dated_by(self._context.mainlines, reader, shown, point),
        )

    @follows_links
    @at_commits
    def timeline(
        self,
        *,
        subject: SubjectName | None = None,
        path: PathName | None = None,
        at: At | None = None,
        scope: Scope | None = None,
    ) -> Timeline:
        """Show all memories about a subject or a path, in force or not, each with its moves and its valid intervals.

        Args:
            subject: The subject, such as `stack.database`.
            path: A file, a folder ending in `/`, or a glob. Give either a subject or a path.
            at: Valid time (`as_of`) and recorded time (`known_at`); now and latest if not given.
            scope: The reader's scope.

        Raises:
            InvalidInput: Neither or both of `subject` and `path` are given.
        """
        if (subject is None) == (path is None):
            raise InvalidInput("give either `subject` or `path`: a timeline shows a single subject or a single path")
        reader = self._context.reader(scope)
        point = self._context.point(at, reader)
        where = Filter(subjects=(subject,)) if subject is not None else Filter(paths=(path or "",))
        files = reach(self._context.mainlines, where, reader, point.seq, point.valid)
        selected = self._context.store.select(
            reader, where if files is None else files.where, at=None, before=point.seq + 1, limit=_EVERYTHING
        )
        view = self._context.view(reader, selected, point.seq)
        ids = [memory_id for memory_id in selected if files is None or files.admits(view, memory_id)]
        leads = (
            {}
            if subject is None
            else reigns(view, [memory_id for memory_id in ids if view.memory(memory_id) is not None])
        )
        cards = list(_cards(view, dict.fromkeys([*ids, *_before(view, ids), *_after(view, ids)]), point))
        lanes = [
            Lane(shown, moves(view, shown.id), tuple(map(interval, leads.get(shown.id, ()))))
            for shown in self._complete(cards, reader, point)
        ]
        lanes.sort(key=lambda lane: (lane.moves[0].at if lane.moves else point.valid, lane.card.change))
        return Timeline(tuple(lanes), point)

    def diff(
        self, start: At, end: At | None = None, *, where: Filter | None = None, scope: Scope | None = None
    ) -> Diff:
        """Compare two points in time: list the memories that are in force at only the first or only the second.

        The points may differ in valid time, in recorded time or in both.

        Args:
            start: The first point.
            end: The second point; now and latest if not given.
            where: A filter on the memories that are compared.
            scope: The reader's scope.

        Returns:
            The memories that appeared and that vanished from `start` to `end`, last recorded first.

        Raises:
            InvalidInput: `start` gives neither time.
        """
        if start == At():
            raise InvalidInput("diff needs a first point: a valid time, such as 2025-01-01, or a recorded time")
        return differences(self._context, (start, end), where or Filter(), self._context.reader(scope))

    @follows_links
    @at_commits
    def explain(
        self, key: MemoryRef, *, at: At | None = None, scope: Scope | None = None, **parts: Unpack[ScopeParts]
    ) -> Explanation:
        """Explain why a memory is in force or not, with the memories in force in its place and those it depends on.

        Args:
            key: The memory's id, an alias of it, or the beginning of its id.
            at: Valid time (`as_of`) and recorded time (`known_at`); now and latest if not given.
            scope: The reader's scope.

        Raises:
            NotFound: There is no memory of that name, or the reader does not see it.
        """
        context, reader = self._context, self._context.reader(scope, parts)
        point = context.point(at, reader)
        answer = with_references(
            context, reader, lambda: point, [key], lambda ids: explanation(context, ids[0], point, reader)
        )
        used = use_of(context, reader, answer.card.id)
        return replace(answer, use=used, dated_by=dated_by(context.mainlines, reader, answer.card, point))

    @follows_links
    @at_commits
    def conflicts(self, *, at: At | None = None, scope: Scope | None = None) -> Conflicts:
        """List the open conflicts, each with its evidence, the rule that would decide it and commands that settle it.

        Found are several memories in force for a subject, several successors of a memory after a merge, recorded
        conflicts, and, by their words, an option that one memory chose and another rejected (by its key), a negation,
        and another number.

        Args:
            at: Valid time (`as_of`) and recorded time (`known_at`); now and latest if not given.
            scope: The reader's scope.
        """
        reader = self._context.reader(scope)
        is_latest = at is None or at.known_at is None
        return open_conflicts(self._context, self._context.point(at, reader), reader, is_latest=is_latest)

    def changes(self, *, after: Position = 0, limit: Limit = 100, scope: Scope | None = None) -> Sequence[Change]:
        """List ledger entries in order, those that concern memories that the reader sees.

        Args:
            after: List only entries after this ledger position; 0 lists from the first entry.
            limit: The most entries to return.
            scope: The reader's scope.
        """
        return ledger_page(self._context, self._context.reader(scope), after, limit).changes

    def repositories(self, *, scope: Scope | None = None) -> Sequence[str]:
        """List the repositories that have memories visible to the reader, sorted by name.

        Args:
            scope: The reader's scope; tenant, user and environment count, the repository does not.
        """
        return tuple(self._context.store.repositories(self._context.reader(scope)))

    @follows_links
    @at_commits
    def to_networkx(
        self, *, at: At | None = None, scope: Scope | None = None, progress: Progress = silent
    ) -> nx.MultiDiGraph[str]:
        """Return all memories that the reader sees, in force or not, as a networkx graph; the same from every store.

        Nodes are memories (by id), their anchors, the alternatives that they considered, and tombstones of erased
        memories inside chains; edges are supersessions, links, anchors, alternatives, open conflicts, and the recorded
        renames between files that are anchors.
        `graphmem.service.attributes` has the attributes of nodes and edges; the graph has `as_of`, `known_at` and
        `scope`.

        Args:
            at: The point for states and `holds`; valid intervals are complete at any `as_of`.
            scope: The reader's scope.
            progress: Called with the number of memories read and their total.
        """
        from graphmem.service.networkx_graph import graph_of

        reader = self._context.reader(scope)
        point = self._context.point(at, reader)
        return graph_of(
            self._context, chunks(self._context, Filter(), reader, point.seq, None), point, reader, progress
        )

    # ---- parts

    def _matching(
        self, where: Filter, reader: Scope, point: Point, *, is_latest: bool, views: MutableSequence[View] | None = None
    ) -> Iterator[Card]:
        """Yield the memories that pass a filter; the views in which they were read are added to `views`."""
        hint = None if where.include_history or where.statuses or not is_latest else point.valid
        files = reach(self._context.mainlines, where, reader, point.seq, point.valid)
        for ids in chunks(self._context, where if files is None else files.where, reader, point.seq, hint):
            view = self._context.view(reader, ids, point.seq)
            if views is not None:
                views.append(view)
            for shown in _cards(view, ids, point):
                if _matches(shown, where) and (files is None or files.admits(view, shown.id)):
                    yield shown


def _existing(shown: Card | None, key: str) -> Card:
    if shown is None:
        raise NotFound(f"no memory {key!r}; `list` and `search` show the ids that there are")
    return shown


def _cards(view: View, ids: Iterable[str], point: Point) -> Iterator[Card]:
    return (shown for key in ids if (shown := card(view, key, point.valid)) is not None)


def _trusted(shown: Card) -> float:
    return trusted_confidence(shown.statement, shown.freshness)


def _matches(shown: Card, where: Filter) -> bool:
    if where.statuses:
        return shown.told is not None and shown.told.status in where.statuses
    return where.include_history or shown.state.value == "holds"


def _page(cards: Iterable[Card], start: PageStart, limit: int, cursors: Cursors) -> Listing:
    first = list(islice(cards, start.offset + limit + 1))
    shown = first[start.offset : start.offset + limit]
    return Listing(tuple(shown), start.point, cursors.after(start, len(shown), len(first)))


def _chain(view: View, key: str) -> list[str]:
    """Return the memory with all its predecessors and successors over full supersessions, earliest first."""
    members = {*_before(view, [key]), key, *_after(view, [key])}
    into = {item: sum(edge.is_full and edge.old in members for edge in view.edges_into(item)) for item in members}
    ready = [(_began(view, item), item) for item, count in into.items() if not count]
    heapify(ready)
    order: list[str] = []
    while ready:
        _, earliest = heappop(ready)
        order.append(earliest)
        for edge in view.successions(earliest):
            if edge.new in members:
                into[edge.new] -= 1
                if not into[edge.new]:
                    heappush(ready, (_began(view, edge.new), edge.new))
    return order


def _began(view: View, key: str) -> datetime:
    rows = view.moves(key)
    return view.start(key) or (rows[0].move.at if rows else FOREVER)


def _before(view: View, keys: Sequence[str]) -> list[str]:
    """Return the predecessors of memories over full supersessions, without the memories themselves."""
    return _reach(view, keys, lambda key: [edge.old for edge in view.edges_into(key) if edge.is_full])


def _after(view: View, keys: Sequence[str]) -> list[str]:
    """Return the successors of memories over full supersessions, without the memories themselves."""
    return _reach(view, keys, lambda key: [edge.new for edge in view.successions(key)])


def _reach(view: View, keys: Sequence[str], steps: Callable[[str], list[str]]) -> list[str]:
    seen = dict.fromkeys(keys)
    queue = deque(keys)
    while queue:
        for key in steps(queue.popleft()):
            if key in view.known and key not in seen:
                seen[key] = None
                queue.append(key)
    return list(seen)[len(keys) :]
