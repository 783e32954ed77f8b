from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from numpy.typing import NDArray

from graphmem.errors import Conflict, Unsupported
from graphmem.model import Move, Scope, Statement, Status
from graphmem.retrieval.embedder import Embedder, EmbedderMissing, card_of
from graphmem.rows import Rows
from graphmem.service import GraphMemory, ServiceContext
from graphmem.sources.observations import Observation, Reading
from graphmem.store import Store
from tests.fake_embedder import FakeEmbedder
from tests.service.conftest import TickingClock, day


@dataclass
class Installed:
    """What is installed at the moment: a test changes its mind."""

    model: Embedder | EmbedderMissing = field(default_factory=FakeEmbedder)

    def __call__(self) -> Embedder | EmbedderMissing:
        return self.model


@pytest.fixture
def installed() -> Installed:
    return Installed()


@pytest.fixture
def memory(store: Store, clock: TickingClock, installed: Callable[[], Embedder | EmbedderMissing]) -> GraphMemory:
    return GraphMemory(ServiceContext(store, scope=Scope(), actor="t", clock=clock, embedder=installed))


def test_the_first_vector_records_its_model(memory: GraphMemory) -> None:
    memory.add("Use tabs")
    status = memory.status()
    assert status.model is not None
    assert (status.model.name, status.vectors) == ("fake", 1)


def test_a_search_says_when_some_or_all_that_matched_have_no_vector(memory: GraphMemory, installed: Installed) -> None:
    installed.model = EmbedderMissing("no model")
    memory.add("Use tabs in Python")
    installed.model = FakeEmbedder()
    answer = memory.search("tabs in Python")
    assert (answer.mode, answer.note) == ("lexical", "the store has no vectors yet; run: graphmem reindex")
    memory.add("Use tabs in Rust")
    answer = memory.search("tabs in Python")
    said = "one memory matched by words alone, without a vector; run: graphmem reindex"
    assert (answer.mode, answer.note) == ("hybrid", said)
    memory.reindex()
    assert memory.search("tabs in Python").note is None


class Tired(FakeEmbedder):
    """Is broken off when it is first asked for anything."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        raise KeyboardInterrupt(len(texts))


def observed(path: str, title: str) -> Observation:
    return Observation(key=path, statement=Statement(title=title), moves=(Move(Status.ACTIVE, day(1)),), path=path)


def test_an_ingestion_records_everything_before_it_makes_vectors(memory: GraphMemory, installed: Installed) -> None:
    records = [observed(f"adr/{n}.md", f"Rule {n}") for n in range(70)]
    reading = Reading(tuple(records), (), ())
    installed.model = Tired()
    with pytest.raises(KeyboardInterrupt):
        memory.ingest(reading)
    assert (memory.status().memories, memory.status().vectors) == (70, 0)
    installed.model, told = FakeEmbedder(), list[tuple[int, int]]()
    changes = memory.status().changes
    memory.ingest(reading, progress=lambda done, total: told.append((done, total)))
    assert (memory.status().changes, memory.status().vectors) == (changes, 70)
    assert told[-2:] == [(134, 140), (140, 140)]


def test_an_ingestion_without_a_model_or_with_another_makes_no_vectors(
    memory: GraphMemory, installed: Installed
) -> None:
    one = observed("a.md", "Rule")
    installed.model = EmbedderMissing("none is installed")
    assert memory.ingest(Reading((one,), (), ())).problems == []
    assert memory.status().vectors == 0


def test_with_a_model_search_is_hybrid_and_says_so(memory: GraphMemory) -> None:
    memory.add("Use tabs")
    answer = memory.search("tabs")
    assert (answer.mode, answer.note) == ("hybrid", None)
    assert "meaning" in answer.hits[0].parts


def test_vectors_of_another_model_are_not_compared(memory: GraphMemory, installed: Installed) -> None:
    memory.add("Use tabs")
    installed.model = FakeEmbedder(name="other", dimension=8)
    answer = memory.search("tabs")
    assert answer.mode == "lexical"
    assert "graphmem reindex" in (answer.note or "")
    assert [hit.card.title for hit in answer.hits] == ["Use tabs"]


def test_what_is_added_under_another_model_is_kept_without_a_vector(memory: GraphMemory, installed: Installed) -> None:
    memory.add("Use tabs")
    installed.model = FakeEmbedder(name="other", dimension=8)
    memory.add("Use spaces")
    assert (memory.status().memories, memory.status().vectors) == (2, 1)


def test_reindex_adopts_the_installed_model(memory: GraphMemory, installed: Installed) -> None:
    for number in range(3):
        memory.add(f"rule {number}")
    installed.model = FakeEmbedder(name="other", dimension=8)
    assert memory.reindex() == 3
    assert memory.search("rule 1").mode == "hybrid"


def test_an_interrupted_reindex_goes_on_where_it_stopped(memory: GraphMemory, installed: Installed) -> None:
    installed.model = EmbedderMissing("not installed")
    for number in range(70):
        memory.add(f"rule {number}")
    installed.model = FakeEmbedder()

    def stop(done: int, _total: int) -> None:
        raise KeyboardInterrupt(done)

    with pytest.raises(KeyboardInterrupt):
        memory.reindex(progress=stop)
    assert memory.status().vectors == 64
    assert memory.reindex() == 6


def test_reindex_without_a_model_says_what_is_missing(memory: GraphMemory, installed: Installed) -> None:
    installed.model = EmbedderMissing("onnxruntime is not installed")
    with pytest.raises(Unsupported, match="onnxruntime"):
        memory.reindex()


def test_what_the_gate_takes_out_is_not_embedded(store: Store, clock: TickingClock) -> None:
    embedded: list[str] = []

    class Watched(FakeEmbedder):
        def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
            embedded.extend(texts)
            return super().embed(texts)

    GraphMemory(ServiceContext(store, scope=Scope(), actor="t", clock=clock, embedder=Watched)).add(
        "the key is ghp_" + "aB3dE5gH7j" * 3 + "kL9mN1"
    )
    assert embedded == ["the key is [redacted: github-pat]"]


def test_a_replacement_in_new_words_is_found_by_its_own_vector(memory: GraphMemory) -> None:
    old = memory.add("Use tabs").ids[0]
    memory.supersede(old, "Indent by four spaces")
    assert memory.status().vectors == 2


def test_reindex_reads_each_memory_once(
    memory: GraphMemory, installed: Installed, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed.model = EmbedderMissing("not installed")
    for number in range(100):
        memory.add(f"rule {number}")
    installed.model, read, asked = FakeEmbedder(), store.rows, list[str]()

    def counted(reader: Scope, ids: Sequence[str]) -> Rows:
        asked.extend(ids)
        return read(reader, ids)

    monkeypatch.setattr(store, "rows", counted)
    assert memory.reindex() == 100
    assert len(asked) == len(set(asked)) == 100


def test_reindex_goes_on_beside_an_erase(
    memory: GraphMemory, installed: Installed, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed.model = EmbedderMissing("not installed")
    keys = [memory.add(f"rule {number}").ids[0] for number in range(3)]
    installed.model, read = FakeEmbedder(), store.rows

    def erased_first(reader: Scope, ids: Sequence[str]) -> Rows:
        monkeypatch.setattr(store, "rows", read)
        memory.erase(keys[1])
        return read(reader, ids)

    monkeypatch.setattr(store, "rows", erased_first)
    assert memory.reindex() == 2
    assert (memory.status().memories, memory.status().vectors) == (2, 2)


class Overtaken(FakeEmbedder):
    """While it embeds, another process gives the store its own model."""

    def __init__(self, store: Store, other: Embedder) -> None:
        super().__init__()
        self._store, self._other = store, other

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        found = super().embed(texts)
        self._store.adopt_model(card_of(self._other))
        return found


def test_a_write_that_another_process_reindex_overtakes_is_stored_without_its_vector(
    memory: GraphMemory, installed: Installed, store: Store
) -> None:
    memory.add("Use tabs")
    other = FakeEmbedder(name="other")
    installed.model = Overtaken(store, other)
    memory.add("Use spaces")
    assert (memory.status().model, memory.status().vectors) == (card_of(other), 0)
    installed.model = other
    assert memory.reindex() == 2
    assert store.check() == []


def test_a_reindex_that_another_overtakes_is_told_and_leaves_no_vector_of_its_own(
    memory: GraphMemory, installed: Installed, store: Store
) -> None:
    memory.add("Use tabs")
    other = FakeEmbedder(name="other")
    installed.model = Overtaken(store, other)
    store.adopt_model(card_of(FakeEmbedder(name="third")))
    with pytest.raises(Conflict, match="model"):
        memory.reindex()
    assert (memory.status().model, memory.status().vectors) == (card_of(other), 0)
