"""What extraction gives becomes proposals, and accepting one changes all of what it should or nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from graphmem.errors import Conflict, InvalidInput
from graphmem.interop.graphiti import accept, graph, graphmem_driver, import_graphiti
from graphmem.interop.graphiti.graph import MemoryGraph
from graphmem.interop.graphiti.proposing import Extracted, propose
from graphmem.model import MAX_NAME_CHARS, Anchor, AnchorKind, At, Origin, Statement
from graphmem.opening import open_memory
from graphmem.projection.drawing import anchors_of
from graphmem.service import GraphMemory, Write
from graphmem.service.memory import desk_of
from tests.fake_embedder import FakeEmbedder
from tests.interop.story import REPO, day
from tests.service.conftest import TickingClock


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[GraphMemory]:
    clock, model = TickingClock(), FakeEmbedder()
    clock.pass_days(100)
    place = str(tmp_path / "memory.db")
    with open_memory(place, scope=REPO, actor="t", clock=clock, embedder=lambda: model, create=True) as memory:
        yield memory


def extracted(library: str, since: datetime) -> Extracted:
    return Extracted("billing", "USES", library, f"Billing uses {library} for calls", since)


def proposed(memory: GraphMemory, library: str, since: datetime) -> str:
    return propose(memory, extracted(library, since), scope=REPO).memory


def held(memory: GraphMemory, at: datetime) -> list[str]:
    return [card.id for card in memory.list(at=At(at)).cards]


@pytest.fixture
def pair(memory: GraphMemory) -> tuple[str, str]:
    """What holds, and a proposal about the same."""
    old = accept(memory, proposed(memory, "requests", day(4)))[0].ids[-1]
    return old, proposed(memory, "httpx", day(20))


def test_accepting_says_the_words_in_ones_own_name(memory: GraphMemory, pair: tuple[str, str]) -> None:
    old, new = pair
    seen = max(one.seq for one in memory.changes())
    (done,) = accept(memory, new, write=Write(op_id="x1", seen=seen))
    with pytest.raises(InvalidInput, match="is not a proposal"):
        accept(memory, new)
    assert done.ids[:2] == (old, new)
    assert (held(memory, day(10)), held(memory, day(25))) == ([old], [done.ids[2]])
    said = memory.get(done.ids[2]).memory.statement
    assert said is not None
    assert said.origin is Origin.HUMAN


def test_what_is_refused_changes_nothing_that_holds(memory: GraphMemory, pair: tuple[str, str]) -> None:
    old, new = pair
    with pytest.raises(Conflict):
        accept(memory, new, write=Write(seen=2))
    assert held(memory, day(25)) == [old]


def test_names_are_on_one_line_and_no_longer_than_allowed() -> None:
    said = Extracted("the billing\n service", "USES", "x" * 2000, "Billing uses x", day(1)).statement
    assert [one.name for one in said.anchors] == ["the billing service", "x" * MAX_NAME_CHARS]
    long = Extracted("y" * 2000, "USES", "x", "Billing uses x", day(1)).statement
    assert long.subject == "y" * MAX_NAME_CHARS


def test_a_thing_is_found_though_the_first_memory_about_it_is_only_proposed(memory: GraphMemory) -> None:
    import_graphiti()
    from graphiti_core.nodes import EntityNode

    proposed(memory, "httpx", day(1))
    said = Statement(title="Calls have a limit", anchors=(Anchor(AnchorKind.COMPONENT, "httpx"),))
    (key,) = memory.add(said, start=day(2)).ids
    (anchor,) = anchors_of(memory.get(key).memory)
    assert asyncio.run(EntityNode.get_by_uuid(graphmem_driver(memory), anchor.uuid)).name == "httpx"


def test_vectors_are_all_there_though_the_cache_was_full(memory: GraphMemory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph, "_MAX_VECTORS", 0)
    keys = [memory.add(f"Rule number {number}", start=day(1)).ids[0] for number in range(2)]
    drawn = MemoryGraph(desk_of(memory), REPO)
    assert drawn.vectors(keys[:1]).keys() == set(keys[:1])
    assert drawn.vectors(keys).keys() == set(keys)
