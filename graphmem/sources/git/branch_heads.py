"""The last commits of branches by their name, and the commits that only a branch has."""

from __future__ import annotations

from pathlib import Path

from graphmem.deferred_dataclass import dataclass
from graphmem.sources.git.runner import GitFailure, git_partial_text, git_text

_LOCAL, _REMOTE = "refs/heads/", "refs/remotes/"
#: Entries of a reflog that are looked at, the latest first.
_MOST_ENTRIES = 500


def branch_heads(root: Path, name: str) -> set[str]:
    """Return the last commits of a branch, local and remote; empty if no branch has the name.

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
    """Return the commits that a branch has and a mainline does not.

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


def former_line(root: Path, ref: str, without: tuple[str, ...]) -> set[str]:
    """Return the commits on the first-parent lines of all commits at which a branch of this clone ever was.

    A branch that was rebased or reset lost commits that no reading may have seen. Git's log of the branch has them; a
    fresh clone has no log of them.

    Args:
        root: A folder of the repository.
        ref: The full name of a branch; its local and its remote branch count.
        without: Commits whose ancestors are left out.

    Raises:
        GitFailure: Git does not have the commits.
    """
    name = _name_of(ref)
    tips: set[str] = set()
    for place in {ref, f"{_LOCAL}{name}", f"{_REMOTE}origin/{name}"}:
        try:
            listed = git_text(root, ("rev-list", "-g", f"--max-count={_MOST_ENTRIES}", "--end-of-options", place))
        except GitFailure:
            continue  # The branch does not exist, or has no log.
        tips.update(listed.split())
    if not tips:
        return set()
    excluded = (f"^{commit}" for commit in without)
    return set(git_text(root, ("rev-list", "--first-parent", "--end-of-options", *sorted(tips), *excluded)).split())
