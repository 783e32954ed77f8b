"""Verdicts after earlier verdicts, and on a work tree."""

from __future__ import annotations

import posixpath
import random
from dataclasses import replace
from pathlib import Path

import pytest

from graphmem.sources.git.code_history import GitCodeHistory, read_code_history
from graphmem.verification import CodeStatus, MemoryToVerify, Verdict, verifier, verify_memories
from graphmem.verification.references import CodeReference, references_of
from tests.sources.git.repositories import Repository, body
from tests.verification.memories import READ_AT, day, file_anchor, memory, verdict

TEXTS = (
    "Read `src/a.py`.",
    "Read `src/b.py`.",
    "The code is in `src/`.",
    "Run `make test`.",
    "Be kind.",
    "See `docs/c.md`.",
)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository.made(tmp_path / "repository")
    made.write(Makefile="test:\n\techo\n", src__a_dot_py=body("a"), src__b_dot_py=body("b"))
    made.commit()
    return made


def subjects(repository: Repository) -> list[MemoryToVerify]:
    """Memories with verdicts at the last commit."""
    listed = [replace(memory(text), memory_id=str(number)) for number, text in enumerate(TEXTS)]
    history = read_code_history(repository.root, read_at=READ_AT)
    verdicts = verify_memories(listed, history, at=day(1))
    return [replace(subject, earlier=found) for subject, found in zip(listed, verdicts, strict=True)]


def examined(repository: Repository, listed: list[MemoryToVerify], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Ids of the memories that a second check examines; its verdicts are those of a first check."""
    ids: list[str] = []

    def noted(subject: MemoryToVerify) -> tuple[CodeReference, ...]:
        ids.append(subject.memory_id)
        return references_of(subject)

    monkeypatch.setattr(verifier, "references_of", noted)
    history = read_code_history(repository.root, read_at=READ_AT)
    later = verify_memories(listed, history, at=READ_AT)
    monkeypatch.undo()
    fresh = verify_memories([replace(subject, earlier=None) for subject in listed], history, at=READ_AT)
    assert [(each.status, each.commit, each.checked_at) for each in later] == [
        (each.status, each.commit, each.checked_at) for each in fresh
    ]
    return ids


def test_without_changes_no_memory_is_examined_and_no_history_is_read(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = subjects(repository)
    monkeypatch.setattr(GitCodeHistory, "_record", property(lambda _: pytest.fail("the history was read")))
    history = read_code_history(repository.root, read_at=READ_AT)
    assert [found.memory_id for found in verify_memories(listed, history, at=READ_AT)] == list("012345")


def test_only_memories_whose_paths_changed_are_examined(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = subjects(repository)
    repository.git("mv", "src/a.py", "src/moved.py")
    repository.commit()
    assert examined(repository, listed, monkeypatch) == ["0", "2"]
    repository.write(Makefile="check:\n\techo\n")
    repository.commit()
    assert examined(repository, listed, monkeypatch) == ["0", "2", "3"]
    repository.write(docs__c_dot_md=body("c"))
    repository.commit()
    assert examined(repository, listed, monkeypatch) == ["0", "2", "3", "5"]


def test_a_confirmation_and_an_unknown_commit_cause_an_examination(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = subjects(repository)
    assert listed[0].earlier is not None
    confirmed = [replace(listed[0], confirmed_at=day(2)), *listed[1:]]
    assert examined(repository, confirmed, monkeypatch) == ["0"]
    rewritten = [replace(listed[0], earlier=replace(listed[0].earlier, commit="0" * 40)), *listed[1:]]
    assert examined(repository, rewritten, monkeypatch) == ["0"]


def test_a_work_tree_is_checked_as_it_is(repository: Repository) -> None:
    subject = memory("Read `src/a.py`.", file_anchor("src/a.py"))
    clean = verdict(repository, subject, with_work_tree=True)
    assert (clean.status, clean.is_uncommitted) == (CodeStatus.VERIFIED, False)
    (repository.root / "src/a.py").write_text(body("other"))
    drifted = verdict(repository, replace(subject, earlier=clean), with_work_tree=True)
    assert (drifted.status, drifted.is_uncommitted) == (CodeStatus.DRIFTED, True)
    assert drifted.findings[0].evidence[-1].commit is None
    (repository.root / "src/a.py").unlink()
    broken = verdict(repository, replace(subject, earlier=clean), with_work_tree=True)
    assert (broken.status, broken.findings[0].evidence[0].commit) == (CodeStatus.BROKEN, None)
    repository.git("checkout", "-q", "src/a.py")
    again = verdict(repository, replace(subject, earlier=broken), with_work_tree=True)
    assert (again.status, again.is_uncommitted) == (CodeStatus.VERIFIED, False)


def test_new_files_and_tasks_of_a_work_tree_count(repository: Repository) -> None:
    (repository.root / "src/new.py").write_text("x\n")
    (repository.root / "Makefile").write_text("fast:\n\techo\n")
    found = verdict(repository, memory("Read `src/new.py`, run `make fast`."), with_work_tree=True)
    assert [finding.status for finding in found.findings] == [CodeStatus.VERIFIED] * 2
    assert found.is_uncommitted


def change_at_random(repository: Repository, chosen: random.Random) -> None:
    """Add, edit, move or remove a file, or change the tasks."""
    files = [path for path in repository.git("ls-files").splitlines() if path.endswith(".py")]
    name = f"{chosen.choice(FOLDERS)}/{chosen.choice(NAMES)}"
    kind = chosen.choice(("add", "edit", "move", "remove", "tasks", "ignore"))
    if kind == "tasks":
        tasks = chosen.sample(("test", "lint", "docs"), 2)
        repository.write(Makefile="".join(f"{task}:\n\techo\n" for task in tasks))
    elif kind == "ignore":
        repository.write(_dot_gitignore=f"{name}\n" if chosen.random() < 0.5 else "\n")
    elif kind == "add" or not files:
        repository.write(**{name: body(str(chosen.random()))})
    elif kind == "edit":
        repository.write(**{chosen.choice(files): body(str(chosen.random()))})
    elif kind == "remove":
        repository.git("rm", "-qr", posixpath.dirname(chosen.choice(files)))
    elif not (repository.root / name).exists():
        (repository.root / name).parent.mkdir(parents=True, exist_ok=True)
        repository.git("mv", chosen.choice(files), name)


FOLDERS, NAMES = ("src", "src/deep", "lib", "lib/deep"), ("a.py", "b.py", "c.py")


@pytest.mark.heavy
@pytest.mark.parametrize("seed", range(4))
def test_later_verdicts_are_those_of_a_first_check_after_any_changes(repository: Repository, seed: int) -> None:
    chosen = random.Random(seed)  # noqa: S311 - a repeatable choice
    texts = [f"Read `{folder}/{name}`." for folder in FOLDERS for name in NAMES]
    texts += [
        "Read `a.py`.",
        "Read `deep/b.py`.",
        "In `src/`.",
        "In `lib/deep/`.",
        "Run `make test lint`.",
        "[c](c.py)",
    ]
    listed = [
        replace(memory(text, *(file_anchor(path) for path in ("src/a.py",)[: number % 2])), memory_id=str(number))
        for number, text in enumerate(texts)
    ]
    for _ in range(10):
        history = read_code_history(repository.root, read_at=READ_AT)
        later = verify_memories(listed, history, at=READ_AT)
        fresh = verify_memories([replace(each, earlier=None) for each in listed], history, at=READ_AT)
        for found, expected in zip(later, fresh, strict=True):
            assert shown(found) == shown(expected)
        listed = [replace(each, earlier=found) for each, found in zip(listed, later, strict=True)]
        change_at_random(repository, chosen)
        repository.commit()


def shown(found: Verdict) -> list[object]:
    """A verdict without the commits of its evidence: a verdict that is kept has earlier ones."""
    return [(each.target, each.status, each.current, each.changed_share) for each in found.findings]
