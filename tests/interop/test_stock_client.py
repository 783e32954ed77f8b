"""graphiti's own client reads our Neo4j: the same memories, intervals and groups, and never a language model."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import datetime

import pytest

from graphmem.config import Settings
from graphmem.interop.graphiti import entity_uuid, graphiti_over, graphmem_driver, group_id, import_graphiti
from graphmem.model import Anchor, AnchorKind, At, Scope, Statement
from graphmem.opening import open_memory, open_projector, open_schema
from graphmem.service import GraphMemory
from graphmem.store import Page
from tests.fake_embedder import FakeEmbedder
from tests.interop.stock import Stock, connected, standing
from tests.interop.story import HOMES, OTHER, REPO, TENANT, UNSHOWN, UUID4, UUID7, day, tell
from tests.servers import Access
from tests.service.conftest import TickingClock

import_graphiti()

from graphiti_core.edges import EntityEdge  # noqa: E402 - telemetry is switched off first
from graphiti_core.errors import NodeNotFoundError  # noqa: E402 - telemetry is switched off first
from graphiti_core.nodes import EntityNode  # noqa: E402
from graphiti_core.search.search_config import (  # noqa: E402
    EdgeReranker,
    EdgeSearchConfig,
    EdgeSearchMethod,
    NodeSearchConfig,
    NodeSearchMethod,
    SearchConfig,
)
from graphiti_core.search.search_config_recipes import (  # noqa: E402
    COMBINED_HYBRID_SEARCH_RRF,
    EDGE_HYBRID_SEARCH_MMR,
    EDGE_HYBRID_SEARCH_RRF,
    NODE_HYBRID_SEARCH_RRF,
)
from graphiti_core.search.search_filters import SearchFilters  # noqa: E402

#: The first statements of each kind on a young server take it long.
pytestmark = pytest.mark.timeout(300)

WORDS = SearchConfig(
    edge_config=EdgeSearchConfig(search_methods=[EdgeSearchMethod.bm25], reranker=EdgeReranker.rrf), limit=200
)
ALL = Page(limit=1000)
NOW = day(28)


@pytest.fixture(scope="module")
def server(bare_neo4j: Access) -> Iterator[Access]:
    """The shared server without any schema but graphmem's, given back as it was."""
    bare_neo4j.wipe_schema()
    yield bare_neo4j
    bare_neo4j.wipe_schema()


@pytest.fixture(scope="module")
def told_lines(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """The story's ledgers by tenant, as a file of its own exports them."""
    with opened(str(tmp_path_factory.mktemp("story") / "told.db")) as memory:
        tell(memory)
        return {tenant: list(memory.export(scope=Scope(tenant))) for tenant in (TENANT, OTHER, UNSHOWN)}


@pytest.fixture(scope="module")
def memory(server: Access, told_lines: dict[str, list[str]]) -> Iterator[GraphMemory]:
    """A project told from beginning to end, then shown as `graphmem graphiti on` does it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRAPHMEM_NEO4J_USER", server.user)
        patch.setenv("GRAPHMEM_NEO4J_PASSWORD", server.password or "")
        with opened(server.url) as memory:
            for tenant, lines in told_lines.items():
                memory.restore(lines, scope=Scope(tenant))
            with open_projector(server.url, settings(server)) as projector:
                for tenant in (TENANT, OTHER):
                    projector.switch_on(tenant)
            yield memory


def opened(url: str) -> GraphMemory:
    clock, model = TickingClock(), FakeEmbedder()
    clock.pass_days(100)
    return open_memory(url, scope=REPO, actor="t", clock=clock, embedder=lambda: model, create=True)


def settings(server: Access) -> Settings:
    return Settings(neo4j_user=server.user, neo4j_password=server.password)


@pytest.fixture(scope="module")
def stock(server: Access, memory: GraphMemory) -> Iterator[Stock]:
    assert memory.status().memories
    with connected(server, {"keys": FakeEmbedder().embed(["keys"])[0].tolist()}) as client:
        yield client


def found(stock: Stock, home: Scope, valid: datetime, known: datetime | None = None) -> set[str]:
    """Memories whose statement is found by a word that all have, by graphiti's own fields."""
    return {edge.attributes["memory"] for edge in stock.facts("project", group_id(home), WORDS, standing(valid, known))}


def told(memory: GraphMemory, at: At, home: Scope) -> set[str]:
    cards = memory.list(at=at, scope=home, page=ALL).cards
    return {card.id for card in cards if replace(card.memory.scope, branch=None) == home}


@pytest.mark.parametrize("home", HOMES, ids=group_id)
def test_it_finds_what_holds_at_every_instant(stock: Stock, memory: GraphMemory, home: Scope) -> None:
    for valid in (day(0), day(2), day(9), day(15), NOW):
        assert found(stock, home, valid) == told(memory, At(valid), home), valid


def test_it_finds_what_was_believed_at_every_position(stock: Stock, memory: GraphMemory) -> None:
    for change in memory.changes(scope=REPO):
        known = change.recorded_at
        for valid in (day(9), NOW):
            assert found(stock, REPO, valid, known) == told(memory, At(valid, known), REPO), (change.seq, valid)


def test_two_clients_ask_for_now_and_for_then_at_once(server: Access, stock: Stock, memory: GraphMemory) -> None:
    with connected(server) as other:
        now = {edge.fact.splitlines()[0] for edge in stock.facts("keys", group_id(REPO), WORDS, standing(NOW))}
        then = {edge.fact.splitlines()[0] for edge in other.facts("keys", group_id(REPO), WORDS, standing(day(2)))}
    assert (UUID7 in now, UUID4 in now) == (True, False)
    assert (UUID7 in then, UUID4 in then) == (False, True)
    assert memory.search("keys", at=At(day(2))).hits[0].card.title == UUID4


def test_intervals_and_words_are_those_of_the_memory(stock: Stock, memory: GraphMemory) -> None:
    (edge,) = [one for one in stock.facts("UUIDv4", group_id(REPO), WORDS, standing(day(2))) if UUID4 in one.fact]
    card = memory.get(edge.attributes["memory"])
    assert [(edge.valid_at, edge.invalid_at)] == [(one.start, one.end) for one in card.holding]
    assert (edge.name, edge.group_id, edge.expired_at) == ("DECISION", group_id(REPO), None)
    assert edge.fact == f"{UUID4}\nThey need no coordination."


def test_a_memory_is_read_back_by_its_uuid(stock: Stock, memory: GraphMemory) -> None:
    (hit, *_) = memory.search(UUID7).hits
    node = stock.wait(EntityNode.get_by_uuid(stock.graphiti.driver, entity_uuid(TENANT, hit.card.id)))
    assert (node.name, node.group_id, node.attributes["memory"]) == (UUID7, group_id(REPO), hit.card.id)
    assert (node.attributes["kind"], node.attributes["is_believed"]) == ("decision", True)


@pytest.mark.parametrize("recipe", [EDGE_HYBRID_SEARCH_RRF, EDGE_HYBRID_SEARCH_MMR, COMBINED_HYBRID_SEARCH_RRF])
def test_its_recipes_find_the_fact_first(stock: Stock, recipe: SearchConfig) -> None:
    edges = stock.facts("keys", group_id(REPO), recipe.model_copy(deep=True), standing(NOW))
    assert UUID7 in {edge.fact.splitlines()[0] for edge in edges[:3]}


def test_its_node_recipes_find_the_memory(stock: Stock) -> None:
    recipe = NODE_HYBRID_SEARCH_RRF.model_copy(deep=True)
    nodes = stock.wait(stock.graphiti.search_("keys", config=recipe, group_ids=[group_id(REPO)])).nodes
    assert {UUID4, UUID7} <= {node.name for node in nodes}


def test_it_walks_from_a_file_to_what_is_decided_about_it(stock: Stock) -> None:
    walk = SearchConfig(node_config=NodeSearchConfig(search_methods=[NodeSearchMethod.bfs]), limit=50)
    (node,) = [
        one
        for one in stock.wait(EntityNode.get_by_group_ids(stock.graphiti.driver, [group_id(REPO)]))
        if one.name == "src/db.py"
    ]
    work = stock.graphiti.search_("x", config=walk, group_ids=[group_id(REPO)], bfs_origin_node_uuids=[node.uuid])
    assert node.attributes["kind"] == "file"
    assert stock.wait(work).nodes == []  # edges lead from memories to what they are about
    (edge,) = stock.facts("keys", group_id(REPO), WORDS, _into(node.uuid))
    assert edge.attributes["memory"]


def _into(uuid: str) -> SearchFilters:
    where = standing(NOW)
    where.edge_target_node_uuids = [uuid]
    return where


def test_the_chain_is_an_edge_between_memories(stock: Stock) -> None:
    where = standing(NOW, types=["SUPERSEDED_BY"])
    facts = [edge.fact for edge in stock.facts("keys", group_id(REPO), WORDS, where)]
    assert facts == [f"{UUID4} was superseded by {UUID7}"]


def test_nobody_finds_what_is_anothers(stock: Stock) -> None:
    secrets = {Scope(TENANT, "r", "u1"): "u1", Scope(TENANT, "r", "u2"): "u2", Scope(OTHER, "r"): "other"}
    for home in HOMES:
        facts = stock.facts("secret", group_id(home), WORDS, SearchFilters())
        assert {edge.fact for edge in facts} == (
            {f"The project secret of {secrets[home]}"} if home in secrets else set()
        )


def test_erased_words_are_nowhere_in_it(server: Access, memory: GraphMemory, stock: Stock) -> None:
    said = Statement(title="The project password is hunter2", anchors=(Anchor(AnchorKind.FILE, "hunter2.txt", "r"),))
    (key,) = memory.add(said, start=day(1)).ids
    memory.supersede(key, Statement(title="The project has no password"), at=day(5))
    assert stock.facts("hunter2", group_id(REPO), WORDS, SearchFilters())
    memory.erase(key)
    with server.driver() as driver:
        everything = driver.execute_query("MATCH (e:Entity) OPTIONAL MATCH (e)-[r]->() RETURN e, r").records
    assert "hunter2" not in str([(dict(one["e"]), dict(one["r"] or {})) for one in everything])
    with pytest.raises(NodeNotFoundError):
        stock.wait(EntityNode.get_by_uuid(stock.graphiti.driver, entity_uuid(TENANT, key)))


def test_several_processes_at_once_show_everything_once(server: Access, memory: GraphMemory, stock: Stock) -> None:
    def add(where: GraphMemory, number: int) -> str:
        return where.add(f"The project of process {number}", start=day(1)).ids[0]

    with opened(server.url) as other, ThreadPoolExecutor(4) as pool:
        added = set(pool.map(add, [memory, other] * 3, range(6)))
    assert added <= found(stock, REPO, NOW)
    with open_projector(server.url, settings(server)) as projector:
        status = projector.status(TENANT)
    assert (status.is_on, status.position) == (True, memory.status().changes)


def test_the_driver_over_the_same_memory_gives_the_very_edges(stock: Stock, memory: GraphMemory) -> None:
    ours = graphiti_over(graphmem_driver(memory), memory)
    for valid in (day(2), NOW):
        work = ours.search_("project", WORDS, [group_id(REPO)], search_filter=standing(valid))
        theirs = stock.facts("project", group_id(REPO), WORDS, standing(valid))
        assert _described(asyncio.run(work).edges) == _described(theirs)


def _described(edges: list[EntityEdge]) -> dict[str, list[object]]:
    dates = ("created_at", "expired_at", "valid_at", "invalid_at")
    fields = ("source_node_uuid", "target_node_uuid", "name", "fact", "group_id", "attributes", *dates)
    return {one.uuid: [getattr(one, field) for field in fields] for one in edges}


def test_the_native_store_does_not_notice(
    server: Access, memory: GraphMemory, told_lines: dict[str, list[str]]
) -> None:
    assert memory.check() == []
    assert list(memory.export(scope=Scope(OTHER))) == told_lines[OTHER]
    assert memory.status(scope=Scope(OTHER)).memories == 1
    with closing(open_schema(server.url, settings(server))) as schema:
        assert [one for one in schema.diff() if "graphmem" in one.name] == []


def test_rebuilding_changes_nothing(server: Access, memory: GraphMemory) -> None:
    assert memory.status().memories
    before = _everything(server)
    with open_projector(server.url, settings(server)) as projector:
        projector.rebuild(TENANT)
    assert _everything(server) == before


def _everything(server: Access) -> list[str]:
    query = "MATCH (e:Entity) OPTIONAL MATCH (e)-[r:RELATES_TO]->() RETURN properties(e) AS e, properties(r) AS r"
    with server.driver() as driver:
        return sorted(
            str(sorted(one["e"].items()) + sorted((one["r"] or {}).items()))
            for one in driver.execute_query(query).records
        )


def test_a_tenant_that_is_not_on_shows_nothing(stock: Stock) -> None:
    assert stock.facts("project", group_id(Scope(UNSHOWN)), WORDS, SearchFilters()) == []
