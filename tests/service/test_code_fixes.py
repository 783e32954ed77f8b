"""Fixes of memories that the code contradicts: ordinary ledger entries, carried out once, left where not certain."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from graphmem.errors import InvalidInput
from graphmem.model import At, Origin, Statement
from graphmem.service import GraphMemory, Write
from graphmem.service.code_fixes import FixKind, FixReport, fix_memories
from graphmem.service.code_verification import verify_repository
from graphmem.service.mainline_ingestion import ingest_mainline
from graphmem.sources.decisions import read_decisions
from graphmem.sources.git.code_history import read_code_history
from graphmem.sources.git.mainline_reading import MainlineReader
from tests.sources.git.repositories import Repository, body
from tests.stores import BACKENDS

READ_AT = datetime(2026, 1, 1, tzinfo=UTC)
FIRST_DAY = datetime.fromtimestamp(1_700_000_000, UTC)
RECORD = "# {0}. Use {1}\n\nDate: 2023-11-15\n\n## Status\n\nAccepted\n\n## Decision\n\nWe use {1}.\n"
on_one_store = pytest.mark.parametrize("backend", BACKENDS[1:2], indirect=True, ids=[BACKENDS[1].name])


def day(number: int) -> datetime:
    """The time of a commit of a repository, from 1."""
    return FIRST_DAY + timedelta(days=number)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository.made(tmp_path / "repository")
    made.write(src__a_dot_py=body("a"), src__b_dot_py=body("b"))
    made.write(adr__1_dot_md=RECORD.format(1, "Redis"), adr__2_dot_md=RECORD.format(2, "SQLite"))
    made.commit()
    return made


def fix(memory: GraphMemory, repository: Repository, *, write: Write | None = None, dry: bool = False) -> FixReport:
    ingest_mainline(memory, MainlineReader(repository.root, read_at=READ_AT).batches)
    history = read_code_history(repository.root, read_at=READ_AT)
    report = verify_repository(memory, history, at=READ_AT)
    return fix_memories(memory, history, report, write=write, is_rehearsal=dry)


def add(memory: GraphMemory, title: str) -> str:
    return memory.add(Statement(title=title), start=day(1) + timedelta(hours=1)).ids[-1]


def test_a_moved_path_gets_its_new_name_from_its_commit_on_once(memory: GraphMemory, repository: Repository) -> None:
    old = add(memory, "Retries are in `src/a.py`")
    repository.git("mv", "src/a.py", "src/retries.py")
    commit = repository.commit()
    assert [fixed.change for fixed in fix(memory, repository, dry=True).fixed] == [None]
    (fixed,) = fix(memory, repository).fixed
    assert (fixed.memory, fixed.kind, fixed.commit) == (old, FixKind.REWORDED, commit)
    assert fixed.reason == f"src/a.py is now src/retries.py since commit {commit[:10]}, 100 % alike"
    (card,) = memory.list().cards
    assert (card.id, card.title) == (fixed.successor, "Retries are in `src/retries.py`")
    before = memory.list(at=At(as_of=day(2) - timedelta(hours=1))).cards
    assert [card.title for card in before] == ["Retries are in `src/a.py`"]
    last = memory.changes(limit=1000)[-1]
    assert fix(memory, repository) == FixReport((), (), ())
    assert memory.changes(limit=1000)[-1] == last
    assert last.provenance.source == "verify --fix"


@on_one_store
def test_a_fix_that_was_revoked_is_not_repeated(memory: GraphMemory, repository: Repository) -> None:
    add(memory, "Retries are in `src/a.py`")
    repository.git("mv", "src/a.py", "src/retries.py")
    repository.commit()
    (fixed,) = fix(memory, repository).fixed
    assert fixed.change is not None
    assert fixed.successor is not None
    memory.revoke(fixed.change)
    memory.retract(fixed.successor)
    report = fix(memory, repository)
    assert report.fixed == ()
    assert f"change {fixed.change} said so, and was revoked" in report.left[0].reason
    assert [card.title for card in memory.list().cards] == ["Retries are in `src/a.py`"]


@on_one_store
def test_what_needs_a_person_is_left(memory: GraphMemory, repository: Repository) -> None:
    broken = add(memory, "Never edit `src/b.py`")
    repository.git("rm", "-q", "src/b.py")
    repository.commit()
    report = fix(memory, repository)
    assert (report.fixed, report.rebound) == ((), ())
    assert [(left.memory, left.reason, left.advice) for left in report.left] == [
        (broken, "src/b.py was removed", "supersede or end it")
    ]


def test_a_decision_whose_record_was_removed_ends_with_the_commit(memory: GraphMemory, repository: Repository) -> None:
    reading = read_decisions([repository.root / "adr"], root=repository.root, dates={}, read_at=READ_AT)
    memory.ingest(reading)
    repository.git("rm", "-q", "adr/1.md")
    commit = repository.commit()
    (fixed,) = fix(memory, repository).fixed
    assert (fixed.kind, fixed.reason) == (FixKind.ENDED, f"its record adr/1.md was removed with commit {commit[:10]}")
    assert [card.title for card in memory.list().cards] == ["Use SQLite"]
    assert len(memory.list(at=At(as_of=day(2) - timedelta(hours=1))).cards) == 2
    assert fix(memory, repository).fixed == ()
    repository.write(adr__1_dot_md=RECORD.format(1, "Redis"))
    memory.ingest(read_decisions([repository.root / "adr"], root=repository.root, dates={}, read_at=READ_AT))
    assert len(memory.list().cards) == 2


@on_one_store
def test_a_decision_that_somebody_confirmed_since_stays(memory: GraphMemory, repository: Repository) -> None:
    reading = read_decisions([repository.root / "adr"], root=repository.root, dates={}, read_at=READ_AT)
    memory.ingest(reading)
    repository.git("rm", "-q", "adr/1.md")
    repository.commit()
    (redis,) = [card.id for card in memory.list().cards if card.title == "Use Redis"]
    memory.confirm(redis)
    assert fix(memory, repository) == FixReport((), (), ())


@on_one_store
def test_who_is_not_trusted_only_proposes(memory: GraphMemory, repository: Repository) -> None:
    add(memory, "Retries are in `src/a.py`")
    repository.git("mv", "src/a.py", "src/retries.py")
    repository.commit()
    report = fix(memory, repository, write=Write(origin=Origin.CONVERSATION))
    assert report.fixed == ()
    assert "only proposed" in report.left[0].reason
    assert [card.title for card in memory.list().cards if card.statement.origin is Origin.HUMAN] == [
        "Retries are in `src/a.py`"
    ]


@on_one_store
def test_a_commit_beside_the_mainline_changes_nothing(memory: GraphMemory, repository: Repository) -> None:
    ingest_mainline(memory, MainlineReader(repository.root, read_at=READ_AT).batches)
    repository.git("checkout", "-q", "-b", "side")
    repository.git("mv", "src/a.py", "src/retries.py")
    repository.commit()
    history = read_code_history(repository.root, ref="side", read_at=READ_AT)
    report = verify_repository(memory, history, at=READ_AT)
    with pytest.raises(InvalidInput, match="is not on the recorded mainline; read it first"):
        fix_memories(memory, history, report)
