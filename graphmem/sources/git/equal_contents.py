"""Folders of two repositories with equal files: candidates for a move from one repository to the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from graphmem.deferred_dataclass import dataclass
from graphmem.sources.git.runner import git_text

#: Smaller files, and licences, are alike in repositories that have nothing to do with each other.
LEAST_BYTES = 200
_ANYWHERE = ("license", "licence", "copying", "notice", "code_of_conduct")
_TREE = ("ls-tree", "-r", "-l", "-z", "--full-tree", "--end-of-options", "HEAD")
_DELETED = ("log", "--first-parent", "-m", "--raw", "-z", "--no-renames", "--no-abbrev", "--diff-filter=D", "--format=")
_SAFE = ("--no-ext-diff", "--no-textconv")


@dataclass(frozen=True, slots=True)
class EqualFolders:
    """A folder of an old repository and a folder of a new repository, with files of equal content under equal names.

    Attributes:
        old: The folder in the old repository; "" for its root.
        new: The folder in the new repository.
        files: The number of equal files.
    """

    old: str
    new: str
    files: int


def equal_folders(old: Path, new: Path, *, least: int = 3) -> list[EqualFolders]:
    """Return the pairs of folders with equal files, those with the most files first.

    Only contents that are in both repositories exactly once count; a content in several places is no evidence.

    Args:
        old: A folder of a repository: its files now, and those that were deleted on its mainline.
        new: A folder of another repository: its files now.
        least: Pairs with fewer files are left out.

    Raises:
        GitFailure: A folder is in no repository, or has no commit.
    """
    before = {sha: paths for sha, paths in _by_content([*_tree(old), *_deleted(old)]).items() if len(paths) == 1}
    now = {sha: paths for sha, paths in _by_content(_tree(new)).items() if len(paths) == 1}
    votes = Counter(
        _folders(*before[sha], *paths)
        for sha, paths in now.items()
        if sha in before and not next(iter(paths)).rpartition("/")[2].lower().startswith(_ANYWHERE)
    )
    found = [EqualFolders(*pair, files) for pair, files in votes.items() if pair is not None and files >= least]
    return sorted(found, key=lambda pair: (-pair.files, pair.old, pair.new))


def _by_content(files: list[tuple[str, str]]) -> dict[str, set[str]]:
    paths: dict[str, set[str]] = {}
    for sha, path in files:
        paths.setdefault(sha, set()).add(path)
    return paths


def _tree(root: Path) -> list[tuple[str, str]]:
    """(hash, path) of the files of the last commit that are large enough."""
    found = []
    for entry in git_text(root, _TREE).split("\0"):
        head, _, path = entry.partition("\t")
        words = head.split()
        if len(words) == 4 and words[3].isdigit() and int(words[3]) >= LEAST_BYTES:  # noqa: PLR2004 - mode, kind, hash, size
            found.append((words[2], path))
    return found


def _deleted(root: Path) -> Iterator[tuple[str, str]]:
    """(hash, path) of the files that commits of the mainline deleted."""
    words = iter(git_text(root, (*_DELETED, *_SAFE, "HEAD")).split("\0"))
    for word in words:
        head = word.lstrip("\n").split()
        if len(head) == 5 and head[0].startswith(":"):  # noqa: PLR2004 - modes, hashes, status
            yield head[2], next(words, "")


def _folders(old: str, new: str) -> tuple[str, str] | None:
    """Return the folders in front of the part that two paths share at their ends; None if their names differ."""
    before, after = old.split("/"), new.split("/")
    while before and after and before[-1] == after[-1]:
        before.pop()
        after.pop()
    return None if len(before) == len(old.split("/")) else ("/".join(before), "/".join(after))
