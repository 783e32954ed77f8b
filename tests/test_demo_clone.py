"""The demo's section about its own clone, on a repository made for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

import graphmem
from graphmem import GraphMemory
from graphmem.cli.block_output import plain_lines
from graphmem.demo.clone import clone_lines, read_clone
from tests.fake_embedder import no_embedder
from tests.sources.git.repositories import Repository, body

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[GraphMemory]:
    with graphmem.open(str(tmp_path / "memory.db"), create=True, embedder=no_embedder) as opened:
        yield opened


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository.made(tmp_path / "clone")
    made.write(**{"graphmem__old.py": body("old"), "graphmem__gone.py": body("gone"), "other": body("x")})
    made.commit()
    return made


def test_a_moved_and_a_removed_file_are_shown(memory: GraphMemory, repository: Repository) -> None:
    repository.git("mv", "graphmem/old.py", "graphmem/new.py")
    commit = repository.commit()
    (repository.root / "graphmem" / "gone.py").unlink()
    repository.commit()
    part = read_clone(memory, repository.root, NOW)
    assert part is not None
    assert (part.moved.old, part.moved.new, part.removed) == ("graphmem/old.py", "graphmem/new.py", "graphmem/gone.py")
    shown = "\n".join(plain_lines(clone_lines(memory, repository.root, part, NOW)))
    assert f"graphmem/old.py is graphmem/new.py since 2023-11-16 (commit {commit[:10]})" in shown
    assert "broken: was removed" in shown


def test_without_such_a_history_the_section_is_left_out(
    memory: GraphMemory, repository: Repository, tmp_path: Path
) -> None:
    assert read_clone(memory, tmp_path, NOW) is None
    assert read_clone(memory, repository.root, NOW) is None
