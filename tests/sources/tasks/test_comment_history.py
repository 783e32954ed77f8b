"""Comments along the mainlines of repositories made for it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from graphmem.sources.git.mainline import find_mainline
from graphmem.sources.git.runner import GitFailure, git_stream
from graphmem.sources.tasks import comment_history as module
from graphmem.sources.tasks.comment_history import CommentHistory, changes_of
from graphmem.sources.tasks.histories import TaskLife, TaskPoint
from tests.sources.git.repositories import Repository, body

COMMENT = "# TODO(ana): parse empty files\n"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository.made(tmp_path / "repository")


def read(repository: Repository) -> CommentHistory:
    history = CommentHistory()
    shas = find_mainline(repository.root).shas
    days = [datetime(2024, 1, number, tzinfo=UTC) for number in range(1, len(shas) + 1)]
    history.read(
        repository.root, [TaskPoint(at, sha, day) for at, (sha, day) in enumerate(zip(shas, days, strict=True))]
    )
    return history


def words(life: TaskLife) -> list[tuple[str | None, int]]:
    return [(move.source_word, move.at.day) for move in life.moves]


def test_a_comment_lives_from_the_commit_that_brought_it_to_the_one_that_removed_it(repository: Repository) -> None:
    for text in (body("a"), COMMENT + body("a"), body("a")):
        repository.write(a_dot_py=text)
        repository.commit()
    (life,) = read(repository).histories.lives.values()
    assert words(life) == [("TODO", 2), ("removed", 3)]


def test_a_line_that_moves_keeps_its_task(repository: Repository) -> None:
    repository.write(a_dot_py=COMMENT + body("a"), b_dot_py=body("b"))
    repository.commit()
    repository.write(a_dot_py=body("a"), b_dot_py=body("b") + "    " + COMMENT)
    repository.commit()
    (life,) = read(repository).histories.lives.values()
    assert words(life) == [("TODO", 1)]


def test_a_renamed_file_keeps_its_tasks(repository: Repository) -> None:
    repository.write(a_dot_py=COMMENT + body("a"))
    repository.commit()
    repository.git("mv", "a.py", "b.py")
    repository.commit()
    (life,) = read(repository).histories.lives.values()
    assert words(life) == [("TODO", 1)]


def test_a_comment_in_two_files_lives_until_the_last_is_removed(repository: Repository) -> None:
    for first, second in ((COMMENT, COMMENT), ("", COMMENT), ("", "")):
        repository.write(a_dot_py=first + body("a"), b_dot_py=second + body("b"))
        repository.commit()
    (life,) = read(repository).histories.lives.values()
    assert words(life) == [("TODO", 1), ("removed", 3)]
    assert life.versions[0].record.files == ("a.py", "b.py")


def test_a_comment_of_a_merged_branch_comes_with_the_merge(repository: Repository) -> None:
    repository.write(a_dot_py=body("a"))
    repository.commit()
    repository.git("switch", "--quiet", "-c", "side")
    repository.write(a_dot_py=body("a") + COMMENT)
    repository.commit()
    repository.git("switch", "--quiet", "main")
    repository.git("merge", "--quiet", "--no-ff", "--message=merge", "side")
    (life,) = read(repository).histories.lives.values()
    assert words(life) == [("TODO", 2)]


def test_a_file_with_an_unusual_name_is_found(repository: Repository) -> None:
    repository.write(**{'é"_dot_py': COMMENT})
    repository.commit()
    (life,) = read(repository).histories.lives.values()
    assert life.versions[0].record.files == ('é".py',)


def test_a_commit_that_git_cannot_read_costs_only_itself(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    shas = []
    for number in range(5):
        repository.write(**{f"f{number}_dot_py": f"# TODO(ana): part {number}\n"})
        shas.append(repository.commit())
    real = git_stream

    def broken(root: Path, arguments: tuple[str, ...], **more: float) -> object:
        end = shas.index(arguments[arguments.index("--end-of-options") + 1])
        since = next((shas.index(word[1:]) for word in arguments if word.startswith("^")), -1)
        if since < 2 <= end:
            raise GitFailure("unable to read")
        return real(root, arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "git_stream", broken)
    history = read(repository)
    titles = [life.record.title for life in history.histories.lives.values()]
    assert titles == ["TODO(ana): part 0", "TODO(ana): part 1", "TODO(ana): part 3", "TODO(ana): part 4"]
    assert [(position, shas[2] in problem.reason) for position, problem in history.problems] == [(2, True)]


def test_an_added_line_that_looks_like_a_header_is_no_header() -> None:
    log = b"\x01abc\ndiff --git a/x.py b/x.py\n--- a/x.py\n+++ b/x.py\n"
    log += b"@@ -0,0 +4,2 @@\n+++ b/y.py # TODO(ana)\n+# TODO(bo)\n"
    chunks = [log[start : start + 7] for start in range(0, len(log), 7)]
    (changes,) = changes_of(chunks)
    assert [(change.path, change.line, change.text) for change in changes] == [
        ("x.py", 4, "++ b/y.py # TODO(ana)"), ("x.py", 5, "# TODO(bo)"),
    ]  # fmt: skip
