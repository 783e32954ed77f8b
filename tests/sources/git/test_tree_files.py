"""The files of a commit."""

from __future__ import annotations

from pathlib import Path

from graphmem.sources.git.tree_files import tree_files
from tests.sources.git.repositories import Repository


def test_files_folders_and_links(tmp_path: Path) -> None:
    repository = Repository.made(tmp_path / "repository")
    repository.write(**{"src__deep__a_dot_py": "a\n", "spaced name": "b\n"})
    (repository.root / "code").symlink_to("src")
    (repository.root / "src/loop").symlink_to("../code/loop")
    (repository.root / "out").symlink_to("../../etc")
    tree = tree_files(repository.root, repository.commit())
    assert set(tree.blobs) == {"src/deep/a.py", "spaced name", "code", "src/loop", "out"}
    assert tree.folders == {"src", "src/deep"}
    assert tree.by_name["a.py"] == ["src/deep/a.py"]
    assert tree.folders_by_name["deep"] == ["src/deep"]
    assert tree.links == {"code": "src", "src/loop": "code/loop"}
    assert tree.followed("code/deep/a.py") == "src/deep/a.py"
    assert tree.followed("code/loop").endswith("loop")
