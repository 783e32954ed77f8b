"""The date of the first commit of each file of a git repository, for records without a date."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import field
from datetime import UTC, datetime
from pathlib import Path

from graphmem.deferred_dataclass import dataclass
from graphmem.sources.git.revisions import commit_of, first_parent_line, shallow_commits
from graphmem.sources.git.runner import GitFailure, git_partial_text, git_text

_LOG = ("log", "-z", "--reverse", "--first-parent", "-m", "--name-status", "-M", "--diff-filter=AR", "--no-ext-diff")
_LOG_FORM = ("--no-textconv", "--no-show-signature", "--format=%x01%H%x00%ct")
_RENAMED = "R"
# Reading goes on behind a commit whose blobs are missing, so many times.
_MOST_GAPS = 200


@dataclass(slots=True)
class FirstCommits:
    """The dates of the first commits of files.

    Attributes:
        dates: Path relative to the work tree to the time of its first commit, renames followed.
        gaps: Reasons why dates are missing or too late, as sentences; empty if the complete history was read.
    """

    dates: dict[str, datetime] = field(default_factory=dict)
    gaps: list[str] = field(default_factory=list)


def first_commits(root: Path) -> FirstCommits:
    """The date of the first commit of each file in the work tree `root`; empty without git.

    Along the first-parent line a commit counts as no earlier than its parent, since clocks may be wrong. In a clone
    without some blobs, the commits that need them are read without renames of edited files. The files at the beginning
    of a shallow clone have no date: it is older than the clone.
    """
    result = FirstCommits()
    try:
        head = commit_of(root)
    except GitFailure:
        return result
    try:
        _read_log(root, head, result)
    except (GitFailure, ValueError) as error:
        result.gaps.append(f"git log failed: {error}")
    return result


def _read_log(root: Path, head: str, result: FirstCommits) -> None:
    line = first_parent_line(root, head)
    cut = set(shallow_commits(root)) & set(line)
    if cut:
        result.gaps.append(
            "the clone is shallow: what its first commit holds is older than it knows (git fetch --unshallow)"
        )
    reader, done, gaps = _LogReader(result.dates, cut), 0, 0
    while done < len(line):
        since = () if not done else (f"^{line[done - 1]}",)
        log, is_complete = git_partial_text(root, (*_LOG, *_LOG_FORM, "--end-of-options", head, *since))
        done += reader.read(log, is_complete=is_complete)
        if is_complete:
            break
        if done < len(line):
            gaps += _read_commit(root, line[done], reader)
            done += 1
        if gaps >= _MOST_GAPS:
            result.gaps.append(
                f"git log broke off more than {_MOST_GAPS} times: {len(line) - done} commits were not read"
            )
            break
    if gaps:
        result.gaps.append(
            f"{gaps} commits lack blobs (a partial clone): a file that one of them renamed and edited begins there"
        )


def _read_commit(root: Path, commit: str, reader: _LogReader) -> bool:
    """Read the commit at which a log failed; True if it lacks blobs, so that only exact renames are seen."""
    log, is_complete = git_partial_text(root, (*_LOG, "-1", *_LOG_FORM, "--end-of-options", commit))
    if not is_complete:
        log = git_text(root, (*_LOG, "-M100%", "-1", *_LOG_FORM, "--end-of-options", commit))
    reader.read(log, is_complete=True)
    return not is_complete


@dataclass(slots=True)
class _LogReader:
    """Dates that grow commit by commit, along a line of history."""

    dates: dict[str, datetime]
    cut: set[str]
    latest: int = 0

    def read(self, log: str, *, is_complete: bool) -> int:
        """Add the commits of a log and return their number; the last commit of a failed log is left out."""
        commits = log.split("\x01")[1:]
        commits = commits if is_complete else commits[:-1]
        for commit in commits:
            name, when, *fields = commit.split("\0")
            self.latest = max(self.latest, int(when.strip() or 0))
            moment = datetime.fromtimestamp(self.latest, UTC)
            for old, new in _files(fields):
                is_older = old != new and old not in self.dates and bool(self.cut)
                if name.strip() not in self.cut and not is_older:
                    self.dates.setdefault(new, self.dates.get(old, moment))
        return len(commits)


def _files(fields: Sequence[str]) -> Iterator[tuple[str, str]]:
    """(Old path, new path) of each file that a commit added or renamed; equal for an addition."""
    words = iter([field for field in (token.lstrip("\n") for token in fields) if field])
    for status in words:
        old = next(words, "")
        yield old, next(words, "") if status.startswith(_RENAMED) else old
