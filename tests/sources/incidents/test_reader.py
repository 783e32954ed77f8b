"""Reverts in repositories made for it, read once, twice and in two parts, and ingested."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from graphmem.errors import InvalidInput
from graphmem.model import AnchorKind, Kind
from graphmem.sources.incidents import read_incidents
from graphmem.sources.observations import Observation
from tests.sources.git.repositories import Repository
from tests.sources.stored_memories import opened, stored

READ_AT = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository.made(tmp_path / "repository")


def commit(repository: Repository, message: str, **files: str) -> str:
    repository.write(**files)
    repository.days += 1
    repository.git("add", "--all")
    at_s = 1_700_000_000 + repository.days * 86_400
    repository.git("commit", "--quiet", "--allow-empty", "--file=-", text=message, at_s=at_s)
    return repository.git("rev-parse", "HEAD")


def revert(repository: Repository, sha: str, **files: str) -> str:
    title = repository.git("log", "-1", "--format=%s", sha)
    return commit(repository, f'Revert "{title}"\n\nThis reverts commit {sha}.\n', **files)


def read(repository: Repository) -> tuple[Observation, ...]:
    return read_incidents(repository.root, read_at=READ_AT).observations


def words(observation: Observation) -> list[tuple[str, str | None]]:
    return [(move.status.value, move.source_word) for move in observation.moves]


def test_a_revert_is_an_incident_about_its_commits_and_files(repository: Repository) -> None:
    change = commit(repository, "Parse empty files", a_dot_py="1")
    undone = revert(repository, change, a_dot_py="2")
    (incident,) = read(repository)
    said = incident.statement
    assert (said.kind, said.title) == (Kind.INCIDENT, "Reverted: Parse empty files")
    assert said.body == f"Commit {change[:12]} was reverted by commit {undone[:12]}."
    assert [(anchor.kind, anchor.name) for anchor in said.anchors] == [
        (AnchorKind.COMMIT, change), (AnchorKind.COMMIT, undone), (AnchorKind.FILE, "a.py")
    ]  # fmt: skip
    assert words(incident) == [("active", f"reverted by {undone[:12]}")]


def test_a_revert_of_a_revert_ends_the_incident_and_a_third_begins_it_again(repository: Repository) -> None:
    first = revert(repository, commit(repository, "Parse empty files"))
    second = revert(repository, first)
    third = revert(repository, second)
    (incident,) = read(repository)
    assert words(incident) == [
        ("active", f"reverted by {first[:12]}"), ("ended", f"applied again by {second[:12]}"),
        ("active", f"reverted by {third[:12]}"),
    ]  # fmt: skip


def test_a_commit_that_the_repository_lacks_is_named_and_linked_to_nothing(repository: Repository) -> None:
    missing = "f" * 40
    undone = commit(repository, f'Revert "Parse"\n\nThis reverts commit {missing}.')
    (incident,) = read(repository)
    assert incident.statement.title == "Reverted: Parse"
    assert "which is not in the repository" in incident.statement.body
    assert [anchor.name for anchor in incident.statement.anchors] == [undone]


def test_a_quoted_title_finds_its_commit(repository: Repository) -> None:
    change = commit(repository, "Parse empty files (#1)")
    commit(repository, 'Revert "Parse empty files (#1)" (#2)\n\nReverts ana/tea#1')
    (incident,) = read(repository)
    assert incident.key == f"revert:{change}"


def test_a_title_that_no_commit_has_is_kept(repository: Repository) -> None:
    commit(repository, 'Revert "Parse"')
    commit(repository, 'Reapply "Parse"')
    (incident,) = read(repository)
    assert incident.statement.body.startswith("A change that no commit has as its title was reverted")
    assert [status for status, _ in words(incident)] == ["active", "ended"]


def test_a_change_that_came_with_its_revert_is_no_incident(repository: Repository) -> None:
    change = commit(repository, "Parse empty files")
    repository.git("switch", "--quiet", "-c", "side")
    revert(repository, commit(repository, "Try this"))
    undone = revert(repository, change)
    repository.git("switch", "--quiet", "main")
    repository.git("merge", "--quiet", "--no-ff", "--message=merge", "side", at_s=1_800_000_000)
    (incident,) = read(repository)
    assert incident.provenance == f"commit {undone}"
    assert incident.moves[0].at == datetime.fromtimestamp(1_800_000_000, UTC)


def test_reading_in_two_parts_gives_the_memories_of_reading_at_once(repository: Repository, tmp_path: Path) -> None:
    first = revert(repository, commit(repository, "Parse empty files", a_dot_py="1"), a_dot_py="2")
    middle = revert(repository, commit(repository, "Draw a picture"))
    revert(repository, first)
    tip = commit(repository, "Other")
    with opened(tmp_path / "whole.db") as memory:
        memory.ingest(read_incidents(repository.root, read_at=READ_AT))
        whole, before = stored(memory), memory.status().changes
        memory.ingest(read_incidents(repository.root, read_at=READ_AT))
        assert memory.status().changes == before
    with opened(tmp_path / "parts.db") as memory:
        early = read_incidents(repository.root, ref=middle, read_at=READ_AT)
        memory.ingest(early)
        late = read_incidents(repository.root, read_at=READ_AT, since=early.cursor)
        assert (len(late.observations), late.cursor) == (1, tip)
        memory.ingest(late)
        assert stored(memory) == whole
    assert read_incidents(repository.root, read_at=READ_AT, since=tip).observations == ()


def test_a_folder_without_a_repository_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_incidents(tmp_path, read_at=READ_AT)
