"""Backup, wipe, restore; export and import: the same answers at every point, and what was erased stays erased."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from graphmem import Anchor, AnchorKind, At, Filter, GraphMemory, Kind, LinkKind, Statement, Status
from tests.torture.conftest import Clock, opened

FIRST = datetime(2025, 1, 1, tzinfo=UTC)
CANARY = "Xylophagous"


def live(memory: GraphMemory) -> str:
    """A little life with every kind of operation; returns the id of what was erased."""
    said = Statement(
        title="Orders go to MySQL",
        kind=Kind.DECISION,
        subject="stack.database",
        anchors=(Anchor(AnchorKind.FILE, "src/orders/store.py"),),
    )
    first = memory.add(said, start=FIRST).ids[0]
    second = memory.supersede(first, "Orders go to PostgreSQL", at=day(40)).ids[-1]
    third = memory.supersede(second, "Orders go to SQLite", at=day(80), until=day(100)).ids[-1]
    memory.amend(second, "Only for large shops", "size", at=day(60))
    task = memory.add("Move the orders", kind=Kind.TASK, start=day(10)).ids[0]
    memory.link(task, second, LinkKind.IMPLEMENTS)
    ended = memory.end(task, at=day(50), word="closed")
    memory.revoke(ended.change.seq)
    memory.transition(task, Status.DEFERRED, at=day(55), word="on hold")
    memory.retract(memory.add("Orders go to a spreadsheet", start=FIRST).ids[0])
    memory.confirm(third)
    erased = memory.add(f"The {CANARY} key is under the mat", start=FIRST).ids[0]
    memory.erase(erased)
    return erased


def day(number: int) -> datetime:
    return FIRST + timedelta(days=number)


def answers(memory: GraphMemory) -> list[object]:
    """Everything that the reading verbs say at sampled points on both axes."""
    last = memory.changes(limit=1000)[-1].seq
    told: list[object] = [memory.changes(limit=1000), memory.conflicts(at=At(day(90)))]
    for seq in range(1, last + 1, 2):
        for valid in (day(-1), day(20), day(45), day(58), day(90), day(200)):
            at = At(valid, seq)
            told.append(memory.list(Filter(include_history=True), at=at).cards)
            told.append(memory.search("where do orders go", at=at).hits)
            told.append(memory.timeline(subject="stack.database", at=at))
        told.append(memory.diff(At(day(20), seq), At(day(90), last)))
    for card in memory.list(Filter(include_history=True), at=At(day(20))).cards:
        told += [memory.history(card.id, at=At(day(90))), replace(memory.explain(card.id, at=At(day(90))), use="")]
    return told


def test_an_export_restored_elsewhere_answers_alike(memory: GraphMemory, tmp_path: Path, clock: Clock) -> None:
    live(memory)
    lines = list(memory.export())
    with opened(tmp_path / "other.db", clock) as other:
        assert other.restore(lines) == memory.changes(limit=1000)[-1].seq
        assert answers(other) == answers(memory)
        assert list(other.export()) == lines
        assert other.check() == []


def test_a_backup_answers_alike_after_the_store_is_gone(
    memory: GraphMemory, path: Path, tmp_path: Path, clock: Clock
) -> None:
    live(memory)
    expected = answers(memory)
    memory.backup(tmp_path / "copy.db")
    memory.close()
    for file in tmp_path.glob("memory.db*"):
        file.unlink()
    (tmp_path / "copy.db").rename(path)
    with opened(path, clock) as restored:
        assert answers(restored) == expected
        assert restored.check() == []


def test_what_is_erased_is_in_no_file_export_backup_or_restored_store(
    memory: GraphMemory, tmp_path: Path, clock: Clock
) -> None:
    erased = live(memory)
    lines = list(memory.export())
    memory.backup(tmp_path / "copy.db")
    with opened(tmp_path / "other.db", clock) as other:
        other.restore(lines)
        assert not other.search(CANARY).hits or CANARY not in repr(other.search(CANARY))
        assert erased in repr(other.changes(limit=1000))
    assert [file.name for file in tmp_path.iterdir() if CANARY.lower().encode() in file.read_bytes().lower()] == []
    assert CANARY.lower() not in "".join(lines).lower()


@pytest.mark.parametrize("field", ["title", "body", "rationale", "alias", "label", "subject", "path", "word"])
def test_erasing_leaves_no_bytes_of_any_field(memory: GraphMemory, path: Path, field: str) -> None:
    said = _statement(field)
    other = memory.add("We talk about the mat").ids[0]
    old = memory.add(said, start=FIRST).ids[0]
    if field == "word":
        memory.end(old, at=day(5), word=CANARY)
    memory.supersede(old, other, at=day(10))
    assert any(CANARY.lower().encode() in file.read_bytes().lower() for file in path.parent.iterdir())
    memory.erase(old)
    found = [file.name for file in path.parent.iterdir() if CANARY.lower().encode() in file.read_bytes().lower()]
    assert found == []


def _statement(field: str) -> Statement:
    return Statement(
        title=f"The {CANARY} key" if field == "title" else "The key",
        body=f"It is {CANARY}" if field == "body" else "",
        rationale=CANARY if field == "rationale" else "",
        aliases=(CANARY,) if field == "alias" else (),
        labels=(CANARY,) if field == "label" else (),
        subject=CANARY if field == "subject" else None,
        anchors=(Anchor(AnchorKind.FILE, f"src/{CANARY}.py"),) if field == "path" else (),
    )
