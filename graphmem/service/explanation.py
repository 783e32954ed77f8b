"""Explanations: why a memory is in force or not, the memories that it depends on, and its conflicts."""

from __future__ import annotations

from collections.abc import Sequence

from graphmem.answers import Contest, Explanation, Hit, Related, Relation, Sentence
from graphmem.errors import NotFound
from graphmem.model import Memory, Point, Scope
from graphmem.relations import Side, link_words
from graphmem.retrieval.cards import card, step
from graphmem.retrieval.dependencies import doubt_sentence, with_dependencies
from graphmem.retrieval.hit_order import rulings
from graphmem.retrieval.reasons import because, edge_reason, named, state_reason
from graphmem.retrieval.reference import reference, references
from graphmem.retrieval.relation_phrases import overruling, relation
from graphmem.rows import EdgeRow
from graphmem.service.context import ServiceContext
from graphmem.store import Rivals
from graphmem.temporal import DEPENDENCIES, CachedView, Resolved, Standing, View, resolve

_MANY = 10_000


def explanation(context: ServiceContext, key: str, point: Point, reader: Scope) -> Explanation:
    """Return the explanation of a memory at a point; see `ReadVerbs.explain`.

    Raises:
        NotFound: The reader sees no memory with this id.
    """
    view = _view_with_links(context, key, point, reader)
    shown = card(view, key, point.valid)
    if shown is None:
        raise NotFound(f"no memory {key!r}; `list` and `search` show the ids that there are")
    out, into = visible_edges(view, key)
    edges = [*out, *into]
    related = _related(view, key, point)
    shown = with_dependencies(context.store, reader, [shown], point, read=view)[0]
    resolved = [] if view.holds(key, point.valid) else resolve(view, key, point.valid)
    contested, overruled_by = _conflicts_of(context, shown.memory, point, reader)
    return Explanation(
        card=shown,
        at=point,
        reasons=(state_reason(view, key, point.valid), *(edge_reason(view, edge, point.valid) for edge in edges)),
        resolves_to=tuple(_hit(view, result, point) for result in resolved if result.memory != key),
        edges=tuple(
            step(view, edge, side=Side.OLD if edge.old == key else Side.NEW, valid=point.valid) for edge in edges
        ),
        related=related,
        suspect=(*((doubt_sentence(shown.suspect),) if shown.suspect else ()), *_not_begun(view, related)),
        contested=contested,
        overruled_by=overruled_by,
    )


def visible_edges(view: View, key: str) -> tuple[list[EdgeRow], list[EdgeRow]]:
    """Return the supersession edges out of and into a memory whose other side the reader sees, erased or not."""
    out = [edge for edge in view.edges_out(key) if edge.new in view.known]
    return out, [edge for edge in view.edges_into(key) if edge.old in view.known]


def _view_with_links(context: ServiceContext, key: str, point: Point, reader: Scope) -> View:
    """Return a view of a memory and of the memories at the other ends of its links."""
    rows = context.store.rows(reader, [key])
    ends = {end for row in rows.links if key in (row.source, row.target) for end in (row.source, row.target)}
    if ends - rows.memories.keys():
        rows = context.store.rows(reader, [key, *sorted(ends)])
    return View(rows, reader, point.seq)


def _related(view: View, key: str, point: Point) -> tuple[Related, ...]:
    related = []
    for row in view.links(key):
        is_outgoing = row.source == key
        linked = row.target if is_outgoing else row.source
        related.append(Related(reference(view, linked, point.valid), row.kind, is_outgoing))
    return tuple(related)


def _not_begun(view: View, related: Sequence[Related]) -> tuple[str, ...]:
    """Return sentences on the dependencies of a memory that were never in force; they cast no doubt on it."""
    not_begun = [
        link
        for link in related
        if link.is_outgoing and link.kind in DEPENDENCIES and view.start(link.memory.id) is None
    ]
    return tuple(
        Sentence.of(
            f"{link_words(link.kind, is_outgoing=True)} ",
            named(view, link.memory.id),
            f", which is {link.memory.state} now",
        )
        for link in not_begun
    )


def _hit(view: View, resolved: Resolved, point: Point) -> Hit:
    shown = card(view, resolved.memory, point.valid)
    assert shown is not None, "resolution returns visible memories"  # noqa: S101
    near, via = relation(view, resolved.via, point.valid), references(view, resolved.via, point.valid)
    head = via[-1] if resolved.standing is Standing.HOLDS else None
    why, relations = because(view, resolved, point.valid), () if near is None else (near,)
    return Hit(shown, resolved.standing, 1.0, {}, via, why, head=head, relations=relations)


def _conflicts_of(
    context: ServiceContext, memory: Memory, point: Point, reader: Scope
) -> tuple[tuple[Contest, ...], Relation | None]:
    """Return the conflicts of a memory on its subject, and the relation to the memory that overrules it, if any."""
    key, subject = memory.id, None if memory.statement is None else memory.statement.subject
    if subject is None:
        return (), None
    rivals = Rivals((subject,), point, _MANY)
    view = CachedView(context.store.rows_with_rivals(reader, (), rivals), reader, point.seq)
    ruling = rulings(view, {subject}, point.valid).get(subject)
    if ruling is None:
        return (), None
    if ruling.head == key:
        return tuple(Contest(reference(view, rival, point.valid), why) for rival, why in ruling.contested), None
    head = reference(view, ruling.head, point.valid)
    lost = tuple(Contest(head, why) for rival, why in ruling.contested if rival == key)
    return lost, overruling(view, ruling, key, point.valid)
