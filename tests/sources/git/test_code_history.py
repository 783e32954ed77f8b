"""The repository as verifications read it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from graphmem.sources.git.code_history import GitCodeHistory, read_code_history
from graphmem.sources.git.path_records import read_path_record
from graphmem.sources.git.runner import GitFailure
from graphmem.verification import CodeHistory
from tests.sources.git.repositories import Repository, body

READ_AT = datetime(2030, 1, 1, tzinfo=UTC)
FIRST_DAY = datetime.fromtimestamp(1_700_000_000, UTC)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository.made(tmp_path / "repository")


def read(repository: Repository, *, with_work_tree: bool = False) -> GitCodeHistory:
    return read_code_history(repository.root, read_at=READ_AT, with_work_tree=with_work_tree)


def test_current_files_are_found_by_path_name_and_folder(repository: Repository) -> None:
    repository.write(src__a__x_dot_py=body("x"), lib__a__x_dot_py=body("y"))
    repository.commit()
    history: CodeHistory = read(repository)
    assert history.is_file("src/a/x.py")
    assert history.is_folder("src/a")
    assert not history.is_file("src/a")
    assert sorted(history.files_named("x.py")) == ["lib/a/x.py", "src/a/x.py"]
    assert sorted(history.folders_named("a")) == ["lib/a", "src/a"]
    assert history.files_mentioning("line") == ("lib/a/x.py", "src/a/x.py")
    assert history.files_mentioning("-never") == ()
    assert history.blob("src/a/x.py") == repository.git("rev-parse", "HEAD:src/a/x.py")
    assert history.blob("src/a") is None
    assert not history.is_uncommitted("src/a/x.py")


def test_positions_are_those_of_the_last_commit_at_a_time(repository: Repository) -> None:
    shas = [repository.commit() for _ in range(3)]
    history = read(repository)
    assert history.position_at(FIRST_DAY) == 0
    assert history.position_at(FIRST_DAY + timedelta(days=2)) == 1
    assert history.position_at(READ_AT) == 2
    assert [history.commit_at(position) for position in range(3)] == shas


def test_periods_of_a_path_a_name_a_folder_and_a_file(repository: Repository) -> None:
    repository.write(src__x_dot_py=body("x"), src__deep__y_dot_py=body("y"), src0__z_dot_py=body("z"))
    repository.commit()
    repository.git("mv", "src/x.py", "x.py")
    repository.commit()
    history = read(repository)
    (period,) = history.periods("src/x.py")
    assert (period.start, period.end) == (0, 1)
    assert [each.path for each in history.periods_named("x.py")] == ["src/x.py", "x.py"]
    assert [each.path for each in history.periods_below("src")] == ["src/deep/y.py", "src/x.py"]
    assert [each.path for each in history.lineage(period.lineage)] == ["src/x.py", "x.py"]
    assert history.periods("never") == []


def test_versions_of_manifests_and_contents_before(repository: Repository) -> None:
    repository.write(Makefile="a:\n", src__x_dot_py="one\n")
    repository.commit()
    repository.write(Makefile="b:\n", src__x_dot_py="two\n")
    repository.commit()
    repository.git("rm", "-q", "Makefile")
    repository.commit()
    history = read(repository)
    first, second = (repository.git("rev-parse", f"HEAD~{back}:Makefile") for back in (2, 1))
    assert set(history.manifests()) == {"Makefile"}
    assert list(history.versions("Makefile")) == [(0, first), (1, second), (2, "")]
    places = {(0, "src/x.py"), (1, "Makefile"), (2, "Makefile"), (0, "src"), (0, "a\nb")}
    blobs = history.blobs_at(places)
    assert blobs.keys() == {(0, "src/x.py"), (1, "Makefile")}
    assert history.texts(list(blobs.values())) == {blobs[0, "src/x.py"]: b"one\n", second: b"b:\n"}
    assert history.blobs_at([]) == {}


def test_paths_that_changed_since_a_commit(repository: Repository) -> None:
    repository.write(a="1\n", b="1\n")
    first = repository.commit()
    repository.write(b="2\n", ä="3\n")
    repository.commit()
    history = read(repository)
    assert history.changed_since(first) == frozenset({"b", "ä"})
    assert history.changed_since(history.commit) == frozenset()
    assert history.changed_since("0" * 40) is None


def test_ignored_paths_are_those_of_the_commit(repository: Repository) -> None:
    repository.write(_dot_gitignore="build/\n", web___dot_gitignore="*.log\n")
    repository.commit()
    history = read(repository)
    assert history.is_ignored("build/x")
    assert history.is_ignored("web/deep/a.log")
    assert not history.is_ignored("a.log")


def test_a_work_tree_takes_the_place_of_the_commit(repository: Repository) -> None:
    repository.write(a=body("a"), b=body("b"), src__c=body("c"))
    repository.commit()
    (repository.root / "a").write_text("other\n")
    (repository.root / "b").unlink()
    (repository.root / "new").write_text("new\n")
    (repository.root / "src/c").unlink()
    (repository.root / "src").rmdir()
    history = read(repository, with_work_tree=True)
    assert [history.is_file(path) for path in ("a", "b", "new")] == [True, False, True]
    assert not history.is_folder("src")
    assert [history.is_uncommitted(path) for path in ("a", "b", "new", "src/", "src", "never")] == [True] * 5 + [False]
    blob = history.blob("a")
    assert blob == repository.git("hash-object", "a")
    assert history.texts([blob]) == {blob: b"other\n"}


def test_a_sparse_work_tree_is_checked_at_the_commit(repository: Repository) -> None:
    repository.write(a=body("a"))
    repository.commit()
    (repository.root / ".git/info").mkdir(exist_ok=True)
    (repository.root / ".git/info/sparse-checkout").write_text("/*\n")
    (repository.root / "a").unlink()
    assert read(repository, with_work_tree=True).is_file("a")


def test_paths_that_were_read_before_are_not_read_again(repository: Repository) -> None:
    repository.write(a=body("a"))
    repository.commit()
    before = read(repository)
    record = read_path_record(before.mainline, READ_AT)
    again = GitCodeHistory(before.mainline, READ_AT, record=replace(record, times=(0, 1)))
    assert again.position_at(READ_AT) == 1
    assert again.periods("a") == before.periods("a")


def test_without_a_repository_the_reading_fails(tmp_path: Path) -> None:
    with pytest.raises(GitFailure):
        read_code_history(tmp_path, read_at=READ_AT)
