"""The counts of moved functions and splits in a repository made for it."""

from __future__ import annotations

from pathlib import Path

from benchmarks.repository.symbols import measured
from tests.sources.git.repositories import Repository

FUNCTION = """def {name}(rows, since):
    found = [row.{name}_amount for row in rows if row.{name} > since]
    return sum(found) / max(len(found), 1)


"""


def functions(*names: str) -> str:
    return "".join(FUNCTION.format(name=name) for name in names)


def test_moved_functions_and_the_split_that_moved_them_are_counted(tmp_path: Path) -> None:
    made = Repository.made(tmp_path / "repository")
    names = ("orders", "sales", "stock", "price", "costs", "taxes")
    made.write(a_dot_py=functions(*names, "kept"), b_dot_go="package b\n")
    made.commit()
    made.write(a_dot_py=functions("kept"), c_dot_py=functions(*names))
    made.commit()
    counts = measured(made.root, "Python")
    assert (counts.moved, counts.recognised, counts.right) == (6, 6, 6)
    assert (counts.edges, counts.found, counts.found_edges, counts.found_right) == (1, 1, 1, 1)
    assert measured(made.root, "Go").moved == 0
