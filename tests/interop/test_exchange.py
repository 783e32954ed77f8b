"""What other programs read is the whole graph, whatever its texts: networkx reads GraphML, a Neo4j runs Cypher."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import networkx as nx
import pytest

from graphmem.interop.cypher import cypher_lines
from graphmem.interop.flat_attributes import flat
from graphmem.interop.graphml import graphml_lines
from graphmem.model import Alternative, Anchor, AnchorKind, At, Kind, LinkKind, Outcome, Scope, Statement
from graphmem.service import GraphMemory, ServiceContext
from tests.fake_embedder import no_embedder
from tests.oracle import OracleStore
from tests.servers import Access
from tests.service.conftest import REPO, TickingClock, day
from tests.torture.test_hostile_text import HOSTILE

if TYPE_CHECKING:
    from graphmem.service.networkx_graph import Network

LOOKS_LIKE_CODE = {
    **{name: text for name, text in HOSTILE.items() if name != "lone surrogate"},
    "ends the string": "'}) DETACH DELETE n; MATCH (n) //",
    "escaped quote": "\\' \\\\' \\",
    "numbered quote": "\\u0027}) DETACH DELETE n; //",
    "numbered quote after backslashes": "\\\\u0027 \\\\\\u0027 \\U0027",
    "all of it": "a\tb\nc\rd\be\ff;\u0085\u2028`${x}$$",
}


@pytest.fixture(scope="module")
def graph() -> Network:
    """Every sort of node and edge, and texts that are code to somebody in every field."""
    store = OracleStore()
    context = ServiceContext(store, scope=REPO, actor="it's me", clock=TickingClock(), embedder=no_embedder)
    memory = GraphMemory(context)
    keys = [memory.add(said, start=day(1)).ids[0] for said in map(hostile, LOOKS_LIKE_CODE)]
    memory.link(keys[0], keys[1], LinkKind.DEPENDS_ON)
    memory.link(keys[1], keys[2], LinkKind.CONFLICTS_WITH)
    memory.amend(keys[3], "in part", "a 'part'", at=day(2))
    middle = memory.supersede(keys[4], "to be erased", at=day(3)).ids[1]
    memory.supersede(middle, "the last", at=day(4), until=day(20))
    memory.erase(middle)
    return memory.to_networkx(at=At(day(9)))


def hostile(name: str) -> Statement:
    text = LOOKS_LIKE_CODE[name]
    return Statement(
        title=f"{name} {text}",
        kind=Kind.DECISION,
        body=text,
        subject="one for all",
        aliases=(text, "plain"),
        observed_at=datetime(2020, 2, 29, 12, 30, 0, 5, tzinfo=UTC),
        anchors=(Anchor(AnchorKind.FILE, "src/it's.py", "r"),),
        alternatives=(Alternative(text, Outcome.REJECTED, text),),
    )


def test_networkx_reads_the_graphml_again(graph: Network) -> None:
    text = "\n".join(graphml_lines(graph))
    again = nx.read_graphml(io.BytesIO(text.encode()), force_multigraph=True)
    assert (again.number_of_nodes(), again.number_of_edges()) == (graph.number_of_nodes(), graph.number_of_edges())
    assert set(again.nodes) == set(graph.nodes)
    for key, data in graph.nodes(data=True):
        told, wanted = again.nodes[key], flat(data)
        assert told.keys() == wanted.keys()
        for name, value in wanted.items():
            if isinstance(value, bool | int | float):
                assert (told[name], type(told[name])) == (value, type(value))
            elif isinstance(value, str) and value.isprintable():
                assert told[name] == value
    kinds = sorted((one, other, str(data["type"])) for one, other, data in graph.edges(data=True))
    assert sorted((one, other, data["type"]) for one, other, data in again.edges(data=True)) == kinds


def test_times_and_lists_are_texts_in_graphml(graph: Network) -> None:
    again = nx.read_graphml(io.BytesIO("\n".join(graphml_lines(graph)).encode()))
    (node,) = (data for _, data in again.nodes(data=True) if data.get("title", "").startswith("sql '"))
    told = {name: node[name] for name in ("observed_at", "valid_from", "holding", "moves", "holds")}
    assert told == {
        "observed_at": "2020-02-29T12:30:00.000005Z",
        "valid_from": "2026-01-01T00:00:00Z",
        "holding": "2026-01-01T00:00:00Z/..",
        "moves": "2026-01-01T00:00:00Z active (active)",
        "holds": True,
    }
    assert again.graph["as_of"] == "2026-01-09T00:00:00Z"


def test_every_statement_is_one_line_without_control_characters(graph: Network) -> None:
    lines = list(cypher_lines(graph))
    assert len(lines) == 1 + graph.number_of_nodes() + graph.number_of_edges()
    assert all(line.endswith(";") and not any(ord(letter) < 32 for letter in line) for line in lines)


_NODES = "MATCH (n:Exported) RETURN n.id AS id, labels(n) AS labels, properties(n) AS told"
_EDGES = (
    "MATCH (a:Exported)-[r]->(b:Exported) RETURN a.id AS one, b.id AS other, type(r) AS type, properties(r) AS told"
)


def test_a_neo4j_server_runs_the_script(graph: Network, calendar: Access) -> None:
    calendar.wipe()
    with calendar.driver() as driver, driver.session() as session:
        for line in [*cypher_lines(graph), *cypher_lines(graph)][: -graph.number_of_edges() // 2]:
            session.run(line).consume()
        nodes, edges = session.run(_NODES).data(), session.run(_EDGES).data()
        session.run("DROP CONSTRAINT graphmem_exported").consume()
    calendar.wipe()
    assert len(nodes) == graph.number_of_nodes()
    assert len(edges) == graph.number_of_edges()
    assert {label for row in nodes for label in row["labels"]} == {
        "Exported", "Decision", "File", "Alternative", "Tombstone",
    }  # fmt: skip
    for row in nodes:
        assert as_told(row["told"]) == {"id": row["id"], **flat(graph.nodes[row["id"]])}
    drawn = {(one, other, key): flat(data) for one, other, key, data in graph.edges(keys=True, data=True)}
    assert {(row["one"], row["other"], row["told"]["key"]) for row in edges} == drawn.keys()
    for row in edges:
        told = as_told(row["told"])
        assert drawn[row["one"], row["other"], str(told.pop("key"))] == told
        assert row["type"].lower() == told["type"]


def as_told(properties: dict[str, object]) -> dict[str, object]:
    """Properties with times as Python has them."""
    return {name: one.to_native() if hasattr(one, "to_native") else one for name, one in properties.items()}


def test_an_empty_memory_makes_an_empty_graph() -> None:
    context = ServiceContext(OracleStore(), scope=Scope(), actor="", clock=TickingClock(), embedder=no_embedder)
    graph = GraphMemory(context).to_networkx()
    assert nx.read_graphml(io.BytesIO("\n".join(graphml_lines(graph)).encode())).number_of_nodes() == 0
    assert len(list(cypher_lines(graph))) == 1
