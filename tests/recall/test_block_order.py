"""The order of blocks by use: memories that are equally useful change places, and nothing comes or goes."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphmem import At, GraphMemory, Kind, New, Origin, Scope, Statement, Write
from graphmem.adapters.recall.recall_file import RecallFile
from graphmem.recalls import RecallCounts
from graphmem.service import ServiceContext
from graphmem.service.recall_recording import unrecorded
from graphmem.store import Store
from tests.fake_embedder import no_embedder
from tests.service.conftest import REPO, TickingClock
from tests.stores import backend, store

__all__ = ["backend", "store"]

TASK = "charge invoices"


def opened(store: Store, folder: Path, scope: Scope = REPO, days: int = 1) -> GraphMemory:
    ledger = RecallFile(folder / "memory")
    clock = TickingClock()
    clock.pass_days(days)
    return GraphMemory(
        ServiceContext(store, scope=scope, actor="tester", clock=clock, embedder=no_embedder, recalls=ledger)
    )


def seeded(store: Store, folder: Path, **origins: Origin) -> GraphMemory:
    memory = opened(store, folder)
    for key, origin in {"a": Origin.HUMAN, "b": Origin.HUMAN, "c": Origin.HUMAN, **origins}.items():
        statement = Statement(title=f"Invoices {key} go out daily", kind=Kind.DECISION, origin=origin)
        memory.add_many([New(statement=statement, id=key)], write=Write(origin=origin))
    return memory


def order(memory: GraphMemory, at: At | None = None) -> list[str]:
    with unrecorded():
        block = memory.context(TASK, at=at)
    return [item.id for section in block.sections for item in section.items]


def rely(memory: GraphMemory, key: str, times: int = 3) -> None:
    for _ in range(times):
        memory.get(key)
    memory.stats()


def test_of_equally_useful_memories_the_one_relied_on_comes_first_and_none_goes(store: Store, tmp_path: Path) -> None:
    memory = seeded(store, tmp_path)
    assert order(memory) == ["a", "b", "c"]
    rely(memory, "c")
    assert order(memory) == ["c", "a", "b"]
    memory.feedback("c", "wrong")  # type: ignore[arg-type]
    memory.feedback("c", "not_useful")  # type: ignore[arg-type]
    memory.feedback("c", "wrong")  # type: ignore[arg-type]
    memory.stats()
    assert order(memory) == ["a", "b", "c"]


def test_use_lifts_no_memory_that_is_not_trusted(store: Store, tmp_path: Path) -> None:
    memory = seeded(store, tmp_path, c=Origin.CONVERSATION)
    before = order(memory)
    rely(memory, "c", 9)
    assert order(memory) == before


def test_use_is_not_of_the_past(store: Store, tmp_path: Path) -> None:
    memory = seeded(store, tmp_path)
    rely(memory, "c")
    assert order(memory, At(known_at=memory.status().changes)) == ["a", "b", "c"]


def test_equal_positions_give_equal_bytes_and_what_waits_in_the_spool_changes_nothing(
    store: Store, tmp_path: Path
) -> None:
    memory = seeded(store, tmp_path)
    rely(memory, "b")
    with unrecorded():
        first = memory.context(TASK).markdown
        for _ in range(3):
            assert memory.context(TASK).markdown == first
    for _ in range(5):
        memory.get("c")
    with unrecorded():
        assert memory.context(TASK).markdown == first


def test_one_users_use_orders_no_other_users_block(store: Store, tmp_path: Path) -> None:
    seeded(store, tmp_path)
    ann, bob = (opened(store, tmp_path, Scope(repo="r", user=user), 2) for user in ("ann", "bob"))
    rely(ann, "c")
    assert (order(ann), order(bob)) == (["c", "a", "b"], ["a", "b", "c"])


@pytest.mark.parametrize(
    ("counts", "reliance"),
    [
        (RecallCounts(), 0),
        (RecallCounts(surfaced=900, warned=9), 0),
        (RecallCounts(opened=1, useful=1, confirmed=1, heeded=1, followed=1), 5),
        (RecallCounts(opened=3, wrong=2), 1),
        (RecallCounts(opened=1, overridden=9), 0),
    ],
)
def test_reliance_is_what_was_done_with_a_memory_less_what_speaks_against_it(
    counts: RecallCounts, reliance: int
) -> None:
    assert counts.reliance == reliance
