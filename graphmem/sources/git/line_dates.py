"""The date of the last change of each line of a file, from git."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from difflib import SequenceMatcher
from pathlib import Path

from graphmem.sources.git.runner import GitFailure, git_text
from graphmem.sources.git.work_tree import work_tree

_HEAD = re.compile(r"^(?P<commit>[0-9a-f]{40,64}) \d+ (?P<line>\d+)")


def line_dates(path: Path) -> list[datetime | None]:
    """The time of the last change of each line, in order; None for uncommitted lines. Empty without git.

    The times are those of the commits, unchecked. Git reads the last commit only: in the work tree it would run filters
    of the repository.
    """
    file = path.resolve()
    tree = work_tree(file.parent)
    if tree is None:
        return []
    about = ("HEAD", "--", file.relative_to(tree).as_posix())
    try:
        blamed = git_text(tree, ("blame", "--porcelain", "--no-textconv", *about))
        words = file.read_bytes().decode("utf-8", "surrogateescape")
    except (OSError, GitFailure):
        return []
    return _carried_over(_committed(blamed), [line.rstrip("\r") for line in words.removesuffix("\n").split("\n")])


def _committed(blamed: str) -> list[tuple[str, datetime | None]]:
    """The lines of the last commit, each with the time of its last change."""
    times: dict[str, datetime] = {}
    lines: list[tuple[str, datetime | None]] = []
    commit = ""
    for line in blamed.split("\n"):
        head = _HEAD.match(line)
        if line.startswith("\t"):
            lines.append((line[1:].rstrip("\r"), times.get(commit)))
        elif head:
            commit = head["commit"]
        elif line.startswith("committer-time "):
            times[commit] = datetime.fromtimestamp(int(line.partition(" ")[2]), UTC)
    return lines


def _carried_over(committed: list[tuple[str, datetime | None]], lines: list[str]) -> list[datetime | None]:
    dates: list[datetime | None] = [None] * len(lines)
    for block in SequenceMatcher(None, [text for text, _ in committed], lines).get_matching_blocks():
        for number in range(block.size):
            dates[block.b + number] = committed[block.a + number][1]
    return dates
