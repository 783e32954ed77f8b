"""Commits of a repository by their names: the commit of a ref, and where a shallow clone ends."""

from __future__ import annotations

from pathlib import Path

from graphmem.sources.git.runner import GitFailure, git_text
from graphmem.sources.git.work_tree import git_directory


def commit_of(root: Path, ref: str = "HEAD") -> str:
    """The hash of the commit that a branch, tag or hash names.

    Raises:
        GitFailure: There is no repository, or the commit does not exist.
    """
    return git_text(root, ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")).strip()


def full_name(root: Path, ref: str) -> str | None:
    """The full name of a branch or tag, as in `refs/heads/main`; None for a hash, and for `HEAD` without a branch.

    Raises:
        GitFailure: There is no repository, or the ref does not exist.
    """
    name = git_text(root, ("rev-parse", "--symbolic-full-name", "--verify", "--quiet", "--end-of-options", ref)).strip()
    return name if name.startswith("refs/") else None


def first_parent_line(root: Path, commit: str) -> list[str]:
    """The hashes of a commit and of its first parents, the first commit first.

    Raises:
        GitFailure: Git could not read them.
    """
    return git_text(root, ("rev-list", "--first-parent", "--reverse", "--end-of-options", commit)).split()


def shallow_commits(root: Path) -> list[str]:
    """The hashes of the commits at which a shallow clone ends; empty for a complete repository."""
    try:
        return _shallow_file(root).read_text(encoding="ascii").split()
    except (GitFailure, OSError, ValueError):
        return []


def _shallow_file(root: Path) -> Path:
    found = git_directory(root)
    if found is not None:
        return found.common / "shallow"
    return root / git_text(root, ("rev-parse", "--git-path", "shallow")).strip()


def local_heads(root: Path) -> list[tuple[str, str]]:
    """The name and the commit of each local branch, that of the latest commit first.

    Raises:
        GitFailure: Git could not list them.
    """
    form = "--format=%(objectname)%00%(refname:lstrip=2)"
    listed = git_text(root, ("for-each-ref", "--sort=-committerdate", form, "refs/heads/")).splitlines()
    pairs = (line.split("\0", 1) for line in listed)
    return [(name, sha) for sha, name in pairs]
