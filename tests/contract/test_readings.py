"""Readings of a repository's mainline, alike on every store: found by repository, exported, and checked."""

from __future__ import annotations

import pytest

from graphmem.errors import Forbidden, InvalidInput, NotFound
from graphmem.model import (
    Change,
    CodeVerdict,
    Erase,
    OpenBranch,
    Origin,
    ReadMainline,
    RecordRelocations,
    RecordVerdicts,
    Scope,
)
from graphmem.repository.code_verdict import CodeStatus
from graphmem.repository.mainline_rows import MainlineRows, packed
from graphmem.repository.relocations import Relocation, RelocationBasis
from graphmem.retrieval.mainlines import Mainlines
from graphmem.store import Store
from tests.contract.scenario import FIRST, SECOND
from tests.laws.world import ANN, R, X, add, send
from tests.oracle import OracleStore

OTHER = Scope(repo="s")
WHOLE = Scope()


def reading(previous: int, rows: MainlineRows = FIRST) -> ReadMainline:
    return ReadMainline("HEAD", "1" * 40, rows.start + len(rows.shas), previous, packed(rows))


def found(store: Store, repo: str | None, after: int = 0) -> list[tuple[int, int]]:
    read: list[tuple[int, int]] = []
    for change in store.readings(R, repo, after=after):
        assert isinstance(change.operation, ReadMainline)
        read.append((change.seq, change.operation.previous))
    return read


@pytest.fixture
def read_store(store: Store) -> Store:
    send(store, "1", reading(0), R)
    send(store, "2", add("a"), R)
    send(store, "3", reading(0), OTHER)
    send(store, "4", reading(1, SECOND), R)
    send(store, "5", reading(0), WHOLE)
    return store


def test_readings_are_found_by_repository_and_position(read_store: Store) -> None:
    assert found(read_store, "r") == [(1, 0), (4, 1)]
    assert found(read_store, "r", after=1) == [(4, 1)]
    assert found(read_store, "s") == [(3, 0)]
    assert found(read_store, None) == [(5, 0)]
    assert found(read_store, "unknown") == []
    assert read_store.readings(Scope(tenant="other", repo="r"), "r") == []


def test_a_reading_comes_back_as_it_was_written(read_store: Store) -> None:
    (change, _) = read_store.readings(R, "r")
    assert change.operation == reading(0)
    assert change == read_store.changes(R, after=0, limit=1)[0]


def test_readings_are_exported_restored_and_checked(read_store: Store) -> None:
    assert read_store.check() == []
    lines = list(read_store.export(R))
    fresh = OracleStore()
    fresh.restore(lines, tenant=R.tenant)
    assert [change.seq for change in fresh.readings(R, "r")] == [1, 4]
    assert list(fresh.export(R)) == lines


@pytest.mark.parametrize("writer", [ANN, X, Scope(repo="r", environment="prod")], ids=["user", "branch", "environment"])
def test_a_reading_is_shared_by_its_repository(store: Store, writer: Scope) -> None:
    send(store, "open", OpenBranch("x"), R)
    with pytest.raises(InvalidInput, match="for the whole repository"):
        send(store, "1", reading(0), writer)
    assert store.readings(R, "r") == []


@pytest.mark.parametrize("origin", [Origin.CONVERSATION, Origin.EXTERNAL])
def test_an_untrusted_origin_may_not_record_one(store: Store, origin: Origin) -> None:
    with pytest.raises(Forbidden, match="may not say what a repository contains"):
        send(store, "1", reading(0), R, origin=origin)


def test_a_content_that_cannot_be_read_is_refused(store: Store) -> None:
    with pytest.raises(InvalidInput, match="cannot be read"):
        send(store, "1", ReadMainline("HEAD", "1" * 40, 1, 0, "no content"), R)


def test_a_repeated_reading_is_recorded_once(store: Store) -> None:
    first: Change = send(store, "1", reading(0), R)
    assert send(store, "1", reading(0), R) == first
    assert found(store, "r") == [(1, 0)]


GONE = Relocation("1" * 40, "a.py", RelocationBasis.GONE, "f")


def test_relocations_are_found_with_the_readings(read_store: Store) -> None:
    change = send(read_store, "6", RecordRelocations((GONE,)), R)
    assert [found.seq for found in read_store.readings(R, "r", after=4)] == [change.seq]
    assert read_store.readings(OTHER, "s", after=4) == []
    assert read_store.check() == []
    fresh = OracleStore()
    fresh.restore(list(read_store.export(R)), tenant=R.tenant)
    assert fresh.readings(R, "r", after=4)[0].operation == RecordRelocations((GONE,))
    folded = Mainlines(read_store).at(R, "r", change.seq)
    assert (list(folded.relocations.values()), folded.last) == ([(GONE,)], change.seq)


def test_relocations_are_shared_by_their_repository_and_trusted(store: Store) -> None:
    with pytest.raises(InvalidInput, match="for the whole repository"):
        send(store, "1", RecordRelocations((GONE,)), ANN)
    with pytest.raises(Forbidden, match="may not say what a repository contains"):
        send(store, "2", RecordRelocations((GONE,)), R, origin=Origin.EXTERNAL)


def test_verdicts_are_found_with_the_readings_and_named_by_their_memories(read_store: Store) -> None:
    verdict = CodeVerdict("a", CodeStatus.BROKEN, "1" * 40, "src/a.py is gone", "src/a.py")
    change = send(read_store, "6", RecordVerdicts((verdict,)), R)
    assert [found.seq for found in read_store.readings(R, "r", after=4)] == [change.seq]
    assert [entry.seq for entry in read_store.changes_of(R, "a")] == [2, change.seq]
    with pytest.raises(NotFound):
        send(read_store, "7", RecordVerdicts((CodeVerdict("unknown", CodeStatus.BROKEN, "1" * 40),)), R)
    with pytest.raises(InvalidInput):
        send(read_store, "8", RecordVerdicts(()), R)
    assert read_store.check() == []


def test_an_erased_memory_leaves_no_reason_in_a_verdict(read_store: Store) -> None:
    verdict = CodeVerdict("a", CodeStatus.BROKEN, "1" * 40, "the words of a", "the path")
    send(read_store, "6", RecordVerdicts((verdict,)), R)
    send(read_store, "7", Erase("a"), R)
    text = "".join(read_store.export(R))
    assert "the words of a" not in text
    assert "the path" not in text
    assert read_store.check() == []
