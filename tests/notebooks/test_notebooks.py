"""The notebooks run on both stores with the same words, and are kept as they were last executed."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import pytest

from tests.servers import Access
from tools.notebooks import FOLDER, PATHS, output_text, problems

if TYPE_CHECKING:
    from nbformat import NotebookNode

every_notebook = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)


def read(path: Path) -> NotebookNode:
    found: NotebookNode = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    return found


def test_there_are_four() -> None:
    names = ["1_time_travel", "2_decision_history", "3_memory_health", "4_repository_history"]
    assert [path.stem for path in PATHS] == names


@every_notebook
def test_what_is_kept_is_fresh_small_and_names_no_machine(path: Path) -> None:
    assert list(problems(read(path))) == []
    outputs = [output for cell in read(path).cells for output in cell.get("outputs", [])]
    assert sum("image/png" in output.get("data", {}) for output in outputs) >= 4


@every_notebook
def test_each_ends_with_one_line_to_change(path: Path) -> None:
    cells = read(path).cells
    heading = next(number for number, cell in enumerate(cells) if cell.source.startswith("## On your own repository"))
    first = cells[heading + 1].source.splitlines()[0]
    assert first.startswith(("FOLDER = ", "REPOSITORY = "))


@every_notebook
def test_it_says_the_same_in_a_file_and_on_neo4j(path: Path, tmp_path: Path, neo4j: Access) -> None:
    # Pictures were drawn once already.
    server = {"GRAPHMEM_NOTEBOOK_STORE": neo4j.url, "MPLBACKEND": "agg", "GRAPHMEM_NEO4J_USER": neo4j.user}
    if neo4j.password is not None:
        server["GRAPHMEM_NEO4J_PASSWORD"] = neo4j.password
    told = [words(ran(path, tmp_path / name, more)) for name, more in (("file", {}), ("neo4j", server))]
    assert told[0] == told[1] != []
    with neo4j.driver() as driver:
        assert driver.execute_query(_TENANTS).records
    neo4j.wipe()


_TENANTS = "MATCH (l:Ledger) WHERE l.tenant STARTS WITH 'fresh-' AND l.seq > 0 RETURN l.tenant"


def ran(path: Path, target: Path, settings: dict[str, str]) -> NotebookNode:
    """A notebook with the outputs of a run of its own, in a process whose event loop is not ours."""
    command = [sys.executable, "-m", "tools.notebooks", "--into", str(target), path.stem]
    done = subprocess.run(
        command, cwd=FOLDER.parent, env={**os.environ, **settings}, capture_output=True, text=True, check=False
    )
    assert not done.returncode, done.stderr
    return read(target / path.name)


def words(notebook: NotebookNode) -> list[str]:
    """What the cells print, and the values that they end with."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return [output_text(one) for one in outputs if one.output_type in {"stream", "execute_result"}]


# ---- what may not be kept is noticed


def changed(**parts: Any) -> NotebookNode:  # noqa: ANN401
    """The first notebook with something else in its first output."""
    notebook = copy.deepcopy(read(PATHS[0]))
    next(cell for cell in notebook.cells if cell.get("outputs")).outputs[0].update(parts)
    return notebook


@pytest.mark.parametrize("text", ["in /home/me/x.py", "'/tmp/a'", "C:\\Users\\me", "see file://x", "(/root/.cache)", f"<{FOLDER}>"])
def test_places_of_a_machine_are_noticed(text: str) -> None:
    assert any("names a place" in one for one in problems(changed(text=text)))


def test_failures_and_complaints_are_noticed() -> None:
    assert any("failed or complained" in one for one in problems(changed(name="stderr")))
    assert any("failed or complained" in one for one in problems(changed(output_type="error")))


def test_large_pictures_are_noticed() -> None:
    assert any("has a picture of" in one for one in problems(changed(data={"image/png": "a" * 400_000})))


def test_other_sources_are_noticed() -> None:
    notebook = read(PATHS[0])
    notebook.cells[-1].source += "\n# changed"
    assert list(problems(notebook)) == ["its sources changed since it was executed; run: make notebooks"]


def test_an_output_without_its_turn_is_noticed() -> None:
    notebook = read(PATHS[0])
    next(cell for cell in notebook.cells if cell.cell_type == "code").execution_count = None
    assert any("was not executed in its turn" in one for one in problems(notebook))
