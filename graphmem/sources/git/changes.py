"""Changes of a repository as unified diffs, and the files of its last commit; nothing in the work tree is run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from graphmem.errors import InvalidInput, NotFound
from graphmem.sources.git.file_versions import contents
from graphmem.sources.git.revisions import commit_of
from graphmem.sources.git.runner import GitFailure, git_text

#: The tree without files; every repository has it.
_EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
#: With the whole file around each change, the imports of a file before the change can be read.
_OPTIONS = ("-r", "-p", "-M", "--no-color", "--no-ext-diff", "--no-textconv", "--full-index", "--unified=1000000")
_MOST_AT_ONCE = 200


def staged_diff(root: Path) -> str:
    """Return the diff of the next commit, with whole files; only the index is read.

    Raises:
        GitFailure: There is no repository, or git could not read it.
    """
    try:
        base = commit_of(root)
    except GitFailure:
        base = _EMPTY_TREE
    return git_text(root, ("diff-index", "--cached", *_OPTIONS, "--end-of-options", base))


def range_diff(root: Path, commits: str) -> str:
    """Return the diff between two commits, with whole files.

    Args:
        root: A folder of the repository.
        commits: `A..B`; or `A...B` for the changes of B since it left A. An empty side is `HEAD`.

    Raises:
        InvalidInput: The text is no range.
        NotFound: A commit does not exist.
        GitFailure: There is no repository, or git could not read it.
    """
    is_symmetric = "..." in commits
    first, dots, last = commits.partition("..." if is_symmetric else "..")
    if not dots:
        raise InvalidInput(f"{commits!r} is no range of commits; write A..B, or A...B for what changed since B left A")
    start, end = _named_commit(root, first or "HEAD"), _named_commit(root, last or "HEAD")
    if is_symmetric:
        start = git_text(root, ("merge-base", start, end)).strip()
    return git_text(root, ("diff-tree", *_OPTIONS, "--end-of-options", start, end))


def _named_commit(root: Path, name: str) -> str:
    git_text(root, ("rev-parse", "--git-dir"))  # Fails outside of a repository, where no name would help.
    try:
        return commit_of(root, name)
    except GitFailure as error:
        raise NotFound(f"no commit {name!r} in this repository") from error


def committed_texts(root: Path, paths: Sequence[str]) -> dict[str, str]:
    """Return the texts of some files at the last commit, by path; files that it does not have are left out.

    Args:
        root: The root of the work tree.
        paths: Paths relative to it.

    Raises:
        GitFailure: There is no commit, or git could not read it.
    """
    commit = commit_of(root)
    hashes: dict[str, str] = {}
    for start in range(0, len(paths), _MOST_AT_ONCE):
        listed = git_text(root, ("ls-tree", "-z", "--full-tree", commit, "--", *paths[start : start + _MOST_AT_ONCE]))
        for row in filter(None, listed.split("\0")):
            about, _, path = row.partition("\t")
            mode, kind, sha = about.split(" ")
            if kind == "blob" and mode != "120000":
                hashes[path] = sha
    by_hash = dict(contents(root, list(dict.fromkeys(hashes.values()))))
    read = ((path, by_hash.get(sha)) for path, sha in hashes.items())
    return {path: content.decode("utf-8", "replace") for path, content in read if content is not None}
