"""The verbs that read: each answers for one point on both time axes, and says for which."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, Unpack

from graphmem.answers import (
    Card,
    Conflicts,
    Diff,
    Difference,
    Explanation,
    History,
    Lane,
    Listing,
    SearchAnswer,
    Timeline,
    Turn,
    interval,
)
from graphmem.errors import InvalidInput, NotFound
from graphmem.model import FOREVER, At, Change, Point, Scope, ScopeParts
from graphmem.parameters import Limit, MemoryRef, PathName, Position, Question, Share, SubjectName
from graphmem.ranking import trusted_confidence
from graphmem.relations import Side
from graphmem.retrieval.cards import card, moves, step
from graphmem.retrieval.paging import Cursors, Place, page_of, question_mark
from graphmem.retrieval.reference import references
from graphmem.retrieval.remarks import remarks
from graphmem.retrieval.request import Query, Sort
from graphmem.rows import EdgeRow
from graphmem.service.conflicting import open_conflicts
from graphmem.service.desk import Desk
from graphmem.service.entries import mentioned, seen_entries
from graphmem.service.explaining import explanation, seen_edges
from graphmem.service.lookup import StoreLookup
from graphmem.service.references import with_real_paths, with_references
from graphmem.store import Filter, Page, Progress, silent
from graphmem.temporal import View, reigns
from graphmem.vocabulary import word_of

if TYPE_CHECKING:
    import networkx as nx

_CHUNK = 500
_EVERYTHING = 1_000_000


class Reader:
    """Verbs that read one opened memory."""

    _desk: Desk

    def search(  # noqa: PLR0913 - each narrows a question in another way
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
        """What holds at a point for a question in plain words, best first; nothing if nothing is recorded about it.

        Whatever matches is followed to what holds: a question worded like a replaced decision finds its successor.
        Identifiers ("PEP 5", "ADR-0012"), ids and their beginnings, and titles, quoted or not, match exactly before any
        wording. Where nothing else answers, a long word that no memory has is read as the nearest that one has; the
        answer's `remarks` tell so, and of names that nothing has.

        Args:
            query: A question, some words, a title or an identifier.
            at: Valid time (`as_of`) and recorded time (`known_at`); now and latest if not given.
            scope: Where the reader stands.
            where: Narrows what is looked at.
            sort: `relevance`, `recency` (recorded last first) or `confidence`.
            page: How many, and after which cursor.
            limit: How many, in place of a page.
            min_relevance: Leave out what is less relevant, from 0 (leave out nothing) to 1; if not given, what says too
                little about the question: of what it leaves out, one in seven is right at most.
            parts: Parts of the scope, such as `user="ana"`, in place of those of `scope` or of the default.
        """
        if min_relevance is not None and not 0.0 <= min_relevance <= 1.0:
            raise InvalidInput(f"min_relevance {min_relevance!r} is not between 0 and 1")
        reader = self._desk.reader(scope, parts)
        valid, seq = self._desk.asked(at, reader)
        wanted, order = with_real_paths(where or Filter()), word_of(Sort, sort)
        shown = page_of(page, limit, Page())
        answer = self._desk.searcher.search(Query(query, valid, seq, reader, wanted, order, shown, min_relevance))
        if shown.cursor is not None:
            return replace(answer, remarks=())
        told = remarks(query, answer, StoreLookup(self._desk, reader, answer.at))
        return replace(answer, remarks=(*answer.remarks, *told))

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
        """Memories that fit a filter and are in force at a point.

        Args:
            where: The filter; with `include_history` or `statuses` also memories that are not in force.
            at: The point; now and latest if not given.
            scope: The reader's scope.
            sort: `recency` (recorded last first) or `confidence`.
            page: The page, or `limit` its length.
            limit: The most memories to return, in place of a page.
            parts: Parts of the scope, such as `repo="shop"`, in place of those of `scope` or of the default.

        Returns:
            Recorded last first, or most trusted first.
        """
        reader, asked = self._desk.reader(scope, parts), page_of(page, limit, Page(limit=50))
        wanted, order = with_real_paths(where or Filter()), word_of(Sort, sort)
        mark = question_mark("list", wanted, order, reader)
        cursors = Cursors(self._desk.seal, reader, mark)
        place = cursors.place(asked, self._desk.point(at, reader))
        cards = self._fitting(wanted, reader, place.point, is_latest=at is None or at.known_at is None)
        if order is Sort.CONFIDENCE:
            cards = iter(sorted(cards, key=lambda one: (-_trusted(one), -one.change, one.id)))
        return _page(cards, place, asked.limit, cursors)

    def get(
        self, key: MemoryRef, *, at: At | None = None, scope: Scope | None = None, **parts: Unpack[ScopeParts]
    ) -> Card:
        """One memory at a point.

        Args:
            key: Its id, an alias of it, or the beginning of its id, from four characters on; so for every verb.
            at: The point; now and latest if not given.
            scope: Where the reader stands.

        Raises:
            NotFound: No such memory, or none that the reader sees.
            InvalidInput: Several are called so; the message lists them.
        """
        reader = self._desk.reader(scope, parts)
        point = self._desk.point(at, reader)
        return with_references(self._desk, reader, lambda: point, [key], lambda ids: self._got(reader, ids[0], point))

    def history(
        self, key: MemoryRef, *, at: At | None = None, scope: Scope | None = None, **parts: Unpack[ScopeParts]
    ) -> History:
        """A memory's own life, and what came before and after it.

        Raises:
            NotFound: No such memory, or none that the reader sees.
        """
        reader = self._desk.reader(scope, parts)
        point = self._desk.point(at, reader)
        return with_references(self._desk, reader, lambda: point, [key], lambda ids: self._lived(reader, ids[0], point))

    def _got(self, reader: Scope, key: str, point: Point) -> Card:
        return _known(card(self._desk.view(reader, [key], point.seq), key, point.valid), key)

    def _lived(self, reader: Scope, key: str, point: Point) -> History:
        view = self._desk.view(reader, [key], point.seq)
        shown = _known(card(view, key, point.valid), key)
        out, into = seen_edges(view, key)
        as_new, as_old = (partial(step, view, side=side, valid=point.valid) for side in (Side.NEW, Side.OLD))
        changes = [one for one in self._desk.store.changes_of(reader, key) if one.seq <= point.seq]
        entries, named = seen_entries(self._desk, changes, reader, point.seq, read=view)
        return History(
            card=shown,
            at=point,
            predecessors=tuple(as_new(edge) for edge in into if edge.is_full or edge.part),
            successors=tuple(as_old(edge) for edge in out if edge.is_full or edge.part),
            amendments=tuple(as_old(edge) for edge in out if not edge.is_full),
            amends=tuple(as_new(edge) for edge in into if not edge.is_full),
            chain=tuple(_cards(view, _chain(view, key), point)),
            moves=moves(view, key),
            changes=tuple(entries),
            mentioned=mentioned(named, entries, point.valid),
        )

    def timeline(
        self,
        *,
        subject: SubjectName | None = None,
        path: PathName | None = None,
        at: At | None = None,
        scope: Scope | None = None,
    ) -> Timeline:
        """Everything known about a subject or a path, each memory with its moves and when it held.

        Raises:
            InvalidInput: Neither or both of `subject` and `path` are given.
        """
        if (subject is None) == (path is None):
            raise InvalidInput("a timeline is of one subject or one path: give one of the two")
        reader = self._desk.reader(scope)
        point = self._desk.point(at, reader)
        where = Filter(subjects=(subject,)) if subject is not None else with_real_paths(Filter(paths=(path or "",)))
        ids = self._desk.store.select(reader, where, at=None, before=point.seq + 1, limit=_EVERYTHING)
        view = self._desk.view(reader, ids, point.seq)
        led = {} if subject is None else reigns(view, [one for one in ids if view.memory(one) is not None])
        lanes = [
            Lane(shown, moves(view, shown.id), tuple(map(interval, led.get(shown.id, ()))))
            for shown in _cards(view, dict.fromkeys([*ids, *_before(view, ids), *_after(view, ids)]), point)
        ]
        lanes.sort(key=lambda lane: (lane.moves[0].at if lane.moves else point.valid, lane.card.change))
        return Timeline(tuple(lanes), point)

    def diff(
        self, start: At, end: At | None = None, *, where: Filter | None = None, scope: Scope | None = None
    ) -> Diff:
        """What is believed at one point and not at the other; each point may differ in both times.

        Returns:
            What appeared and what vanished, recorded last first.

        Raises:
            InvalidInput: `start` says nothing: both points would be the same.
        """
        if start == At():
            raise InvalidInput("diff needs a first point: a time, such as 2025-01-01, or what was known at another one")
        reader, wanted = self._desk.reader(scope), with_real_paths(where or Filter())
        before, after = self._desk.point(start, reader), self._desk.point(end, reader)
        found: list[Difference] = []
        for ids in self._chunks(wanted, reader, max(before.seq, after.seq), None):
            rows = self._desk.store.rows(reader, ids)
            old, new = View(rows, reader, before.seq), View(rows, reader, after.seq)
            found.extend(_differences(old, new, ids, (before, after)))
        return Diff(before, after, tuple(found))

    def explain(
        self, key: MemoryRef, *, at: At | None = None, scope: Scope | None = None, **parts: Unpack[ScopeParts]
    ) -> Explanation:
        """Why a memory stands as it does at a point, what stands for it, and what it rests on.

        Raises:
            NotFound: No such memory, or none that the reader sees.
        """
        desk, reader = self._desk, self._desk.reader(scope, parts)
        point = desk.point(at, reader)
        return with_references(desk, reader, lambda: point, [key], lambda ids: explanation(desk, ids[0], point, reader))

    def conflicts(self, *, at: At | None = None, scope: Scope | None = None) -> Conflicts:
        """Contradictions at a point that nobody has decided, each with the rule that would and the fix."""
        reader = self._desk.reader(scope)
        return open_conflicts(self._desk, self._desk.point(at, reader), reader)

    def changes(self, *, after: Position = 0, limit: Limit = 100, scope: Scope | None = None) -> Sequence[Change]:
        """Ledger entries in order, those past a position, as far as they concern what the reader sees."""
        if limit < 1:
            raise InvalidInput(f"limit {limit!r} is not at least 1")
        if after < 0:
            raise InvalidInput(f"after {after!r} is no ledger position: they start at 1, and 0 is before them")
        reader = self._desk.reader(scope)
        found: list[Change] = []
        while len(found) < limit and (some := self._desk.store.changes(reader, after=after, limit=limit)):
            found += seen_entries(self._desk, some, reader, self._desk.store.position(reader).seq)[0]
            after = some[-1].seq
        return tuple(found[:limit])

    def repositories(self, *, scope: Scope | None = None) -> Sequence[str]:
        """Repositories with memories that the reader would see from there, sorted.

        Args:
            scope: Its tenant, user and environment count, its repository does not.
        """
        return tuple(self._desk.store.repositories(self._desk.reader(scope)))

    def to_networkx(
        self, *, at: At | None = None, scope: Scope | None = None, progress: Progress = silent
    ) -> nx.MultiDiGraph[str]:
        """Everything that the reader sees at a point, held or not, as one graph; equal from every store.

        Nodes are memories (by their ids), what they are about, the options that they considered, and what is left of
        erased ones inside chains; edges are supersessions, links, anchors, options and open contradictions.
        `graphmem.service.attributes` has what each carries, and the graph itself `as_of`, `known_at` and `scope`.

        Args:
            at: Decides states and `holds`; the intervals of all time are there at any `as_of`.
            scope: Where the reader stands.
            progress: Told how many memories are read.
        """
        from graphmem.service.drawing import draw

        reader = self._desk.reader(scope)
        point = self._desk.point(at, reader)
        return draw(self._desk, self._chunks(Filter(), reader, point.seq, None), point, reader, progress)

    # ---- parts

    def _fitting(self, where: Filter, reader: Scope, point: Point, *, is_latest: bool) -> Iterator[Card]:
        hint = None if where.include_history or where.statuses or not is_latest else point.valid
        for ids in self._chunks(where, reader, point.seq, hint):
            view = self._desk.view(reader, ids, point.seq)
            for shown in _cards(view, ids, point):
                if _is_wanted(shown, where):
                    yield shown

    def _chunks(self, where: Filter, reader: Scope, seq: int, hint: datetime | None) -> Iterator[Sequence[str]]:
        before = seq + 1
        while True:
            ids = self._desk.store.select(reader, where, at=hint, before=before, limit=_CHUNK)
            if hint is not None and self._desk.store.position(reader).seq != seq:
                hint = None  # somebody wrote meanwhile: the caches may know more than this answer may
                continue
            if not ids:
                return
            yield ids
            before = self._desk.store.rows(reader, ids[-1:]).memories[ids[-1]].stamp.seq


def _known(shown: Card | None, key: str) -> Card:
    if shown is None:
        raise NotFound(f"no memory {key!r}; `list` and `search` show the ids that there are")
    return shown


def _cards(view: View, ids: Iterable[str], point: Point) -> Iterator[Card]:
    return (shown for key in ids if (shown := card(view, key, point.valid)) is not None)


def _trusted(shown: Card) -> float:
    return trusted_confidence(shown.statement, shown.freshness)


def _is_wanted(shown: Card, where: Filter) -> bool:
    if where.statuses:
        return shown.told is not None and shown.told.status in where.statuses
    return where.include_history or shown.state.value == "holds"


def _page(cards: Iterable[Card], place: Place, limit: int, cursors: Cursors) -> Listing:
    wanted = place.offset + limit + 1
    seen = [one for _, one in zip(range(wanted), cards, strict=False)]
    shown = seen[place.offset : place.offset + limit]
    return Listing(tuple(shown), place.point, cursors.after(place, len(shown), len(seen)))


def _chain(view: View, key: str) -> list[str]:
    """The memory with all that leads to it and from it over full edges, earlier ones first."""
    members = {*_before(view, [key]), key, *_after(view, [key])}
    into = {one: sum(edge.is_full and edge.old in members for edge in view.edges_into(one)) for one in members}
    ready = [(_began(view, one), one) for one, count in into.items() if not count]
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
    moves_known = view.moves(key)
    return view.start(key) or (moves_known[0].move.at if moves_known else FOREVER)


def _before(view: View, keys: Sequence[str]) -> list[str]:
    """What leads to memories over full edges, without themselves."""
    return _reach(view, keys, lambda one: [edge.old for edge in view.edges_into(one) if edge.is_full])


def _after(view: View, keys: Sequence[str]) -> list[str]:
    """What memories lead to over full edges, without themselves."""
    return _reach(view, keys, lambda one: [edge.new for edge in view.successions(one)])


def _reach(view: View, keys: Sequence[str], steps: Callable[[str], list[str]]) -> list[str]:
    seen = dict.fromkeys(keys)
    queue = deque(keys)
    while queue:
        for one in steps(queue.popleft()):
            if one in view.known and one not in seen:
                seen[one] = None
                queue.append(one)
    return list(seen)[len(keys) :]


def _differences(old: View, new: View, ids: Iterable[str], points: tuple[Point, Point]) -> Iterator[Difference]:
    before, after = points
    for key in ids:
        was, now = old.holds(key, before.valid), new.holds(key, after.valid)
        if was and not now and (shown := card(new, key, after.valid) or card(old, key, before.valid)):
            others = [edge.new for edge in _covering(new, key, 0, after.valid)]
            yield Difference(Turn.VANISHED, shown, references(new, others, after.valid))
        elif now and not was and (shown := card(new, key, after.valid)):
            others = [edge.old for edge in _covering(new, key, 1, after.valid)]
            yield Difference(Turn.APPEARED, shown, references(new, others, after.valid))


def _covering(view: View, key: str, way: int, valid: datetime) -> list[EdgeRow]:
    """Supersessions out of (0) or into (1) a memory that are in effect at an instant."""
    return [edge for edge in seen_edges(view, key)[way] if edge.is_full and view.covers(edge, valid)]
