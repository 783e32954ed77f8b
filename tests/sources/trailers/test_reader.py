"""Trailers of repositories made for it, read and ingested."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import graphmem
from graphmem.errors import InvalidInput
from graphmem.model import At, Scope
from graphmem.service import GraphMemory
from graphmem.service.repository_ingestion import ingest_repository
from graphmem.sources.observations import Reading
from graphmem.sources.trailers import read_branch_trailers, read_trailers
from graphmem.store import Filter
from tests.fake_embedder import no_embedder
from tests.sources.git.repositories import Repository

READ_AT = datetime(2030, 1, 1, tzinfo=UTC)
NOON_S, DAY_S = 1_700_000_000, 86_400
HERE = Scope(repo="shop")
MESSAGE = """Dates

Rejected: prose — a line of the text is no trailer
and this neither.

Rejected: pytz [pkg:pypi/pytz] — zoneinfo
  is enough
LIMIT: ten calls a minute
Signed-off-by: A <a@example.org>
"""


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository.made(tmp_path / "repository")
    say(made, "First")
    return made


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[GraphMemory]:
    with graphmem.open(str(tmp_path / "memory.db"), create=True, embedder=no_embedder, scope=HERE) as opened:
        yield opened


def say(repository: Repository, message: str, *words: str) -> str:
    """Make a commit, or with other words the merge that they make, a day after the one before."""
    repository.days += 1
    made = words or ("commit", "--allow-empty")
    repository.git(*made, "--quiet", "-m", message, at_s=NOON_S + repository.days * DAY_S)
    return repository.git("rev-parse", "HEAD")


def day(number: int) -> datetime:
    return datetime.fromtimestamp(NOON_S, UTC) + timedelta(days=number)


def read(repository: Repository, since: str | None = None) -> Reading:
    return read_trailers(repository.root, read_at=READ_AT, since=since)


def titles(reading: Reading) -> list[tuple[str, datetime]]:
    return [(found.statement.title, found.moves[0].at) for found in reading.observations]


def in_force(memory: GraphMemory, scope: Scope, number: int = 300) -> list[str]:
    listing = memory.list(Filter(labels=("rejected",)), at=At(day(number)), scope=scope)
    return sorted(card.statement.title for card in listing.cards)


def test_trailers_are_those_that_git_finds_folded_lines_and_all(repository: Repository) -> None:
    sha = say(repository, MESSAGE)
    reading = read(repository)
    assert titles(reading) == [("Rejected: pytz", day(2)), ("ten calls a minute", day(2))]
    assert reading.observations[0].statement.rationale == "zoneinfo is enough"
    assert reading.observations[0].provenance == f"Rejected of commit {sha[:12]}"
    assert reading.cursor == sha


def test_trailers_of_a_merged_branch_count_from_the_merge(repository: Repository) -> None:
    repository.git("checkout", "--quiet", "-b", "fix")
    say(repository, "Work\n\nRejected: a | slow")
    repository.git("checkout", "--quiet", "main")
    say(repository, "Other\n\nRejected: b | slow")
    say(repository, "Merge\n\nRejected: c | slow", "merge", "--no-ff", "fix")
    assert titles(read(repository)) == [("Rejected: b", day(3)), ("Rejected: a", day(4)), ("Rejected: c", day(4))]


def test_equal_words_count_once_and_only_new_ones_come_after_a_cursor(repository: Repository) -> None:
    say(repository, "One\n\nRejected: a | slow")
    cursor = read(repository).cursor
    say(repository, "Two\n\nruled-out: a |  slow\nRejected: b | slow")
    assert titles(read(repository)) == [("Rejected: a", day(2)), ("Rejected: b", day(3))]
    assert titles(read(repository, cursor)) == [("Rejected: b", day(3))]
    assert read(repository, read(repository).cursor).observations == ()


def test_keys_that_cannot_be_read_are_problems(repository: Repository) -> None:
    sha = say(repository, "One\n\nRejected: a [pkg:nuget/a] | slow")
    (problem,) = read(repository).problems
    assert problem.reason.startswith(f"Rejected of commit {sha[:12]}: keys are left out: 'pkg:nuget/a'")


def test_trailers_off_the_default_branch_live_on_theirs_until_they_are_merged(
    repository: Repository, memory: GraphMemory, tmp_path: Path
) -> None:
    def ingest() -> None:
        ingest_repository(
            memory, repository.root, read_at=READ_AT, ref="main", sources=("trailers",), cursors=tmp_path / "notes"
        )

    on_fix = Scope(repo="shop", branch="fix")
    repository.git("checkout", "--quiet", "-b", "fix")
    say(repository, "Work\n\nRejected: a | slow")
    ingest()
    assert (in_force(memory, HERE), in_force(memory, on_fix)) == ([], ["Rejected: a"])
    seq = memory.changes()[-1].seq
    ingest()
    assert memory.changes()[-1].seq == seq, "nothing is new"
    repository.git("checkout", "--quiet", "main")
    say(repository, "Merge", "merge", "--no-ff", "fix")
    repository.git("branch", "--quiet", "-D", "fix")
    ingest()
    assert in_force(memory, HERE) == ["Rejected: a"]
    ended = memory.list(Filter(labels=("rejected",), include_history=True), scope=on_fix).cards
    states = {(card.memory.scope.branch, card.state.value) for card in ended}
    assert states == {(None, "holds"), ("fix", "ended")}


def test_branches_are_read_from_their_own_commits(repository: Repository) -> None:
    repository.git("branch", "empty")
    repository.git("checkout", "--quiet", "-b", "fix")
    say(repository, "Work\n\nRejected: a | slow")
    found = read_branch_trailers(repository.root, ref="main", read_at=READ_AT)
    assert {name: titles(reading) for name, reading in found.items()} == {
        "fix": [("Rejected: a", day(2))],
        "empty": [],
    }


def test_a_second_reading_writes_nothing(repository: Repository, memory: GraphMemory) -> None:
    say(repository, MESSAGE)
    assert len(memory.ingest(read(repository)).added) == 2
    report = memory.ingest(read(repository))
    assert (report.added, report.unchanged) == ([], 2)


def test_a_folder_without_a_repository_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_trailers(tmp_path, read_at=READ_AT)
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_branch_trailers(tmp_path, read_at=READ_AT)
