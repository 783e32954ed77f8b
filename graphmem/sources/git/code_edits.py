"""The changes of chosen files along a mainline, and all changes of chosen commits."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from graphmem.sources.git.raw_log import LOG_ARGUMENTS, RawCommit, commits_of
from graphmem.sources.git.runner import GitFailure, git_stream
from graphmem.symbols.code_changes import CommittedEdit

_TIMEOUT_S = 600.0
#: Paths named in a single command line.
_MOST_PATHS = 500
#: Files that a commit may change; larger commits are skipped.
_MOST_CHANGES = 5_000
_REGULAR = frozenset({"100644", "100755"})


def edits_of(
    root: Path, tip: str, before: str | None, paths: Collection[str], positions: Mapping[str, int]
) -> Iterator[CommittedEdit]:
    """Yield the changes of files along the first-parent line to a commit, in order for each file, without renames.

    Args:
        root: A folder of the repository.
        tip: The last commit.
        before: The commit before the first; None for all.
        paths: Paths of the files.
        positions: Positions of the mainline's commits by their hashes; other commits are left out.

    Raises:
        GitFailure: Git could not read them.
    """
    since = () if before is None else (f"^{before}",)
    listed = sorted(paths)
    for start in range(0, len(listed), _MOST_PATHS):
        names = [f":(top,literal){path}" for path in listed[start : start + _MOST_PATHS]]
        arguments = (*LOG_ARGUMENTS, "--no-renames", "--end-of-options", tip, *since, "--", *names)
        for commit in commits_of(git_stream(root, arguments, timeout_s=_TIMEOUT_S)):
            if commit.sha in positions:
                yield from _edits(commit, positions[commit.sha])


def edits_at(
    root: Path, commits: Collection[str], positions: Mapping[str, int]
) -> Iterator[tuple[int, Sequence[CommittedEdit]]]:
    """(Position, all changes of regular files) of some commits against their first parents, with renames.

    A commit that changes very many files, and the commits after a commit that git cannot read, are left out.
    """
    arguments = (*LOG_ARGUMENTS, "-M50%", "--no-walk=unsorted", "--stdin")
    sent = "".join(f"{commit}\n" for commit in commits).encode("ascii")
    try:
        for commit in commits_of(git_stream(root, arguments, timeout_s=_TIMEOUT_S, sent=sent)) if sent else ():
            if len(commit.changes) <= _MOST_CHANGES and commit.sha in positions:
                position = positions[commit.sha]
                yield position, tuple(_edits(commit, position))
    except GitFailure:
        return


def _edits(commit: RawCommit, position: int) -> Iterator[CommittedEdit]:
    for change in commit.changes:
        if change.mode in _REGULAR:
            old = "" if change.status == "A" else change.old_blob
            new = "" if change.status == "D" else change.blob
            yield CommittedEdit(position, change.old_path, old, change.path, new)
