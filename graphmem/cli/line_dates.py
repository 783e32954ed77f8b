"""When each line of a file was last changed, as git tells it."""

from __future__ import annotations

import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from graphmem.cli.first_seen import git_output, work_tree

_HEAD = re.compile(r"^(?P<commit>[0-9a-f]{40,64}) \d+ (?P<line>\d+)")
_UNCOMMITTED = re.compile(r"^0+$")


def line_dates(path: Path) -> list[datetime | None]:
    """The time of each line's last change, the first line's first; None for what is not committed. Empty without git.

    A commit's own clock is taken as it is.
    """
    file = path.resolve()
    tree = work_tree(file.parent)
    if tree is None:
        return []
    try:
        blamed = git_output(tree, ("blame", "--porcelain", "--no-textconv", "--", file.relative_to(tree).as_posix()))
    except (OSError, subprocess.SubprocessError):
        return []
    return _dates(blamed)


def _dates(blamed: str) -> list[datetime | None]:
    times: dict[str, datetime] = {}
    commits: list[str] = []
    for line in blamed.split("\n"):
        head = _HEAD.match(line)
        if line.startswith("\t"):
            continue
        if head:
            commits.append(head["commit"])
        elif line.startswith("committer-time ") and commits:
            times[commits[-1]] = datetime.fromtimestamp(int(line.partition(" ")[2]), UTC)
    return [None if _UNCOMMITTED.match(commit) else times.get(commit) for commit in commits]
