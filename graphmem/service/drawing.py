"""The whole memory as one networkx graph: every node and edge that a reader sees at a point, in linear time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from graphmem.answers import Card, State, intervals
from graphmem.model import Anchor, Memory, Point, Provenance, Scope, SupersessionKind
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
    SupersessionEdge,
    TombstoneNode,
)
from graphmem.service.desk import Desk
from graphmem.store import Progress
from graphmem.temporal import View, rule

if TYPE_CHECKING:
    import networkx as nx

    Network = nx.MultiDiGraph[str]

_PAGE = 1_000
_NOBODY = Provenance()


def draw(desk: Desk, chunks: Iterable[Sequence[str]], point: Point, reader: Scope, progress: Progress) -> Network:
    """The graph of memories that come in chunks of their ids, those recorded last first."""
    import networkx as nx

    graph: Network = nx.MultiDiGraph(as_of=point.valid, known_at=point.seq, scope=reader)
    told, total = _provenance(desk, point, reader), desk.store.info(reader).memories
    drawing = _Drawing(graph, point, told)
    for ids in chunks:
        rows = desk.store.rows(reader, ids)
        drawing.read(View(rows, reader, point.seq), rows, ids)
        progress(len(drawing.cards), max(total, len(drawing.cards)))
    drawing.finish(reader.tenant)
    for leader, other, edge in _contests(desk, drawing, point, reader):
        graph.add_edge(leader, other, f"{edge['type']}:{edge['found_by']}:{edge['what']}", **edge)
    return graph


def _provenance(desk: Desk, point: Point, reader: Scope) -> Mapping[int, Provenance]:
    """Who told each entry of the ledger; only that of entries whose rows the reader sees may be shown."""
    found: dict[int, Provenance] = {}
    after = 0
    while after < point.seq and (some := desk.store.changes(reader, after=after, limit=_PAGE)):
        found.update((one.seq, one.provenance) for one in some if one.seq <= point.seq)
        after = some[-1].seq
    return found


class _Drawing:
    """A graph in the making; what needs all memories to be known waits until the end."""

    def __init__(self, graph: Network, point: Point, told: Mapping[int, Provenance]) -> None:
        self.graph = graph
        self.cards: dict[str, Card] = {}
        self._point = point
        self._told = told
        self._nodes: list[tuple[str, MemoryNode | TombstoneNode]] = []
        self._edges: list[tuple[EdgeRow, SupersessionEdge]] = []
        self._links: list[LinkRow] = []

    def read(self, view: View, rows: Rows, ids: Sequence[str]) -> None:
        """Take in memories with the edges and links that lead out of them."""
        wanted = set(ids)
        for key in ids:
            shown = card(view, key, self._point.valid)
            if shown is not None:
                self.cards[key] = shown
                self._nodes.append((key, self._memory(view, shown)))
        # Chains may lead through what was erased, which no chunk need have.
        buried = [key for key, row in view.known.items() if row.memory.is_erased]
        self._nodes += [(key, self._tombstone(view.known[key].stamp)) for key in buried]
        for key in {*wanted, *buried}:
            edges = (edge for edge in view.edges_out(key) if key in view.known and edge.new in view.known)
            self._edges += [(edge, self._supersession(view, edge)) for edge in edges]
        self._links += [
            row
            for row in rows.links
            if row.source in wanted and view.lineage.sees(row.stamp) and not view.is_revoked(row.stamp.seq)
        ]

    def finish(self, tenant: str) -> None:
        """Draw all that was read, oldest first."""
        graph = self.graph
        for key, memory in reversed(self._nodes):
            graph.add_node(key, **memory)
        for row, edge in sorted(self._edges, key=lambda one: (one[0].stamp.seq, one[0].old, one[0].new)):
            graph.add_edge(row.old, row.new, f"{edge['type']}:{row.stamp.seq}", **edge)
        # Erased memories keep their chains, not their links.
        for link in sorted(self._links, key=lambda one: (one.stamp.seq, one.source, one.target)):
            if link.source in self.cards and link.target in self.cards:
                self._link(link)
        lonely = [key for key, data in graph.nodes(data=True) if data["type"] is NodeType.TOMBSTONE]
        graph.remove_nodes_from([key for key in lonely if not graph.degree(key)])
        for key in [key for key, _ in reversed(self._nodes) if key in self.cards]:
            self._surroundings(tenant, key, self.cards[key].memory)

    # ---- parts

    def _memory(self, view: View, shown: Card) -> MemoryNode:
        said, home, told = shown.statement, shown.memory.scope, self._told.get(shown.change, _NOBODY)
        return MemoryNode(
            type=NodeType.MEMORY,
            kind=said.kind,
            title=said.title,
            body=said.body,
            rationale=said.rationale,
            subject=said.subject,
            aliases=said.aliases,
            labels=said.labels,
            language=said.language,
            origin=said.origin,
            is_mandatory=said.is_mandatory,
            confidence=said.confidence,
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
            observed_at=said.observed_at,
            confirmed_at=shown.confirmed_at,
            actor=told.actor,
            source=told.source,
            reason=told.reason,
        )

    def _tombstone(self, stamp: Stamp) -> TombstoneNode:
        told = self._told.get(stamp.seq, _NOBODY)
        return TombstoneNode(
            type=NodeType.TOMBSTONE,
            change=stamp.seq,
            recorded_at=stamp.recorded_at,
            actor=told.actor,
            source=told.source,
            reason=told.reason,
        )

    def _supersession(self, view: View, edge: EdgeRow) -> SupersessionEdge:
        told = self._told.get(edge.stamp.seq, _NOBODY)
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
            actor=told.actor,
            source=told.source,
        )

    def _link(self, row: LinkRow) -> None:
        told = self._told.get(row.stamp.seq, _NOBODY)
        edge = LinkEdge(
            type=EdgeType(row.kind),
            change=row.stamp.seq,
            recorded_at=row.stamp.recorded_at,
            actor=told.actor,
            source=told.source,
        )
        self.graph.add_edge(row.source, row.target, f"{edge['type']}:{row.stamp.seq}", **edge)

    def _surroundings(self, tenant: str, key: str, memory: Memory) -> None:
        said, graph = memory.statement, self.graph
        assert said is not None, "it has a card"  # noqa: S101
        for anchor in said.anchors:
            graph.add_edge(key, self._anchor(tenant, anchor), f"{EdgeType.ABOUT}:{anchor.role}", **_about(anchor))
        for number, option in enumerate(said.alternatives, 1):
            data = AlternativeNode(
                type=NodeType.ALTERNATIVE,
                name=option.name,
                outcome=option.outcome,
                reason=option.reason,
                keys=option.keys,
            )
            node = self._free(f"{key}#{number}", data)
            graph.add_node(node, **data)
            considered = ConsideredEdge(type=EdgeType.CONSIDERED, outcome=option.outcome)
            graph.add_edge(key, node, EdgeType.CONSIDERED.value, **considered)

    def _anchor(self, tenant: str, anchor: Anchor) -> str:
        data = AnchorNode(type=NodeType.ANCHOR, kind=anchor.kind, name=anchor.name, repo=anchor.repo)
        node = self._free(anchor.node_id(tenant), data)
        if node not in self.graph:
            self.graph.add_node(node, **data)
        return node

    def _free(self, name: str, data: AnchorNode | AlternativeNode) -> str:
        """A node's name that is no other's: memories may be called anything."""
        while name in self.graph and self.graph.nodes[name] != data:
            name = f"~{name}"
        return name


def _about(anchor: Anchor) -> AboutEdge:
    return AboutEdge(type=EdgeType.ABOUT, role=anchor.role)


# ---- open contradictions


def _contests(desk: Desk, drawing: _Drawing, point: Point, reader: Scope) -> Iterator[tuple[str, str, ConflictEdge]]:
    """What `conflicts` answers, as edges from each leader: one look at the store, whatever there is."""
    groups = [*_by_subject(drawing), *_by_fork(drawing), *_by_link(drawing)]
    view = desk.view(reader, [key for _, _, ids in groups for key in ids], point.seq)
    for found_by, what, ids in groups:
        ruling = rule(view, ids, point.valid)
        if ruling is not None and ruling.contested:
            for other, why in ruling.contested:
                edge = ConflictEdge(type=EdgeType.CONFLICTS_WITH, found_by=found_by, what=what, rule=why)
                yield ruling.head, other, edge
        elif found_by != "subject":
            for other in ids[1:]:
                edge = ConflictEdge(type=EdgeType.CONFLICTS_WITH, found_by=found_by, what=what, rule="")
                yield ids[0], other, edge


_Group = tuple[str, str, tuple[str, ...]]


def _by_subject(drawing: _Drawing) -> Iterator[_Group]:
    homes: dict[tuple[str | None, ...], list[str]] = defaultdict(list)
    for key, shown in drawing.cards.items():
        subject, home = shown.statement.subject, shown.memory.scope
        if shown.state is State.HOLDS and subject is not None:
            homes[subject, home.repo, home.user, home.environment].append(key)
    for (name, *_), ids in homes.items():
        if len(ids) > 1 and name is not None:
            yield "subject", name, tuple(ids)


def _by_fork(drawing: _Drawing) -> Iterator[_Group]:
    for old in drawing.cards:
        # A successor of one's own beside a shared one is no fork.
        by_owner: dict[Scope | None, list[tuple[str, int]]] = defaultdict(list)
        for _, new, data in drawing.graph.out_edges(old, data=True):
            is_full = data["type"] is EdgeType.SUPERSEDED_BY and data["kind"] is not SupersessionKind.AMENDMENT
            if is_full and data["until"] is None:
                shown = drawing.cards.get(new)
                owner = None if shown is None else replace(shown.memory.scope, branch=None)
                by_owner[owner].append((new, data["change"]))
        for edges in by_owner.values():
            claims = tuple(dict.fromkeys(new for new, _ in edges if _holds(drawing, new)))
            if len({change for _, change in edges}) > 1 and len(claims) > 1:
                yield "fork", old, claims


def _by_link(drawing: _Drawing) -> Iterator[_Group]:
    pairs = {
        (min(one, other), max(one, other))
        for one, other, data in drawing.graph.edges(data=True)
        if data["type"] is EdgeType.CONFLICTS_WITH and _holds(drawing, one) and _holds(drawing, other)
    }
    for pair in sorted(pairs):
        yield "link", pair[0], pair


def _holds(drawing: _Drawing, key: str) -> bool:
    shown = drawing.cards.get(key)
    return shown is not None and shown.state is State.HOLDS
