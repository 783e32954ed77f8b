"""graphiti's pipeline over a memory in a file: which recipes work, and what extraction leaves behind."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest

from graphmem.answers import State
from graphmem.errors import InvalidInput, Unsupported
from graphmem.interop.graphiti import (
    FACT_TYPES,
    Outcome,
    accept,
    as_of,
    entity_uuid,
    graphiti_over,
    graphmem_driver,
    group_id,
    import_graphiti,
    local_model,
)
from graphmem.model import At, Origin, Scope, Status
from graphmem.opening import open_memory
from graphmem.service import GraphMemory
from graphmem.store import Filter
from tests.fake_embedder import FakeEmbedder
from tests.interop.model_stub import ModelStub, model_server
from tests.interop.story import OTHER, REPO, TENANT, UUID4, UUID7, day, tell
from tests.service.conftest import TickingClock

import_graphiti()

from graphiti_core import Graphiti  # noqa: E402 - telemetry is switched off first
from graphiti_core.nodes import EntityNode, EpisodeType  # noqa: E402
from graphiti_core.search import search_config_recipes  # noqa: E402
from graphiti_core.search.search_config import SearchConfig, SearchResults  # noqa: E402
from graphiti_core.search.search_filters import PropertyFilter, SearchFilters  # noqa: E402

NOW = day(28)
RECIPES = {name: one for name, one in vars(search_config_recipes).items() if isinstance(one, SearchConfig)}
#: Memories form no communities.
EMPTY = {name for name in RECIPES if name.startswith("COMMUNITY")}
Result = TypeVar("Result")


@pytest.fixture(scope="module")
def memory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GraphMemory]:
    clock, model = TickingClock(), FakeEmbedder()
    clock.pass_days(100)
    place = str(tmp_path_factory.mktemp("driver") / "memory.db")
    with open_memory(place, scope=REPO, actor="t", clock=clock, embedder=lambda: model, create=True) as memory:
        tell(memory)
        yield memory


@pytest.fixture
def graphiti(memory: GraphMemory) -> Graphiti:
    return graphiti_over(graphmem_driver(memory), memory)


def wait(work: Coroutine[Any, Any, Result]) -> Result:
    return asyncio.run(work)


def search(
    graphiti: Graphiti,
    query: str,
    recipe: str,
    where: SearchFilters | None = None,
    *,
    centre: str | None = None,
    groups: Sequence[str] | None = (group_id(REPO),),
) -> SearchResults:
    config = RECIPES[recipe].model_copy(deep=True)
    config.limit = 100
    # Else graphiti's MMR drops what is nearer to another result than to the query.
    config.reranker_min_score = -2.0 if "mmr" in repr(config) else config.reranker_min_score
    asked = None if groups is None else list(groups)
    return wait(graphiti.search_(query, config, asked, search_filter=where, center_node_uuid=centre))


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_every_recipe_of_graphiti_works(graphiti: Graphiti, name: str) -> None:
    found = search(graphiti, "primary keys", name, as_of(NOW), centre=_file(graphiti))
    assert bool(found.edges or found.nodes) is (name not in EMPTY)
    if found.edges:
        assert UUID7 in {edge.fact.splitlines()[0] for edge in found.edges[:4]}


def _file(graphiti: Graphiti) -> str:
    nodes = wait(EntityNode.get_by_group_ids(graphiti.driver, [group_id(REPO)]))
    return next(str(one.uuid) for one in nodes if one.name == "src/db.py")


@pytest.mark.parametrize("valid", [day(2), day(9), day(15), NOW])
def test_as_of_filters_find_what_holds_then(graphiti: Graphiti, memory: GraphMemory, valid: datetime) -> None:
    edges = search(graphiti, "project", "EDGE_HYBRID_SEARCH_RRF", as_of(valid, types=FACT_TYPES)).edges
    cards = memory.list(at=At(valid)).cards
    assert {edge.attributes["memory"] for edge in edges} == {one.id for one in cards if one.memory.scope.repo == "r"}


def test_belief_is_a_filter_too(graphiti: Graphiti, memory: GraphMemory) -> None:
    first = memory.changes()[0].recorded_at
    found = search(graphiti, "keys", "EDGE_HYBRID_SEARCH_RRF", as_of(NOW, known=first, types=FACT_TYPES))
    assert [edge.fact.splitlines()[0] for edge in found.edges] == [UUID4]


def test_nodes_beside_a_file_are_nearer(graphiti: Graphiti) -> None:
    found = search(graphiti, "project", "NODE_HYBRID_SEARCH_NODE_DISTANCE", centre=_file(graphiti))
    names = [node.name for node in found.nodes]
    assert set(names[:3]) == {UUID4, UUID7, "Test data of the project has serial keys"}


def test_a_reader_finds_only_what_it_may_see(memory: GraphMemory) -> None:
    for user in (None, "u1"):
        driver = graphmem_driver(memory, Scope(TENANT, "r", user))
        found = search(graphiti_over(driver, memory), "secret", "EDGE_HYBRID_SEARCH_RRF", groups=None)
        secrets = {edge.fact for edge in found.edges if "secret" in edge.fact}
        assert secrets == ({f"The project secret of {user}"} if user else set())


def test_a_node_of_somebody_else_is_not_found(graphiti: Graphiti, memory: GraphMemory) -> None:
    from graphiti_core.errors import NodeNotFoundError

    (key,) = [one.id for one in memory.list(scope=Scope(OTHER, "r")).cards]
    with pytest.raises(NodeNotFoundError):
        wait(EntityNode.get_by_uuid(graphiti.driver, entity_uuid(OTHER, key)))


def test_what_cannot_be_done_is_refused_with_the_reason(graphiti: Graphiti) -> None:
    where = SearchFilters(property_filters=[PropertyFilter(property_name="kind", comparison_operator="=")])
    with pytest.raises(Unsupported, match="property_filters"):
        search(graphiti, "keys", "EDGE_HYBRID_SEARCH_RRF", where)
    with pytest.raises(Unsupported, match="does not run Cypher"):
        wait(graphiti.driver.execute_query("MATCH (n) RETURN n"))
    node = EntityNode(name="Intruder", group_id=group_id(REPO))
    with pytest.raises(Unsupported, match="what it extracts goes to"):
        wait(node.save(graphiti.driver))
    with pytest.raises(Unsupported, match="no language model is configured"):
        _episode(graphiti, "anything")


# ---- extraction


@pytest.fixture
def stub() -> Iterator[ModelStub]:
    with model_server() as stub:
        yield stub


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[GraphMemory]:
    clock, model = TickingClock(), FakeEmbedder()
    clock.pass_days(100)
    place = str(tmp_path / "talk.db")
    with open_memory(place, scope=REPO, actor="t", clock=clock, embedder=lambda: model, create=True) as memory:
        yield memory


def hears(stub: ModelStub, fact: str, *, who: str = "billing service", what: str = "httpx") -> None:
    stub.answers["extracted_entities"] = [{"name": name, "entity_type_id": 0} for name in (who, what)]
    said = {"source_entity_name": who, "target_entity_name": what, "relation_type": "USES", "fact": fact}
    stub.answers["edges"] = [{**said, "valid_at": "2026-01-05T00:00:00Z", "invalid_at": None}]


def listening(talk: GraphMemory, stub: ModelStub) -> Graphiti:
    return graphiti_over(graphmem_driver(talk), talk, llm_client=local_model(stub.url, "stub"))


def _episode(graphiti: Graphiti, text: str) -> None:
    when, group = datetime(2026, 1, 6, tzinfo=UTC), graphiti.driver.drafts_group
    wait(graphiti.add_episode("standup", text, "chat", when, EpisodeType.message, group))


def test_what_is_extracted_arrives_as_a_proposal(talk: GraphMemory, stub: ModelStub) -> None:
    hears(stub, "The billing service uses httpx")
    graphiti = listening(talk, stub)
    _episode(graphiti, "billing: we are on httpx now")
    (proposal,) = graphiti.driver.proposals
    card = talk.get(proposal.memory)
    assert (proposal.outcome, card.state, card.holding) == (Outcome.PROPOSED, State.PROPOSED, ())
    said = card.memory.statement
    assert said is not None
    assert (said.title, said.subject) == ("The billing service uses httpx", "billing_service.uses")
    assert (said.origin, said.observed_at) == (Origin.CONVERSATION, day(4))
    assert talk.changes()[0].provenance.source == "standup (chat)"
    assert stub.asked


def test_it_is_heard_once(talk: GraphMemory, stub: ModelStub) -> None:
    hears(stub, "The billing service uses httpx")
    for _ in range(2):
        graphiti = listening(talk, stub)
        _episode(graphiti, "billing: we are on httpx now")
    (proposal,) = graphiti.driver.proposals
    assert proposal.outcome is Outcome.DROPPED
    assert talk.status().memories == 1


def test_what_a_model_calls_contradicted_goes_on_holding(talk: GraphMemory, stub: ModelStub) -> None:
    (held,) = talk.add("The billing service uses requests", start=day(0)).ids
    graphiti = listening(talk, stub)
    stub.answers["contradicted_facts"] = [0, 1, 2]
    hears(stub, "The billing service uses requests everywhere", what="requests")
    _episode(graphiti, "billing: requests everywhere")
    hears(stub, "The billing service uses httpx")
    _episode(graphiti, "billing: no, httpx")
    assert [card.id for card in talk.list().cards] == [held]
    assert [one.outcome for one in graphiti.driver.proposals] == [Outcome.PROPOSED] * 2
    waiting = talk.list(Filter(statuses=(Status.PROPOSED,))).cards
    assert {card.id for card in waiting} == {one.memory for one in graphiti.driver.proposals}


def test_an_accepted_proposal_takes_over_from_what_held_alone(talk: GraphMemory, stub: ModelStub) -> None:
    graphiti = listening(talk, stub)
    hears(stub, "The billing service uses requests", what="requests")
    _episode(graphiti, "billing: requests")
    (first,) = graphiti.driver.proposals
    old = accept(talk, first.memory)[0].ids[-1]
    stub.answers["edges"] = []
    hears(stub, "The billing service uses httpx")
    stub.answers["edges"][0]["valid_at"] = "2026-01-20T00:00:00Z"
    _episode(graphiti, "billing: httpx from the 20th")
    second = graphiti.driver.proposals[-1]
    assert second.over == (old,)
    assert talk.list(at=At(day(25))).cards[0].id == old
    new = accept(talk, second.memory)[0].ids[-1]
    held = [[card.id for card in talk.list(at=At(at)).cards] for at in (day(10), day(25))]
    assert held == [[old], [new]]


def test_a_rejected_proposal_is_not_made_again(talk: GraphMemory, stub: ModelStub) -> None:
    hears(stub, "The billing service uses httpx")
    graphiti = listening(talk, stub)
    _episode(graphiti, "billing: httpx")
    (proposal,) = graphiti.driver.proposals
    talk.transition(proposal.memory, Status.REJECTED, at=day(6))
    again = listening(talk, stub)
    _episode(again, "billing: httpx")
    assert [one.outcome for one in again.driver.proposals] == [Outcome.DROPPED]
    with pytest.raises(InvalidInput, match="is not a proposal"):
        accept(talk, proposal.memory)
