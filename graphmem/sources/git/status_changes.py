"""The changes of the status line of each file in the history of a git repository."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from graphmem.sources.git.revisions import commit_of
from graphmem.sources.git.runner import GitFailure, git_partial_text

_LOG = (
    *("log", "--reverse", "--first-parent", "-m", "-p", "-U0", "--no-renames", "--no-color", "--no-ext-diff"),
    *("--no-textconv", "--no-show-signature", "-G^[^[:alnum:]]*[Ss]tatus", "--format=%x01%ct"),
)
_ADDED = re.compile(r"^\+[\s>*_|:<-]{0,20}status\b[\s*_|:>=\"']{0,20}(?P<said>[^\s*_|:>=\"'].{0,200})$", re.IGNORECASE)
_FILE = "+++ b/"


def status_changes(tree: Path, below: str = "") -> dict[str, list[tuple[datetime, str]]]:
    """(time, words) of each change of a status line, earliest first, by path relative to the work tree `tree`.

    Along the first-parent line a commit counts as no earlier than its parent. Empty without git; changes that a clone
    lacks are left out.

    Args:
        tree: The work tree.
        below: Only files below this folder of it.
    """
    try:
        head = commit_of(tree)
        log, _ = git_partial_text(tree, (*_LOG, "--end-of-options", head, "--", below or "."))
    except GitFailure:
        return {}
    changes: defaultdict[str, list[tuple[datetime, str]]] = defaultdict(list)
    latest = 0
    for commit in log.split("\x01")[1:]:
        when, _, patch = commit.partition("\n")
        latest = max(latest, int(when.strip() or 0))
        for path, words in _added_words(patch):
            changes[path].append((datetime.fromtimestamp(latest, UTC), words))
    return dict(changes)


def _added_words(patch: str) -> Iterator[tuple[str, str]]:
    path = ""
    for line in patch.split("\n"):
        if line.startswith("+++ "):
            path = line.removeprefix(_FILE).rstrip("\t") if line.startswith(_FILE) else ""
        elif path and (match := _ADDED.match(line)):
            yield path, match["said"].split("<")[0].strip(" \t*_|\"'")
