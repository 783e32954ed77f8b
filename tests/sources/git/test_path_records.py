"""The paths of a mainline from the ledger: the same record, and the same verdicts, as from git alone."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from graphmem.repository.mainline_history import MainlineHistory
from graphmem.sources.git import path_records
from graphmem.sources.git.code_history import read_code_history
from graphmem.sources.git.mainline import find_mainline
from graphmem.sources.git.path_records import PathRecord, read_path_record, recorded_path_record
from graphmem.verification import Verdict, verify_memories
from tests.sources.git.repositories import Repository, body
from tests.sources.git.test_mainline_reading import READ_AT, read
from tests.verification.memories import file_anchor, memory
from tests.verification.test_later_verdicts import change_at_random

TEXTS = ("Read `src/a.py`.", "Read `deep/b.py`.", "In `src/`.", "In `lib/deep/`.", "Run `make test lint`.", "`a.py`")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository.made(tmp_path / "repository")
    made.write(Makefile="test:\n\techo\n", src__a_dot_py=body("a"), src__b_dot_py=body("b"))
    made.commit()
    return made


def record(repository: Repository, recorded: MainlineHistory, ref: str | None = None) -> PathRecord | None:
    return recorded_path_record(find_mainline(repository.root, ref), recorded, READ_AT)


def content(record: PathRecord | None) -> object:
    """The content of a record, whatever the numbers of its lineages."""
    assert record is not None
    lives: dict[int, list[str]] = {}
    for segment in record.segments:
        lives.setdefault(segment.lineage, []).append(segment.path)
    rows = [(each.path, each.start, each.end, each.similarity, each.previous) for each in record.segments]
    versions = {path: list(record.versions[path]) for path in record.versions}
    return list(record.times), rows, sorted(lives.values()), versions


def verdicts(repository: Repository, recorded: MainlineHistory | None) -> list[Verdict]:
    history = read_code_history(repository.root, read_at=READ_AT)
    if recorded is not None:
        history.know(recorded)
    anchored = memory("Files.", file_anchor("src/a.py"), file_anchor("lib/b.py"))
    listed = [replace(each, memory_id=str(at)) for at, each in enumerate([*map(memory, TEXTS), anchored])]
    return verify_memories(listed, history, at=READ_AT)


@pytest.mark.heavy
@pytest.mark.parametrize("seed", range(4))
def test_what_the_ledger_has_gives_the_verdicts_of_a_complete_reading(
    repository: Repository, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = random.Random(seed)  # noqa: S311 - a repeatable choice
    recorded = MainlineHistory()
    for _ in range(10):
        change_at_random(repository, chosen)
        repository.commit()
        if chosen.random() < 0.4:
            recorded = read(repository.root, recorded)
    recorded = read(repository.root, recorded, "HEAD~2")  # The last commits are in no entry yet.
    assert content(record(repository, recorded)) == content(read_path_record(find_mainline(repository.root), READ_AT))
    expected = verdicts(repository, None)
    monkeypatch.setattr(path_records, "read_path_record", lambda *_: pytest.fail("the mainline was read again"))
    monkeypatch.setattr("graphmem.sources.git.code_history.read_path_record", path_records.read_path_record)
    assert verdicts(repository, recorded) == expected


def test_an_earlier_commit_is_checked_with_the_paths_of_its_time(repository: Repository) -> None:
    repository.git("mv", "src/a.py", "src/c.py")
    earlier = repository.commit()
    repository.git("rm", "-q", "src/c.py", "Makefile")
    repository.commit()
    found = record(repository, read(repository.root), earlier)
    assert content(found) == content(read_path_record(find_mainline(repository.root, earlier), READ_AT))


def test_a_ledger_with_another_mainline_or_none_is_not_used(repository: Repository) -> None:
    repository.commit()
    assert record(repository, MainlineHistory()) is None
    recorded = read(repository.root)
    repository.git("checkout", "-q", "--orphan", "other")
    repository.commit()
    assert record(repository, recorded) is None


def test_a_rewritten_mainline_is_read_from_its_fork(repository: Repository) -> None:
    repository.write(y="y")
    repository.commit()
    recorded = read(repository.root)
    repository.git("reset", "-q", "--hard", "HEAD~1")
    repository.git("mv", "src/a.py", "src/z.py")
    repository.commit()
    assert content(record(repository, recorded)) == content(read_path_record(find_mainline(repository.root), READ_AT))


def test_git_is_asked_for_versions_of_manifests_only_if_they_are_needed(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded = read(repository.root)
    monkeypatch.setattr(path_records, "git_stream", lambda *_, **__: pytest.fail("git was asked"))
    found = record(repository, recorded)
    assert found is not None
    assert set(found.versions) == {"Makefile"}
    assert "Makefile" in found.versions
    assert found.versions.get("src/a.py", ()) == ()
