"""What is certain about memories that the code contradicts, and the words with new paths."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from graphmem.model import Statement
from graphmem.sources.git.code_history import read_code_history
from graphmem.verification import verify_memories
from graphmem.verification.certain_fixes import CertainMove, certain_moves, removal_of, reworded
from tests.sources.git.repositories import Repository, body
from tests.verification.memories import READ_AT, day, file_anchor, memory

MOVE = CertainMove("src/a.py", "lib/b.py", 100, "c" * 40, datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository.made(tmp_path / "repository")
    made.write(src__a_dot_py=body("a"), src__b_dot_py=body("b"), adr__1_dot_md=body("1"), adr__2_dot_md=body("2"))
    made.commit()
    return made


def moves(repository: Repository, text: str, *anchors: str) -> list[tuple[str, str]] | None:
    history = read_code_history(repository.root, read_at=READ_AT)
    subject = memory(text, *map(file_anchor, anchors))
    (verdict,) = verify_memories([subject], history, at=READ_AT)
    found = certain_moves(verdict, history)
    return None if found is None else [(move.old, move.new) for move in found]


def removal(repository: Repository, path: str, since: int = 1) -> str | None:
    found = removal_of(path, day(since), read_code_history(repository.root, read_at=READ_AT))
    return None if found is None else found.commit


def test_a_rename_without_edits_is_certain_and_dated_by_its_commit(repository: Repository) -> None:
    repository.git("mv", "src/a.py", "src/c.py")
    commit = repository.commit()
    history = read_code_history(repository.root, read_at=READ_AT)
    (verdict,) = verify_memories([memory("See `src/a.py`.")], history, at=READ_AT)
    (move,) = certain_moves(verdict, history) or ()
    assert (move.old, move.new, move.similarity, move.commit) == ("src/a.py", "src/c.py", 100, commit)
    assert move.at == datetime.fromtimestamp(1_700_000_000 + 2 * 86_400, UTC)


def test_a_weak_rename_a_folder_and_a_bare_name_are_not_certain(repository: Repository) -> None:
    (repository.root / "src/a.py").unlink()
    repository.write(src__c_dot_py="".join(body("a").splitlines(keepends=True)[:20]) + body("other", 8))
    repository.git("mv", "src/b.py", "src/d.py")
    repository.commit()
    assert moves(repository, "See `src/a.py`.") is None
    assert moves(repository, "See `b.py`.") is None
    assert moves(repository, "See `src/b.py`.") == [("src/b.py", "src/d.py")]
    repository.git("mv", "src", "lib")
    repository.commit()
    assert moves(repository, "All is in `src/`.") is None


def test_a_memory_of_which_a_part_is_broken_or_has_drifted_is_left(repository: Repository) -> None:
    repository.git("mv", "src/a.py", "src/c.py")
    repository.git("rm", "-q", "src/b.py")
    repository.commit()
    assert moves(repository, "See `src/a.py` and `src/b.py`.") is None
    assert moves(repository, "See `src/a.py` and `docs/never.md`.") == [("src/a.py", "src/c.py")]


def test_a_moved_file_that_changed_since_is_left(repository: Repository) -> None:
    repository.git("mv", "src/a.py", "src/c.py")
    repository.commit()
    repository.write(src__c_dot_py=body("a", 20))
    repository.commit()
    assert moves(repository, "See `src/a.py`.", "src/a.py") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("See `src/a.py`.", "See `lib/b.py`."),
        ("In src/a.py, and `src/a.py`:", "In lib/b.py, and `lib/b.py`:"),
        ("[a](src/a.py)", "[a](lib/b.py)"),
        ("See `src/a.py` and `app/src/a.py`.", "See `lib/b.py` and `app/src/a.py`."),
    ],
)
def test_whole_paths_are_replaced(text: str, expected: str) -> None:
    found = reworded(Statement(title=text, anchors=(file_anchor("src/a.py"), file_anchor("lib/b.py"))), [MOVE])
    assert found == Statement(title=expected, anchors=(file_anchor("lib/b.py"),))


@pytest.mark.parametrize("text", ["See `./src/a.py`.", "See `src/a.py:12`.", "See src/a.py and src/a.py:3"])
def test_a_path_with_more_around_it_is_left_to_a_person(text: str) -> None:
    assert reworded(Statement(title=text), [MOVE]) is None


def test_an_anchor_alone_needs_no_other_words() -> None:
    statement = Statement(title="Retries are short", anchors=(file_anchor("src/a.py"),))
    assert reworded(statement, [MOVE]) is statement


def test_a_record_that_a_commit_removed_beside_others_is_gone(repository: Repository) -> None:
    assert removal(repository, "adr/1.md") is None
    repository.git("rm", "-q", "adr/1.md")
    commit = repository.commit()
    assert removal(repository, "adr/1.md") == commit
    assert removal(repository, "adr/1.md", since=3) is None
    assert removal(repository, "adr/never.md") is None


def test_a_record_that_moved_or_whose_folder_is_gone_is_not(repository: Repository) -> None:
    repository.git("mv", "adr/1.md", "adr/3.md")
    repository.commit()
    assert removal(repository, "adr/1.md") is None
    repository.git("rm", "-qr", "adr")
    repository.commit()
    assert removal(repository, "adr/2.md") is None
    repository.write(docs__2_dot_md="written anew\n", adr__4_dot_md=body("4"))
    repository.commit()
    assert removal(repository, "adr/2.md") is None


def test_a_record_that_git_ignores_by_now_is_not_gone(repository: Repository) -> None:
    repository.git("rm", "-q", "--cached", "adr/1.md")
    repository.write(_dot_gitignore="adr/1.md\n")
    repository.commit()
    assert removal(repository, "adr/1.md") is None
