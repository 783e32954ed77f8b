"""The last commits of branches by their name, and the commits that only a branch has."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from graphmem.sources.git.runner import git_partial_text, git_text

_LOCAL, _REMOTE = "refs/heads/", "refs/remotes/"


def branch_heads(root: Path, name: str) -> set[str]:
    """Return the last commits of a branch: the local one and those of remotes; empty if no branch has the name.

    Raises:
        GitFailure: There is no repository.
    """
    listed = git_text(root, ("for-each-ref", "--format=%(objectname)%00%(refname)", _LOCAL, _REMOTE))
    pairs = (line.split("\0") for line in listed.splitlines())
    return {sha for sha, full_name in pairs if _name_of(full_name) == name}


def _name_of(full_name: str) -> str:
    if full_name.startswith(_LOCAL):
        return full_name.removeprefix(_LOCAL)
    return full_name.removeprefix(_REMOTE).partition("/")[2]


@dataclass(frozen=True, slots=True)
class OwnCommits:
    """The commits that a branch and the mainline share last, and those that only the branch has."""

    bases: tuple[str, ...]
    own: tuple[str, ...]


def own_commits(root: Path, tip: str, head: str) -> OwnCommits:
    """Return what a branch has beside a mainline.

    Args:
        root: A folder of the repository.
        tip: Hash of the last commit of the mainline.
        head: Hash of the last commit of the branch.

    Raises:
        GitFailure: Git does not have the commits.
    """
    bases = git_partial_text(root, ("merge-base", "--all", "--end-of-options", tip, head))[0].split()
    own = ("rev-list", "--end-of-options", head, *(f"^{base}" for base in bases))
    return OwnCommits(tuple(bases), tuple(git_text(root, own).split()))
