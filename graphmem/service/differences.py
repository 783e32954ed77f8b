"""Differences in belief between two points, each with the links between repositories that are in effect at it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from graphmem.answers import Diff, Difference, Turn
from graphmem.deferred_dataclass import replace
from graphmem.model import At, Point, Scope
from graphmem.retrieval.cards import card
from graphmem.retrieval.path_reach import reach
from graphmem.retrieval.reference import references
from graphmem.rows import EdgeRow
from graphmem.service.chunks import chunks
from graphmem.service.commit_points import resolve
from graphmem.service.context import ServiceContext
from graphmem.service.explanation import visible_edges
from graphmem.service.repository_links import at_links
from graphmem.store import Filter
from graphmem.temporal import View


def differences(context: ServiceContext, points: tuple[At, At | None], where: Filter, reader: Scope) -> Diff:
    """Return the memories that are in force at only one of two points; see `ReadVerbs.diff`."""
    start, end = (at_links(context, at, reader) for at in points)
    first, second = (resolve(side.context, side.at, side.reader) for side in (start, end))
    before, after = (replace(side.context.point(side.at, reader), commit=side.commit) for side in (first, second))
    last = max(before.seq, after.seq)
    # The side that sees more: a link may have been recorded, or undone, between the points.
    wide = end if len(end.reader.related_repos) >= len(start.reader.related_repos) else start
    files = reach(context.mainlines, where, wide.reader, last, before.valid, after.valid)
    changed: list[Difference] = []
    for ids in chunks(wide.context, where if files is None else files.where, wide.reader, last, None):
        rows = first.context.store.rows(start.reader, ids)
        old = View(rows, start.reader, before.seq)
        rows = rows if second.context is first.context else second.context.store.rows(end.reader, ids)
        new = View(rows, end.reader, after.seq)
        widest = new if wide is end else old
        about = [key for key in ids if files is None or files.admits(widest, key)]
        changed.extend(_differences(old, new, about, (before, after)))
    return Diff(before, after, tuple(changed))


def _differences(old: View, new: View, ids: Iterable[str], points: tuple[Point, Point]) -> Iterator[Difference]:
    before, after = points
    for key in ids:
        was, now = old.holds(key, before.valid), new.holds(key, after.valid)
        if was and not now and (shown := card(new, key, after.valid) or card(old, key, before.valid)):
            successors = [edge.new for edge in _covering(new, key, 0, after.valid)]
            yield Difference(Turn.VANISHED, shown, references(new, successors, after.valid))
        elif now and not was and (shown := card(new, key, after.valid)):
            predecessors = [edge.old for edge in _covering(new, key, 1, after.valid)]
            yield Difference(Turn.APPEARED, shown, references(new, predecessors, after.valid))


def _covering(view: View, key: str, way: int, valid: datetime) -> list[EdgeRow]:
    """Return the supersessions out of (`way` 0) or into (1) a memory that are in effect at an instant."""
    return [edge for edge in visible_edges(view, key)[way] if edge.is_full and view.covers(edge, valid)]
