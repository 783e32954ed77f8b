from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from graphmem.errors import InvalidInput, StoreUnavailable, Unsupported
from graphmem.model import Scope, Statement
from graphmem.retrieval.embedder import Embedder, EmbedderMissing
from graphmem.service import GraphMemory, New, ServiceContext, Write
from graphmem.store import Page, Store
from tests.fake_embedder import FakeEmbedder, no_embedder
from tests.oracle import OracleStore
from tests.service.conftest import REPO, TickingClock

HOME = Scope()


class Slot:
    """Holds the installed embedding backend, which a test may change."""

    def __init__(self) -> None:
        self.installed: Embedder | EmbedderMissing = no_embedder()

    def __call__(self) -> Embedder | EmbedderMissing:
        return self.installed


@pytest.fixture
def slot() -> Slot:
    return Slot()


@pytest.fixture
def memory(store: Store, clock: TickingClock, slot: Slot) -> GraphMemory:
    return GraphMemory(ServiceContext(store, scope=REPO, actor="t", clock=clock, embedder=slot))


def fill(memory: GraphMemory, count: int) -> None:
    memory.add_many(New(statement=Statement(title=f"rule {number}")) for number in range(count))


def test_an_export_restores_to_equal_answers(memory: GraphMemory, clock: TickingClock) -> None:
    old = memory.add("Use MySQL", write=Write(op_id="first")).ids[0]
    memory.supersede(old, "Use PostgreSQL now")
    other = GraphMemory(ServiceContext(OracleStore(), scope=REPO, actor="t", clock=clock, embedder=no_embedder))
    assert other.restore(memory.export()) == 3
    assert other.changes() == memory.changes()
    assert [card.title for card in other.list().cards] == ["Use PostgreSQL now"]


def test_only_an_empty_tenant_is_restored_into(memory: GraphMemory) -> None:
    memory.add("here already")
    lines = list(memory.export())
    memory.add("and this")
    with pytest.raises(InvalidInput, match="empty"):
        memory.restore(lines)


def test_what_is_as_it_must_be_gives_no_finding(memory: GraphMemory) -> None:
    fill(memory, 3)
    assert memory.check() == []


def test_status_counts_what_one_tenant_holds(memory: GraphMemory) -> None:
    fill(memory, 3)
    memory.confirm(memory.list().cards[0].id)
    memory.add("elsewhere", write=Write(scope=Scope(tenant="other")))
    told = memory.status()
    assert (told.memories, told.changes, told.vectors, told.model) == (3, 4, 0, None)
    assert memory.status(scope=Scope(tenant="other")).memories == 1


def test_without_a_model_there_are_no_vectors_to_make(memory: GraphMemory) -> None:
    with pytest.raises(Unsupported, match="no model"):
        memory.reindex()


def test_reindexing_gives_every_memory_a_vector_and_tells_how_far_it_is(memory: GraphMemory, slot: Slot) -> None:
    fill(memory, 70)
    memory.erase(memory.list(page=Page(1)).cards[0].id)
    slot.installed, told = FakeEmbedder(), list[tuple[int, int]]()
    assert memory.reindex(progress=lambda done, total: told.append((done, total))) == 69
    assert told == [(64, 69), (69, 69)]
    assert memory.reindex() == 0


def test_with_vectors_a_search_is_hybrid(memory: GraphMemory, slot: Slot) -> None:
    slot.installed = FakeEmbedder()
    key = memory.add("Use tabs for Makefiles").ids[0]
    answer = memory.search("tabs for Makefiles")
    assert (answer.mode, answer.note, answer.hits[0].card.id) == ("hybrid", None, key)
    assert "meaning" in answer.hits[0].parts
    assert memory.status().vectors == 1


def test_vectors_of_another_model_are_not_compared_and_not_mixed(memory: GraphMemory, slot: Slot) -> None:
    slot.installed = FakeEmbedder()
    memory.add("Use tabs")
    slot.installed = FakeEmbedder(dimension=5)
    answer = memory.search("tabs")
    assert answer.mode == "lexical"
    assert "graphmem reindex" in (answer.note or "")
    memory.add("Use spaces")
    assert memory.status().vectors == 1


def test_a_store_without_a_file_cannot_be_backed_up(clock: TickingClock, tmp_path: Path) -> None:
    memory = GraphMemory(ServiceContext(OracleStore(), scope=HOME, actor="t", clock=clock, embedder=no_embedder))
    with pytest.raises(Unsupported):
        memory.backup(tmp_path / "copy.db")


def test_a_memory_closes_with_its_block(memory: GraphMemory) -> None:
    with memory as opened:
        assert opened.scope == REPO
    memory.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        memory.status()


def test_a_clock_is_asked_by_every_write(memory: GraphMemory, clock: TickingClock) -> None:
    clock.now = datetime(2027, 5, 1, tzinfo=UTC)
    assert memory.add("later").change.recorded_at >= datetime(2027, 5, 1, tzinfo=UTC)
