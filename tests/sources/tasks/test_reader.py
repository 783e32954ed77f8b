"""The tasks of repositories made for it, read once, twice and in two parts, and ingested."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from graphmem.errors import InvalidInput
from graphmem.model import Kind, Status
from graphmem.sources.tasks import histories, read_tasks
from tests.sources.git.repositories import Repository
from tests.sources.stored_memories import opened, stored

READ_AT = datetime(2030, 1, 1, tzinfo=UTC)


def issue(number: int, title: str, status: str = "open", **more: object) -> str:
    fields = {"id": f"bd-{number}", "title": title, "status": status, "created_at": f"2023-01-0{number}T00:00:00Z"}
    return json.dumps({**fields, **more}) + "\n"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository.made(tmp_path / "repository")


def export(repository: Repository, *lines: str) -> str:
    repository.write(_dot_beads__issues_dot_jsonl="".join(lines))
    return repository.commit()


def grow(repository: Repository) -> str:
    """Commits with all three sources; returns the fourth of seven."""
    export(repository, issue(1, "Parse empty files"), issue(2, "Write the parser", "in_progress"))
    repository.write(parser_dot_py="x = 1  # TODO(ana): parse empty files\n", feature_flags_dot_json='{"fast": true}')
    repository.commit()
    blocks = [{"issue_id": "bd-1", "depends_on_id": "bd-2", "type": "blocks"}]
    export(repository, issue(1, "Parse empty files", dependencies=blocks), issue(2, "Write the parser", "closed"))
    repository.write(feature_flags_dot_json='{"fast": false}')
    middle = repository.commit()
    export(repository, issue(1, "Parse all empty files", dependencies=blocks), issue(2, "Write the parser"))
    repository.write(parser_dot_py="x = 1\n", other_dot_py="# FIXME #12 wrong\n", feature_flags_dot_json="{}")
    repository.commit()
    export(repository, issue(1, "Parse all empty files", "closed", dependencies=blocks))
    return middle


def read_and_store(repository: Repository, path: Path, *tips: str) -> list[tuple[object, ...]]:
    since = None
    with opened(path) as memory:
        for tip in tips:
            reading = read_tasks(repository.root, ref=tip, read_at=READ_AT, since=since)
            assert memory.ingest(reading).problems == []
            since = reading.cursor
        return stored(memory)


def test_reading_in_two_parts_gives_the_memories_of_reading_at_once(repository: Repository, tmp_path: Path) -> None:
    middle = grow(repository)
    whole = read_and_store(repository, tmp_path / "whole.db", "HEAD")
    assert read_and_store(repository, tmp_path / "parts.db", middle, "HEAD") == whole
    assert {title for title, *_ in whole} == {
        "Parse empty files", "Parse all empty files", "Write the parser", "Feature flag fast",
        "TODO(ana): parse empty files", "FIXME #12 wrong",
    }  # fmt: skip


def test_a_second_reading_changes_nothing(repository: Repository, tmp_path: Path) -> None:
    grow(repository)
    with opened(tmp_path / "twice.db") as memory:
        memory.ingest(read_tasks(repository.root, read_at=READ_AT))
        before = memory.status().changes
        memory.ingest(read_tasks(repository.root, read_at=READ_AT))
        assert memory.status().changes == before


def test_a_reopened_task_is_active_in_two_intervals(repository: Repository, tmp_path: Path) -> None:
    for status in ("open", "closed", "open", "closed"):
        export(repository, issue(1, "Parse empty files", status))
    with opened(tmp_path / "reopened.db") as memory:
        memory.ingest(read_tasks(repository.root, read_at=READ_AT))
        (card,) = memory.search("Parse empty files").hits[:1]
        history = memory.history(card.card.id)
        assert [(told.status, told.word) for told in history.moves] == [
            (Status.ACTIVE, "open"), (Status.ENDED, "closed"), (Status.ACTIVE, "open"), (Status.ENDED, "closed"),
        ]  # fmt: skip
        assert len(history.card.holding) == 2


def test_a_retitled_task_supersedes_its_earlier_title(repository: Repository, tmp_path: Path) -> None:
    export(repository, issue(1, "Parse empty files"))
    export(repository, issue(1, "Parse all empty files"))
    with opened(tmp_path / "retitled.db") as memory:
        memory.ingest(read_tasks(repository.root, read_at=READ_AT))
        assert [card.title for card in memory.list().cards] == ["Parse all empty files"]


def test_a_task_goes_on_under_the_id_to_which_it_was_migrated(repository: Repository, tmp_path: Path) -> None:
    export(repository, issue(1, "Parse empty files"))
    migrated = issue(1, "Parse empty files").replace("bd-1", "bd-a1f3")
    export(repository, migrated)
    with opened(tmp_path / "migrated.db") as memory:
        memory.ingest(read_tasks(repository.root, read_at=READ_AT))
        (card,) = memory.list().cards
        assert memory.history(card.id).predecessors[0].memory.title == "Parse empty files"
        assert memory.get("bd-1").memory.statement is not None


def test_nothing_is_read_after_the_tip(repository: Repository) -> None:
    export(repository, issue(1, "Parse empty files"))
    cursor = read_tasks(repository.root, read_at=READ_AT).cursor
    reading = read_tasks(repository.root, read_at=READ_AT, since=cursor)
    assert (reading.observations, reading.cursor) == ((), cursor)


def test_after_an_unknown_cursor_everything_is_read(repository: Repository) -> None:
    export(repository, issue(1, "Parse empty files"))
    assert len(read_tasks(repository.root, read_at=READ_AT, since="0" * 40).observations) == 1


def test_kinds_and_origins_tell_the_sources_apart(repository: Repository) -> None:
    grow(repository)
    found = {
        item.key.split(":")[0]: item.statement for item in read_tasks(repository.root, read_at=READ_AT).observations
    }
    assert {name: (said.kind, said.origin.value) for name, said in found.items()} == {
        "beads": (Kind.TASK, "document"), "todo": (Kind.TASK, "commit"), "flag": (Kind.FACT, "document"),
    }  # fmt: skip


def test_a_folder_without_a_repository_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_tasks(tmp_path, read_at=READ_AT)


def test_a_linked_export_is_not_read(repository: Repository) -> None:
    export(repository, issue(1, "Parse empty files"))
    target = repository.root / ".beads" / "issues.jsonl"
    target.unlink()
    target.symlink_to("/etc/passwd")
    repository.commit()
    reading = read_tasks(repository.root, read_at=READ_AT)
    assert reading.observations[0].moves[-1].source_word == "removed"
    assert reading.passed_over == (".beads/issues.jsonl",)


def test_the_number_of_tasks_is_limited(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(histories, "MAX_TASKS", 1)
    export(repository, issue(1, "Parse empty files"), issue(2, "Write the parser"))
    reading = read_tasks(repository.root, read_at=READ_AT)
    assert [item.statement.title for item in reading.observations] == ["Parse empty files"]
    assert "left out" in reading.problems[0].reason


def test_a_renamed_export_keeps_its_tasks(repository: Repository) -> None:
    repository.write(_dot_beads__beads_dot_jsonl=issue(1, "Parse empty files"))
    repository.commit()
    repository.git("mv", ".beads/beads.jsonl", ".beads/issues.jsonl")
    repository.commit()
    (observation,) = read_tasks(repository.root, read_at=READ_AT).observations
    assert [move.source_word for move in observation.moves] == ["open"]
