"""The memory as a networkx graph: all nodes and edges that a reader sees at a point, in linear time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from graphmem.answers import Card, State, intervals
from graphmem.deferred_dataclass import dataclass
from graphmem.instants import from_micros
from graphmem.model import Anchor, AnchorKind, Memory, Point, Provenance, Scope, Statement
from graphmem.repository.mainline_graph import renames
from graphmem.retrieval.cards import card, moves
from graphmem.rows import EdgeRow, LinkRow, Rows, Stamp
from graphmem.service.attributes import (
    AboutEdge,
    AlternativeNode,
    AnchorNode,
    ConflictEdge,
    ConsideredEdge,
    EdgeType,
    LinkEdge,
    MemoryNode,
    NodeType,
    RenameEdge,
    SupersessionEdge,
    TombstoneNode,
)
from graphmem.service.conflict_rules import FullSuccessor, Home, contradictions, forks, home_of, successors_of
from graphmem.service.context import ServiceContext
from graphmem.store import Progress
from graphmem.temporal import View, rule

if TYPE_CHECKING:
    import networkx as nx

    Network = nx.MultiDiGraph[str]

_PAGE = 1_000
_UNKNOWN = Provenance()


def graph_of(
    context: ServiceContext, chunks: Iterable[Sequence[str]], point: Point, reader: Scope, progress: Progress
) -> Network:
    """Return the graph of memories.

    Args:
        context: The context of the opened memory.
        chunks: The ids of the memories in lists, last recorded first.
        point: The point of the graph.
        reader: The reader's scope.
        progress: Called after each list with the number of memories read and their total.
    """
    import networkx as nx

    graph: Network = nx.MultiDiGraph(as_of=point.valid, known_at=point.seq, scope=reader)
    provenance, total = _provenance(context, point, reader), context.store.info(reader).memories
    builder = _GraphBuilder(graph, point, provenance)
    for ids in chunks:
        rows = context.store.rows(reader, ids)
        builder.read(View(rows, reader, point.seq), rows, ids)
        progress(len(builder.cards), max(total, len(builder.cards)))
    builder.finish(reader.tenant)
    for leader, rival, edge in _conflict_edges(context, builder, point, reader):
        graph.add_edge(leader, rival, f"{edge['type']}:{edge['found_by']}:{edge['what']}", **edge)
    for old, new, renamed in _rename_edges(context, builder.files, point, reader):
        graph.add_edge(old, new, f"{renamed['type']}:{renamed['commit']}", **renamed)
    return graph


def _provenance(context: ServiceContext, point: Point, reader: Scope) -> Mapping[int, Provenance]:
    """Return the provenance of every ledger entry; show it only for entries whose rows the reader sees."""
    by_seq: dict[int, Provenance] = {}
    after = 0
    while after < point.seq and (page := context.store.changes(reader, after=after, limit=_PAGE)):
        by_seq.update((change.seq, change.provenance) for change in page if change.seq <= point.seq)
        after = page[-1].seq
    return by_seq


class _GraphBuilder:
    """Collects nodes and edges list by list; `finish` adds them to the graph, since edges need both their nodes.

    Attributes:
        files: The nodes of each path, by its repository; an anchor that names none is of the memory's repository.
        successors: The full and open-ended successors of each memory that has several.
    """

    def __init__(self, graph: Network, point: Point, provenance: Mapping[int, Provenance]) -> None:
        self.graph = graph
        self.cards: dict[str, Card] = {}
        self.files: dict[str | None, dict[str, set[str]]] = {}
        self.successors: dict[str, list[FullSuccessor]] = {}
        self._point = point
        self._provenance = provenance
        self._nodes: list[tuple[str, MemoryNode | TombstoneNode]] = []
        self._edges: list[tuple[EdgeRow, SupersessionEdge]] = []
        self._links: list[LinkRow] = []

    def read(self, view: View, rows: Rows, ids: Sequence[str]) -> None:
        """Collect memories with their outgoing supersessions and links."""
        listed = set(ids)
        for key in ids:
            shown = card(view, key, self._point.valid)
            if shown is not None:
                self.cards[key] = shown
                self._nodes.append((key, self._memory(view, shown)))
                successors = successors_of(view, key, self._point.valid)
                if len(successors) > 1:
                    self.successors[key] = successors
        # Chains may lead through erased memories, and those may be in no list.
        erased = [key for key, row in view.known.items() if row.memory.is_erased]
        self._nodes += [(key, self._tombstone(view.known[key].stamp)) for key in erased]
        for key in {*listed, *erased}:
            edges = (edge for edge in view.edges_out(key) if key in view.known and edge.new in view.known)
            self._edges += [(edge, self._supersession(view, edge)) for edge in edges]
        self._links += [
            row
            for row in rows.links
            if row.source in listed and view.lineage.sees(row.stamp) and not view.is_revoked(row.stamp.seq)
        ]

    def finish(self, tenant: str) -> None:
        """Add all collected nodes and edges to the graph, first recorded first."""
        graph = self.graph
        for key, memory in reversed(self._nodes):
            graph.add_node(key, **memory)
        for row, edge in sorted(self._edges, key=lambda pair: (pair[0].stamp.seq, pair[0].old, pair[0].new)):
            graph.add_edge(row.old, row.new, f"{edge['type']}:{row.stamp.seq}", **edge)
        # Erased memories keep their supersessions, but not their links.
        for link in sorted(self._links, key=lambda row: (row.stamp.seq, row.source, row.target)):
            if link.source in self.cards and link.target in self.cards:
                self._link(link)
        tombstones = [key for key, data in graph.nodes(data=True) if data["type"] is NodeType.TOMBSTONE]
        graph.remove_nodes_from([key for key in tombstones if not graph.degree(key)])
        for key in [key for key, _ in reversed(self._nodes) if key in self.cards]:
            self._add_anchors_and_alternatives(tenant, key, self.cards[key].memory)

    def are_in_succession(self, one: str, other: str) -> bool:
        """Return whether one of two memories supersedes or amends the other."""
        edges = [*self.graph.out_edges(one, data=True), *self.graph.out_edges(other, data=True)]
        return any(end in {one, other} and data["type"] is EdgeType.SUPERSEDED_BY for _, end, data in edges)

    # ---- parts

    def _memory(self, view: View, shown: Card) -> MemoryNode:
        statement, home, by = shown.statement, shown.memory.scope, self._provenance.get(shown.change, _UNKNOWN)
        return MemoryNode(
            type=NodeType.MEMORY,
            kind=statement.kind,
            title=statement.title,
            body=statement.body,
            rationale=statement.rationale,
            subject=statement.subject,
            aliases=statement.aliases,
            labels=statement.labels,
            language=statement.language,
            origin=statement.origin,
            is_mandatory=statement.is_mandatory,
            confidence=statement.confidence,
            freshness=shown.freshness,
            state=shown.state,
            status=None if shown.told is None else shown.told.status,
            holds=shown.state is State.HOLDS,
            holding=shown.holding,
            valid_from=shown.holding[0].start if shown.holding else None,
            valid_to=shown.holding[-1].end if shown.holding else None,
            moves=moves(view, shown.id),
            tenant=home.tenant,
            repo=home.repo,
            user=home.user,
            branch=home.branch,
            environment=home.environment,
            change=shown.change,
            recorded_at=shown.recorded_at,
            observed_at=statement.observed_at,
            confirmed_at=shown.confirmed_at,
            actor=by.actor,
            source=by.source,
            reason=by.reason,
        )

    def _tombstone(self, stamp: Stamp) -> TombstoneNode:
        by = self._provenance.get(stamp.seq, _UNKNOWN)
        return TombstoneNode(
            type=NodeType.TOMBSTONE,
            change=stamp.seq,
            recorded_at=stamp.recorded_at,
            actor=by.actor,
            source=by.source,
            reason=by.reason,
        )

    def _supersession(self, view: View, edge: EdgeRow) -> SupersessionEdge:
        by = self._provenance.get(edge.stamp.seq, _UNKNOWN)
        return SupersessionEdge(
            type=EdgeType.SUPERSEDED_BY,
            kind=edge.kind,
            at=edge.at,
            until=edge.until,
            part=edge.part,
            covers=intervals(view.coverage(edge)) if edge.is_full else (),
            reason=edge.reason,
            change=edge.stamp.seq,
            recorded_at=edge.stamp.recorded_at,
            actor=by.actor,
            source=by.source,
        )

    def _link(self, row: LinkRow) -> None:
        by = self._provenance.get(row.stamp.seq, _UNKNOWN)
        edge = LinkEdge(
            type=EdgeType(row.kind),
            change=row.stamp.seq,
            recorded_at=row.stamp.recorded_at,
            actor=by.actor,
            source=by.source,
        )
        self.graph.add_edge(row.source, row.target, f"{edge['type']}:{row.stamp.seq}", **edge)

    def _add_anchors_and_alternatives(self, tenant: str, key: str, memory: Memory) -> None:
        statement, graph = memory.statement, self.graph
        assert statement is not None, "memories with a card are not erased"  # noqa: S101
        for anchor in statement.anchors:
            node = self._anchor(tenant, anchor)
            graph.add_edge(key, node, f"{EdgeType.ABOUT}:{anchor.role}", **_about(anchor))
            if anchor.kind is AnchorKind.FILE:
                paths = self.files.setdefault(anchor.repo or memory.scope.repo, {})
                paths.setdefault(anchor.name, set()).add(node)
        for number, option in enumerate(statement.alternatives, 1):
            data = AlternativeNode(
                type=NodeType.ALTERNATIVE,
                name=option.name,
                outcome=option.outcome,
                reason=option.reason,
                keys=option.keys,
            )
            node = self._unique_name(f"{key}#{number}", data)
            graph.add_node(node, **data)
            considered = ConsideredEdge(type=EdgeType.CONSIDERED, outcome=option.outcome)
            graph.add_edge(key, node, EdgeType.CONSIDERED.value, **considered)

    def _anchor(self, tenant: str, anchor: Anchor) -> str:
        data = AnchorNode(type=NodeType.ANCHOR, kind=anchor.kind, name=anchor.name, repo=anchor.repo)
        node = self._unique_name(anchor.node_id(tenant), data)
        if node not in self.graph:
            self.graph.add_node(node, **data)
        return node

    def _unique_name(self, name: str, data: AnchorNode | AlternativeNode) -> str:
        """Return a name for a node that no other node has; the id of a memory may be any text."""
        while name in self.graph and self.graph.nodes[name] != data:
            name = f"~{name}"
        return name


def _about(anchor: Anchor) -> AboutEdge:
    return AboutEdge(type=EdgeType.ABOUT, role=anchor.role)


# ---- renamed files


def _rename_edges(
    context: ServiceContext, files: Mapping[str | None, Mapping[str, set[str]]], point: Point, reader: Scope
) -> Iterator[tuple[str, str, RenameEdge]]:
    """Yield the recorded renames between files of the graph as edges: (old, new, attributes)."""
    for repo, nodes in files.items():
        for rename in renames(context.mainlines.at(reader, repo, point.seq)):
            edge = RenameEdge(
                type=EdgeType.RENAMED_TO,
                at=from_micros(rename.at_us),
                commit=rename.sha,
                similarity=rename.similarity,
                lineage=rename.lineage,
            )
            for old in sorted(nodes.get(rename.old, ())):
                for new in sorted(nodes.get(rename.new, ())):
                    yield old, new, edge


# ---- open conflicts


def _conflict_edges(
    context: ServiceContext, builder: _GraphBuilder, point: Point, reader: Scope
) -> Iterator[tuple[str, str, ConflictEdge]]:
    """Yield the open conflicts as edges from each leader: (leader, rival, attributes).

    The store is read twice, however many conflicts there are.
    """
    groups = [*_by_subject(builder), *_by_fork(builder), *_by_link(builder)]
    view = context.view(reader, [key for _, _, ids in groups for key in ids], point.seq)
    found = [ruled for group in groups if (ruled := _ruled(view, group, point)) is not None]
    said = _by_statement(builder, {frozenset(ruled.claims) for ruled in found})
    if said:
        view = context.view(reader, [key for _, _, ids in said for key in ids], point.seq)
        found += [ruled for group in said if (ruled := _ruled(view, group, point)) is not None]
    for ruled in found:
        for rival, why in zip(ruled.claims[1:], ruled.rules, strict=True):
            edge = ConflictEdge(type=EdgeType.CONFLICTS_WITH, found_by=ruled.found_by, what=ruled.topic, rule=why)
            yield ruled.claims[0], rival, edge


@dataclass(frozen=True, slots=True)
class _RuledGroup:
    """Claims in conflict, the leading claim first, and the rule that puts each of the others behind it."""

    found_by: str
    topic: str
    claims: tuple[str, ...]
    rules: tuple[str, ...]


def _ruled(view: View, group: _Group, point: Point) -> _RuledGroup | None:
    """Return the claims of a group in order of precedence; None if those of a subject do not contest each other."""
    found_by, topic, ids = group
    ruling = rule(view, ids, point.valid)
    if ruling is not None and ruling.contested:
        rivals, rules = zip(*ruling.contested, strict=True)
        return _RuledGroup(found_by, topic, (ruling.head, *rivals), rules)
    return None if found_by == "subject" else _RuledGroup(found_by, topic, ids, ("",) * (len(ids) - 1))


_Group = tuple[str, str, tuple[str, ...]]


def _by_subject(builder: _GraphBuilder) -> Iterator[_Group]:
    homes: dict[tuple[str | None, ...], list[str]] = defaultdict(list)
    for key, shown in builder.cards.items():
        subject, home = shown.statement.subject, shown.memory.scope
        if shown.state is State.HOLDS and subject is not None:
            homes[subject, home.repo, home.user, home.environment].append(key)
    for (name, *_), ids in homes.items():
        if len(ids) > 1 and name is not None:
            yield "subject", name, tuple(ids)


def _by_fork(builder: _GraphBuilder) -> Iterator[_Group]:
    for old, successors in builder.successors.items():
        yield from (("fork", old, claims) for claims in forks(successors))


def _by_link(builder: _GraphBuilder) -> Iterator[_Group]:
    pairs = {
        (min(source, target), max(source, target))
        for source, target, data in builder.graph.edges(data=True)
        if data["type"] is EdgeType.CONFLICTS_WITH and _holds(builder, source) and _holds(builder, target)
    }
    for pair in sorted(pairs):
        yield "link", pair[0], pair


def _by_statement(builder: _GraphBuilder, known: Collection[frozenset[str]]) -> list[_Group]:
    homes = defaultdict[Home, dict[str, Statement]](dict)
    for key, shown in builder.cards.items():
        if shown.state is State.HOLDS:
            homes[home_of(shown.memory.scope)][key] = shown.statement
    pairs = contradictions(homes, known)
    return [
        (pair.rule.value, pair.topic, (pair.first, pair.second))
        for pair in pairs
        if not builder.are_in_succession(pair.first, pair.second)
    ]


def _holds(builder: _GraphBuilder, key: str) -> bool:
    shown = builder.cards.get(key)
    return shown is not None and shown.state is State.HOLDS
