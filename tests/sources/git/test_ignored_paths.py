"""Which paths git ignores, compared with git itself."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from graphmem.sources.git.ignored_paths import IgnoredPaths
from tests.sources.git.repositories import Repository

ROOT = """
# a comment
*.log
!keep.log
/top.txt
build/
docs/*.html
a/**/z
**/cache
temp[0-9].x
te?t
\\#hash
deep/**
space\\ name
"""
INNER = "!x.log\nlocal\n"
PATHS = (
    *("a.log", "keep.log", "in/a.log", "top.txt", "in/top.txt", "build/x", "in/build/y", "docs/a.html"),
    *("docs/in/a.html", "a/z", "a/b/c/z", "a/b/z/y", "x/cache/y", "cache", "temp1.x", "tempa.x"),
    *("test", "teest", "#hash", "deep/x/y", "other"),
    *("inner/x.log", "inner/y.log", "inner/local", "inner/deep/local", "local"),
)  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_git_agrees(tmp_path: Path, path: str) -> None:
    repository = Repository.made(tmp_path / "repository")
    repository.write(_dot_gitignore=ROOT, inner___dot_gitignore=INNER)
    done = subprocess.run(["git", "check-ignore", "-q", path], cwd=repository.root, check=False)
    assert (path in IgnoredPaths({"": ROOT, "inner": INNER})) == (done.returncode == 0)


def test_folders_end_in_a_slash() -> None:
    ignored = IgnoredPaths({"": "build/\n"})
    assert "build/" in ignored
    assert "build" not in ignored
    assert "" not in ignored


@pytest.mark.parametrize("text", ["[", "[]a", "[z-a]", "***", "!", "/", "\\", "[!"])
def test_odd_patterns_ignore_no_other_path(text: str) -> None:
    assert "src/other.py" not in IgnoredPaths({"": text}) or text == "***"
