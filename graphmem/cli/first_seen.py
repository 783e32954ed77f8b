"""When each file of a git repository was first committed, for records that carry no date of their own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

_TIMEOUT_S = 60
# Nothing of the repository's own may run: no hooks, monitors, external diffs, signature checks or remote helpers.
_SAFE = (
    "git",
    "--no-pager",
    "--no-replace-objects",
    *("-c", "protocol.ext.allow=never"),
    *("-c", "core.fsmonitor="),
    *("-c", f"core.hooksPath={os.devnull}"),
    *("-c", "log.follow=false"),
    *("-c", "log.showSignature=false"),
)
_LOG = ("log", "-z", "--reverse", "--first-parent", "-m", "--name-status", "-M", "--diff-filter=AR", "--no-ext-diff")
_LOG_FORM = ("--no-textconv", "--no-show-signature", "--format=%x01%ct")
_RENAMED = "R"


def work_tree(folder: Path) -> Path | None:
    """The root of the git work tree around a folder, found without starting git."""
    here = folder.resolve()
    return next((place for place in (here, *here.parents) if (place / ".git").exists()), None)


def first_commits(root: Path) -> dict[str, datetime]:
    """Path relative to the work tree `root` to the time of its first commit, renames followed; empty without git.

    Along the first-parent line a commit counts as no earlier than the one before it, since clocks lie.
    """
    try:
        head = git_output(root, ("rev-parse", "--verify", "--quiet", "--end-of-options", "HEAD^{commit}")).strip()
        return _dates(git_output(root, (*_LOG, *_LOG_FORM, "--end-of-options", head)))
    except (OSError, subprocess.SubprocessError):
        return {}


def git_output(root: Path, arguments: Sequence[str]) -> str:
    """What git answers in a folder, with nothing of the repository's own run."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
    }
    done = subprocess.run(  # noqa: S603 - a fixed program, an argument list, no shell
        [*_SAFE, *arguments],
        cwd=root,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=_TIMEOUT_S,
        check=True,
    )
    return done.stdout.decode("utf-8", "surrogateescape")


def _dates(log: str) -> dict[str, datetime]:
    dates: dict[str, datetime] = {}
    latest = 0
    for commit in log.split("\x01")[1:]:
        fields = commit.split("\0")
        latest = max(latest, int(fields[0].strip() or 0))
        moment = datetime.fromtimestamp(latest, UTC)
        for old, new in _files(fields[1:]):
            dates.setdefault(new, dates.get(old, moment))
    return dates


def _files(fields: Sequence[str]) -> Iterator[tuple[str, str]]:
    """(Old path, new path) of each file that a commit added or renamed; equal for an addition."""
    words = iter([field for field in (one.lstrip("\n") for one in fields) if field])
    for status in words:
        old = next(words, "")
        yield old, next(words, "") if status.startswith(_RENAMED) else old
