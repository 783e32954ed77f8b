"""What the check of the wheel notices: each fault is put into the wheel that is really built."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.wheels import ROOT
from tools.check_wheel import links, problems, release_problems

DIST_INFO = "graphmem-0.1.0.dist-info"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, capture_output=True, check=True)
    (path,) = folder.glob("*.whl")
    return path


def changed(wheel: Path, folder: Path, change: Callable[[dict[str, bytes]], object]) -> Path:
    """The wheel with other contents."""
    with zipfile.ZipFile(wheel) as old:
        contents = {name: old.read(name) for name in old.namelist()}
    change(contents)
    path = folder / wheel.name
    with zipfile.ZipFile(path, "w") as new:
        for name, content in contents.items():
            new.writestr(name, content)
    return path


def test_the_wheel_is_whole(wheel: Path) -> None:
    assert list(problems(wheel)) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "problem"),
    [
        ("METADATA", "Requires-Python: >=3.11\n", "", "metadata: no Requires-Python"),
        ("METADATA", "License-Expression: Apache-2.0\n", "", "metadata: no License-Expression"),
        ("METADATA", ":: 3 - Alpha", ":: Nearly", "metadata: no such classifier: 'Development Status :: Nearly'"),
        ("METADATA", "Metadata-Version: 2", "Metadata-Version: 99", "'99."),
        ("METADATA", "# graphmem\n", "# grapmem\n", "metadata: the description is not README.md"),
        ("METADATA", "\nVersion: 0.1.0", "\nVersion: 0.2.0", "says 'graphmem 0.1.0', the wheel is 0.2.0"),
        ("entry_points.txt", "graphmem =", "memgraph =", "the program, 'graphmem = graphmem.cli:main'"),
    ],
)
def test_a_fault_of_the_metadata_is_named(
    wheel: Path, tmp_path: Path, name: str, old: str, new: str, problem: str
) -> None:
    def change(contents: dict[str, bytes]) -> None:
        text = contents[f"{DIST_INFO}/{name}"].decode()
        assert old in text
        contents[f"{DIST_INFO}/{name}"] = text.replace(old, new, 1).encode()

    assert problem in "\n".join(problems(changed(wheel, tmp_path, change)))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda files: files.pop("graphmem/py.typed"), "missing from the wheel: graphmem/py.typed"),
        (lambda files: files.pop(f"{DIST_INFO}/licenses/LICENSE"), "missing from the wheel: LICENSE"),
        (lambda files: files.pop("graphmem/retrieval/minilm.onnx"), "wheel: graphmem/retrieval/minilm.onnx"),
        (lambda files: files.update({"tests/test_x.py": b""}), "should not be in the wheel: tests/test_x.py"),
    ],
)
def test_a_file_too_few_or_too_many_is_named(
    wheel: Path, tmp_path: Path, change: Callable[[dict[str, bytes]], object], problem: str
) -> None:
    assert problem in "\n".join(problems(changed(wheel, tmp_path, change)))


def test_a_release_wants_an_address_and_links_that_lead_somewhere(wheel: Path) -> None:
    found = "\n".join(release_problems(wheel))
    assert "no address of the project" in found
    assert "the link to CONTRIBUTING.md leads nowhere outside the repository" in found


def test_links_and_pictures_of_a_page_are_found() -> None:
    assert links("[a](b.md) ![c](d.png)\n\n| x |\n|---|\n| [e](https://f.test/) `[g](h)` |\n") == [
        "b.md",
        "d.png",
        "https://f.test/",
    ]
