"""The graph of a whole memory shows what the reading verbs tell, from every store, and costs a look at each chunk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from graphmem.adapters.sqlite import SQLiteStore
from graphmem.answers import Step
from graphmem.instants import to_micros
from graphmem.model import (
    Alternative,
    Anchor,
    AnchorKind,
    At,
    Kind,
    LinkKind,
    Move,
    Outcome,
    ReadMainline,
    Scope,
    Statement,
    Status,
)
from graphmem.repository.mainline_rows import MainlineRows, PathOrigin, SegmentRow, packed
from graphmem.service import GraphMemory, New, ServiceContext, Write
from graphmem.service.attributes import EdgeType, NodeType
from graphmem.store import Filter, Page, Store
from tests.fake_embedder import no_embedder
from tests.oracle import OracleStore
from tests.service.conftest import REPO, TickingClock, day
from tests.service.played import READERS, Player

if TYPE_CHECKING:
    from graphmem.service.networkx_graph import Network

FILE = Anchor(AnchorKind.FILE, "src/db.py", "r", "decided in")
SAID = Statement(
    title="The database is PostgreSQL",
    kind=Kind.DECISION,
    subject="stack.database",
    aliases=("ADR-2",),
    anchors=(FILE,),
    alternatives=(Alternative("MySQL", Outcome.REJECTED, "no partial indexes", ("pkg:pypi/pymysql",)),),
)


def optioned(title: str, outcome: Outcome) -> Statement:
    option = Alternative("Redis", outcome, keys=("pkg:pypi/redis",))
    return Statement(title=title, kind=Kind.DECISION, alternatives=(option,))


def of_type(graph: Network, sort: NodeType) -> dict[str, Any]:
    return {key: data for key, data in graph.nodes(data=True) if data["type"] is sort}


def edges_of(graph: Network, sort: EdgeType) -> Iterator[tuple[str, str, dict[str, Any]]]:
    return ((one, other, data) for one, other, data in graph.edges(data=True) if data["type"] is sort)


def written(graph: Network) -> tuple[object, ...]:
    """All of a graph, to be compared: order does not count."""
    nodes, edges = sorted(graph.nodes(data=True)), sorted(graph.edges(keys=True, data=True), key=lambda one: one[:3])
    return nodes, edges, graph.graph


def test_it_shows_a_memory_with_what_is_around_it(memory: GraphMemory) -> None:
    key = memory.add(SAID, start=day(2), write=Write(source="commit 1", reason="load")).ids[0]
    graph = memory.to_networkx(at=At(day(9)))
    node = graph.nodes[key]
    told = {name: node[name] for name in ("title", "kind", "subject", "aliases", "holds", "actor", "source", "reason")}
    assert told == {
        "title": SAID.title,
        "kind": Kind.DECISION,
        "subject": "stack.database",
        "aliases": ("ADR-2",),
        "holds": True,
        "actor": "tester",
        "source": "commit 1",
        "reason": "load",
    }
    (anchor,), (option,) = of_type(graph, NodeType.ANCHOR).values(), of_type(graph, NodeType.ALTERNATIVE).values()
    assert (anchor["kind"], anchor["name"], anchor["repo"]) == ("file", "src/db.py", "r")
    assert (option["name"], option["outcome"], option["keys"]) == ("MySQL", "rejected", ("pkg:pypi/pymysql",))
    assert [data["role"] for _, _, data in edges_of(graph, EdgeType.ABOUT)] == ["decided in"]
    assert graph.graph == {"as_of": day(9), "known_at": 1, "scope": REPO}


def test_it_is_of_one_point(memory: GraphMemory) -> None:
    old = memory.add("The database is MySQL", start=day(1)).ids[0]
    new = memory.supersede(old, "The database is PostgreSQL", at=day(5)).ids[1]
    before, after, unknown = (memory.to_networkx(at=at) for at in (At(day(3)), At(day(7)), At(day(7), 1)))
    assert [before.nodes[key]["holds"] for key in (old, new)] == [True, False]
    assert [after.nodes[key]["holds"] for key in (old, new)] == [False, True]
    assert (new in unknown, unknown.nodes[old]["holds"]) == (False, True)
    ((one, other, edge),) = edges_of(after, EdgeType.SUPERSEDED_BY)
    assert (one, other, edge["at"], edge["covers"][0].start) == (old, new, day(5), day(5))


def test_it_shows_what_the_verbs_tell(embedded: GraphMemory) -> None:
    memory = embedded
    Player(memory, 3).play(80)
    last = memory.status().changes
    for reader, known in [*((one, last) for one in READERS[:4]), (REPO, last // 2)]:
        at = At(day(20), known)
        graph = memory.to_networkx(at=at, scope=reader)
        listed = memory.list(Filter(include_history=True), at=at, scope=reader, page=Page(200)).cards
        nodes = of_type(graph, NodeType.MEMORY)
        assert {one.id: (one.state, one.holding, one.confidence) for one in listed} == {
            key: (data["state"], data["holding"], data["confidence"]) for key, data in nodes.items()
        }
        assert conflicts_of(graph) == told_conflicts(memory, at, reader)
        for key in list(nodes)[:6]:
            told = memory.history(key, at=at, scope=reader)
            drawn = [(new, data["change"]) for one, new, data in edges_of(graph, EdgeType.SUPERSEDED_BY) if one == key]
            steps: set[Step] = {*told.successors, *told.amendments}
            assert sorted(drawn) == sorted((one.memory.id, one.change) for one in steps)
            assert told.moves == nodes[key]["moves"]
            related = memory.explain(key, at=at, scope=reader).related
            links = [(new, data["type"]) for _, new, data in graph.out_edges(key, data=True) if is_link(data)]
            assert sorted(links) == sorted((one.memory.id, one.kind) for one in related if one.is_outgoing)


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[GraphMemory]:
    """A memory on SQLite: that all stores give one graph is a test of its own."""
    store = SQLiteStore.open(tmp_path / "memory.db", create=True)
    context = ServiceContext(store, scope=REPO, actor="", clock=TickingClock(), embedder=no_embedder)
    with GraphMemory(context) as memory:
        yield memory


def is_link(data: dict[str, Any]) -> bool:
    return data["type"] in set(LinkKind) and "change" in data


def conflicts_of(graph: Network) -> set[tuple[str, str, str, str]]:
    found = edges_of(graph, EdgeType.CONFLICTS_WITH)
    return {(data["found_by"], one, other, data["rule"]) for one, other, data in found if "found_by" in data}


def told_conflicts(memory: GraphMemory, at: At, reader: Scope) -> set[tuple[str, str, str, str]]:
    graph = memory.to_networkx(at=at, scope=reader)
    rules = {
        (data["found_by"], one, other): data["rule"] for one, other, data in graph.edges(data=True) if "rule" in data
    }
    return {
        (one.found_by, one.claims[0].id, other.id, rules.get((one.found_by, one.claims[0].id, other.id), one.rule))
        for one in memory.conflicts(at=at, scope=reader).conflicts
        for other in one.claims[1:]
    }


def test_every_store_gives_one_graph(memory: GraphMemory, store: Store) -> None:
    Player(memory, 11).play(60)
    other = OracleStore()
    other.restore(list(store.export(REPO)), tenant=REPO.tenant)
    asked = GraphMemory(ServiceContext(other, scope=REPO, actor="", clock=lambda: day(20), embedder=no_embedder))
    at = At(day(20))
    for reader in READERS[:3]:
        assert written(memory.to_networkx(at=at, scope=reader)) == written(asked.to_networkx(at=at, scope=reader))


def test_of_what_was_erased_its_place_in_a_chain_stays(memory: GraphMemory) -> None:
    first = memory.add("words one", start=day(1)).ids[0]
    second = memory.supersede(first, "secret words", at=day(2)).ids[1]
    third = memory.supersede(second, "words three", at=day(3)).ids[1]
    alone = memory.add("secret note").ids[0]
    for key in (second, alone):
        memory.erase(key)
    graph = memory.to_networkx()
    assert "secret" not in repr(written(graph))
    assert list(of_type(graph, NodeType.TOMBSTONE)) == [second]
    assert {(one, other) for one, other, _ in edges_of(graph, EdgeType.SUPERSEDED_BY)} == {
        (first, second),
        (second, third),
    }


def test_renames_between_the_files_of_memories_are_edges(memory: GraphMemory, store: Store) -> None:
    first = about_path(memory, "src/web.py", None)
    same = about_path(memory, "src/web.py", "r")
    new = about_path(memory, "web/app.py", "r")
    about_path(memory, "lib/web.py", "s")
    seq = memory.record_reading(MOVED, write=Write(scope=Scope(repo="r"))).change.seq
    graph = memory.to_networkx()
    edges = {(old, to): data for old, to, data in edges_of(graph, EdgeType.RENAMED_TO)}
    assert set(edges) == {(first, new), (same, new)}
    assert edges[first, new] == {
        "type": EdgeType.RENAMED_TO,
        "at": day(3),
        "commit": "2" * 40,
        "similarity": 91,
        "lineage": 0,
    }
    assert list(edges_of(memory.to_networkx(at=At(known_at=seq - 1)), EdgeType.RENAMED_TO)) == []
    assert list(edges_of(memory.to_networkx(scope=Scope(repo="s")), EdgeType.RENAMED_TO)) == []
    other = OracleStore()
    other.restore(list(store.export(REPO)), tenant=REPO.tenant)
    asked = GraphMemory(ServiceContext(other, scope=REPO, actor="", clock=lambda: day(20), embedder=no_embedder))
    at = At(day(20))
    assert written(memory.to_networkx(at=at)) == written(asked.to_networkx(at=at))


#: `src/web.py` becomes `web/app.py` and then `lib/web.py`.
MOVED = ReadMainline(
    "HEAD",
    "3" * 40,
    3,
    0,
    packed(
        MainlineRows(
            shas=("1" * 40, "2" * 40, "3" * 40),
            times_us=tuple(to_micros(day(number)) for number in (2, 3, 4)),
            segments=(
                SegmentRow(0, 0, "src/web.py", 0, 1, PathOrigin.ADDED, None, None),
                SegmentRow(1, 0, "web/app.py", 1, 2, PathOrigin.RENAMED, 91, 0),
                SegmentRow(2, 0, "lib/web.py", 2, None, PathOrigin.RENAMED, 90, 1),
            ),
            segment_count=3,
        )
    ),
)


def about_path(memory: GraphMemory, path: str, repo: str | None) -> str:
    """Record a memory about a path; returns the id of the path's node."""
    anchor = Anchor(AnchorKind.FILE, path, repo)
    memory.add(Statement(title=f"The rule of {path} in {repo}", anchors=(anchor,)), start=day(1), on_similar=None)
    return anchor.node_id(REPO.tenant)


def test_what_was_undone_is_not_drawn(memory: GraphMemory) -> None:
    one, other = (memory.add(text, start=day(1)).ids[0] for text in ("words one", "other words"))
    done = [memory.link(one, other, LinkKind.REFINES), memory.supersede(one, other, at=day(2))]
    for each in done:
        memory.revoke(each.change.seq)
    assert list(memory.to_networkx().edges) == []


def test_a_memory_may_be_called_like_an_anchor(memory: GraphMemory) -> None:
    name = FILE.node_id(REPO.tenant)
    memory.add_many([New(statement=SAID, id=name, moves=(Move(Status.ACTIVE, day(1)),))])
    graph = memory.to_networkx()
    assert graph.nodes[name]["title"] == SAID.title
    assert [data["name"] for data in of_type(graph, NodeType.ANCHOR).values()] == ["src/db.py"]


def test_the_store_is_asked_by_the_chunk_and_progress_is_told(
    embedded: GraphMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    for name in ("rows", "select", "changes", "match", "neighbours", "contested_subjects", "position"):
        monkeypatch.setattr(SQLiteStore, name, counted(asked, getattr(SQLiteStore, name)))
    said = (Statement(title=f"Rule {number}", subject=f"s{number % 700}") for number in range(1_200))
    embedded.add_many([New(statement=one, moves=(Move(Status.ACTIVE, day(1)),)) for one in said])
    asked.clear()
    told: list[tuple[int, int]] = []
    graph = embedded.to_networkx(progress=lambda done, total: told.append((done, total)))
    assert (graph.number_of_nodes(), told[-1]) == (1_200, (1_200, 1_200))
    assert sum(1 for _ in edges_of(graph, EdgeType.CONFLICTS_WITH)) == 500
    assert len(asked) < 20


def counted(asked: list[str], method: Callable[..., object]) -> Callable[..., object]:
    def ask(*given: object, **named: object) -> object:
        asked.append(method.__name__)
        return method(*given, **named)

    return ask


@pytest.mark.parametrize(
    ("first", "second", "found_by"),
    [
        (optioned("Queue on Redis", Outcome.CHOSEN), optioned("No Redis", Outcome.REJECTED), "option"),
        (Statement(title="Commit generated files"), Statement(title="Never commit generated files"), "negation"),
        (Statement(title="Logs are kept for 30 days"), Statement(title="Logs are kept for 90 days"), "value"),
    ],
)
def test_statements_that_contradict_each_other_have_an_edge(
    memory: GraphMemory, first: Statement, second: Statement, found_by: str
) -> None:
    memory.add_many([New(statement=first, id="a"), New(statement=second, id="b")])
    graph = memory.to_networkx()
    ((_, _, edge),) = [found for found in edges_of(graph, EdgeType.CONFLICTS_WITH) if "found_by" in found[2]]
    assert edge["found_by"] == found_by
    assert conflicts_of(graph) == told_conflicts(memory, At(), REPO)
    memory.supersede("a", "b")
    assert conflicts_of(memory.to_networkx()) == set()
