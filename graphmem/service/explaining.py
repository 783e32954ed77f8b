"""Why a memory stands as it does: its reasons, what it rests on, and who leads its subject."""

from __future__ import annotations

from collections.abc import Sequence

from graphmem.answers import Contest, Explanation, Hit, Related, Relation, Sentence, State
from graphmem.errors import NotFound
from graphmem.model import LinkKind, Memory, Point, Scope
from graphmem.relations import Side, link_words
from graphmem.retrieval.cards import card, step
from graphmem.retrieval.hit_order import rulings
from graphmem.retrieval.reasons import because, edge_reason, named, state_reason
from graphmem.retrieval.reference import reference, references
from graphmem.retrieval.relation_phrases import overruling, relation
from graphmem.rows import EdgeRow
from graphmem.service.desk import Desk
from graphmem.store import Rivals
from graphmem.temporal import Resolved, Standing, View, resolve

_LEANING = {LinkKind.DEPENDS_ON, LinkKind.IMPLEMENTS, LinkKind.REFINES}
_MANY = 10_000


def explanation(desk: Desk, key: str, point: Point, reader: Scope) -> Explanation:
    """See `Reader.explain`."""
    view = _view_with_links(desk, key, point, reader)
    shown = card(view, key, point.valid)
    if shown is None:
        raise NotFound(f"no memory {key!r}; `list` and `search` show the ids that there are")
    out, into = seen_edges(view, key)
    edges = [*out, *into]
    related = _related(view, key, point)
    resolved = [] if view.holds(key, point.valid) else resolve(view, key, point.valid)
    contested, overruled_by = _contested(desk, shown.memory, point, reader)
    return Explanation(
        card=shown,
        at=point,
        reasons=(state_reason(view, key, point.valid), *(edge_reason(view, edge, point.valid) for edge in edges)),
        resolves_to=tuple(_hit(view, one, point) for one in resolved if one.memory != key),
        edges=tuple(
            step(view, edge, side=Side.OLD if edge.old == key else Side.NEW, valid=point.valid) for edge in edges
        ),
        related=related,
        suspect=_suspect(view, related),
        contested=contested,
        overruled_by=overruled_by,
    )


def seen_edges(view: View, key: str) -> tuple[list[EdgeRow], list[EdgeRow]]:
    """Edges out of and into a memory whose other side the reader may know of, erased ones included."""
    out = [edge for edge in view.edges_out(key) if edge.new in view.known]
    return out, [edge for edge in view.edges_into(key) if edge.old in view.known]


def _view_with_links(desk: Desk, key: str, point: Point, reader: Scope) -> View:
    """A view that also holds the memories at the other ends of typed links."""
    rows = desk.store.rows(reader, [key])
    ends = {end for row in rows.links if key in (row.source, row.target) for end in (row.source, row.target)}
    if ends - rows.memories.keys():
        rows = desk.store.rows(reader, [key, *sorted(ends)])
    return View(rows, reader, point.seq)


def _related(view: View, key: str, point: Point) -> tuple[Related, ...]:
    found = []
    for row in view.links(key):
        is_outgoing = row.source == key
        other = row.target if is_outgoing else row.source
        found.append(Related(reference(view, other, point.valid), row.kind, is_outgoing))
    return tuple(found)


def _suspect(view: View, related: Sequence[Related]) -> tuple[str, ...]:
    leans_on = [(one, one.memory.state) for one in related if one.is_outgoing and one.kind in _LEANING]
    return tuple(
        Sentence.of(f"{link_words(one.kind, is_outgoing=True)} ", named(view, one.memory.id), f", which is {state} now")
        for one, state in leans_on
        if state is not None and state is not State.HOLDS
    )


def _hit(view: View, resolved: Resolved, point: Point) -> Hit:
    shown = card(view, resolved.memory, point.valid)
    assert shown is not None, "resolution returns what is seen"  # noqa: S101
    near, via = relation(view, resolved.via, point.valid), references(view, resolved.via, point.valid)
    head = via[-1] if resolved.standing is Standing.HOLDS else None
    why, relations = because(view, resolved, point.valid), () if near is None else (near,)
    return Hit(shown, resolved.standing, 1.0, {}, via, why, head=head, relations=relations)


def _contested(desk: Desk, memory: Memory, point: Point, reader: Scope) -> tuple[tuple[Contest, ...], Relation | None]:
    """Whom the memory contests or is contested by, and the one that leads in its place."""
    key, subject = memory.id, None if memory.statement is None else memory.statement.subject
    if subject is None:
        return (), None
    view = View(desk.store.rows(reader, (), rivals=Rivals((subject,), point, _MANY)), reader, point.seq)
    ruling = rulings(view, {subject}, point.valid).get(subject)
    if ruling is None:
        return (), None
    if ruling.head == key:
        return tuple(Contest(reference(view, other, point.valid), why) for other, why in ruling.contested), None
    head = reference(view, ruling.head, point.valid)
    mine = tuple(Contest(head, why) for other, why in ruling.contested if other == key)
    return mine, overruling(view, ruling, key, point.valid)
