"""Symbols that are followed along the mainline of a real repository."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from graphmem.repository.relocations import Relocation, RelocationBasis
from graphmem.sources.git.code_history import GitCodeHistory, read_code_history
from graphmem.symbols.split_files import split_files
from graphmem.symbols.trail import SymbolFollower, SymbolTrail
from tests.sources.git.repositories import Repository

ACQUIRE = """    def acquire(self, timeout):
        while not self.free and timeout > 0:
            timeout -= self.wait(timeout, self.lock)
        taken = self.free.pop() if self.free else None
        return taken
"""
POOL = f"class Pool:\n    size = 4\n\n{ACQUIRE}\n"
REST = "".join(f"CONSTANT_{number} = {number}\n" for number in range(30))


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository.made(tmp_path / "repository")
    made.write(src__pool_dot_py=POOL + REST)
    made.commit()
    return made


def history(repository: Repository) -> GitCodeHistory:
    return read_code_history(repository.root, read_at=datetime(2030, 1, 1, tzinfo=UTC))


def trail(repository: Repository, name: str = "Pool.acquire", position: int = 0) -> SymbolTrail:
    return SymbolFollower(history(repository)).follow("src/pool.py", name, position)


def last(found: SymbolTrail) -> tuple[str, str]:
    return found.steps[-1].path, found.steps[-1].name


def test_a_renamed_file_and_an_edit_lose_nothing(repository: Repository) -> None:
    repository.git("mv", "src/pool.py", "src/conn.py")
    repository.commit()
    repository.write(src__conn_dot_py=POOL.replace("timeout > 0", "timeout > 1") + REST)
    repository.commit()
    found = trail(repository)
    assert (last(found), found.relocations, found.is_gone) == (("src/conn.py", "Pool.acquire"), [], False)
    assert [(step.position, step.path) for step in found.steps] == [
        (0, "src/pool.py"),
        (1, "src/conn.py"),
        (2, "src/conn.py"),
    ]


def test_a_symbol_goes_to_another_file_and_on_from_there(repository: Repository) -> None:
    repository.write(src__pool_dot_py=REST, src__conn_dot_py=POOL)
    moved = repository.commit()
    repository.git("mv", "src/conn.py", "conn.py")
    repository.commit()
    found = trail(repository)
    assert last(found) == ("conn.py", "Pool.acquire")
    assert found.relocations == [
        Relocation(moved, "src/pool.py", RelocationBasis.NAME, "Pool.acquire", "src/conn.py", "Pool.acquire")
    ]


def test_a_symbol_is_found_under_another_name_by_its_body(repository: Repository) -> None:
    text = POOL.replace("def acquire", "def take").replace("class Pool", "class Slots")
    repository.write(src__pool_dot_py=text + REST)
    sha = repository.commit()
    found = trail(repository)
    assert last(found) == ("src/pool.py", "Slots.take")
    assert found.relocations == [
        Relocation(sha, "src/pool.py", RelocationBasis.BODY, "Pool.acquire", "src/pool.py", "Slots.take")
    ]


def test_twins_are_proposed_and_not_followed(repository: Repository) -> None:
    one, two = (POOL.replace("def acquire", f"def {name}").replace("class Pool", f"class {name.title()}")
                for name in ("take", "grab"))  # fmt: skip
    repository.write(src__pool_dot_py=REST, src__a_dot_py=one, src__b_dot_py=two)
    repository.commit()
    found = trail(repository)
    assert (found.is_gone, last(found)) == (True, ("src/pool.py", "Pool.acquire"))
    assert [(each.new_path, each.new_symbol) for each in found.proposals] == [
        ("src/a.py", "Take.take"),
        ("src/b.py", "Grab.grab"),
    ]


def test_a_symbol_that_is_gone_may_come_back(repository: Repository) -> None:
    repository.write(src__pool_dot_py=REST)
    gone = repository.commit()
    assert trail(repository).relocations == [Relocation(gone, "src/pool.py", RelocationBasis.GONE, "Pool.acquire")]
    repository.write(src__pool_dot_py=POOL + REST)
    back = repository.commit()
    found = trail(repository)
    assert (found.is_gone, found.relocations[-1].commit) == (False, back)
    assert found.relocations[-1].new_symbol == "Pool.acquire"


def test_a_file_that_does_not_parse_is_known_by_its_path(repository: Repository) -> None:
    repository.write(src__pool_dot_py="<<<<<<< HEAD\n(acquire\n=======\n" + REST)
    repository.commit()
    found = trail(repository)
    assert (found.unparsed, found.is_gone, found.relocations) == ("src/pool.py", False, [])
    repository.write(src__pool_dot_py=POOL + REST)
    repository.commit()
    assert trail(repository).unparsed == ""


def test_a_symbol_that_was_never_there_has_no_trail(repository: Repository) -> None:
    assert trail(repository, "Pool.release").steps == []
    assert SymbolFollower(history(repository)).follow("nope.py", "f", 0).steps == []


def test_a_symbol_of_a_later_file_is_found_when_it_comes(repository: Repository) -> None:
    repository.write(src__later_dot_py="def f():\n    return 1\n")
    repository.commit()
    found = SymbolFollower(history(repository)).follow("src/later.py", "f", 0)
    assert [(step.position, step.path) for step in found.steps] == [(1, "src/later.py")]


def test_lines_of_a_file_go_to_added_files(repository: Repository) -> None:
    half = "".join(f"HALF_OF_ALL_{number} = {number}\n" for number in range(20))
    repository.write(src__pool_dot_py=POOL + REST + half)
    repository.commit()
    repository.write(src__pool_dot_py=POOL + REST, src__half_dot_py=half)
    sha = repository.commit()
    code = history(repository)
    (found,) = split_files(code, {code.periods("src/pool.py")[0].lineage}, 0)
    assert (found.commit, found.path, found.new_path, found.basis) == (
        sha, "src/pool.py", "src/half.py", RelocationBasis.LINES,
    )  # fmt: skip
    assert list(split_files(code, {code.periods("src/pool.py")[0].lineage}, 2)) == []
