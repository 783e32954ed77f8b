"""The mainline of a repository: the first-parent line of its default branch, each commit at a time of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from graphmem.deferred_dataclass import dataclass
from graphmem.sources.git.raw_log import LOG_ARGUMENTS, RawCommit, commits_of
from graphmem.sources.git.revisions import commit_of, first_parent_line, full_name, shallow_commits
from graphmem.sources.git.runner import GitFailure, git_stream

if TYPE_CHECKING:
    from graphmem.sources.git.refs import RefTable
    from graphmem.store import Progress

_MICROS = 1_000_000
#: Renames by similarity are looked for among so many additions and deletions of a commit, in pairs: the square of this.
RENAME_LIMIT = 4_000
_SIMILARITY = "-M50%"
_EXACT = "-M100%"
_NO_RENAMES = "--no-renames"
_TIMEOUT_S = 3_600.0
_HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_HEAD = "HEAD"
_CANDIDATES = ("refs/remotes/origin/HEAD", _HEAD)


class MainlineCommit(NamedTuple):
    """A commit of the mainline.

    Attributes:
        position: Its place on the mainline, from 0.
        at_us: Its effective time in microseconds since 1970: the committer's time, or one microsecond after the commit
            before it, if that is later.
        is_clamped: The committer's time lies after the time of reading, which replaces it.
        is_exact_only: Git lacks a content that it needed: only renames of unchanged files were found.
        is_over_limit: The commit adds and deletes too many files for renames by similarity.
    """

    position: int
    raw: RawCommit
    at_us: int
    is_clamped: bool
    is_exact_only: bool
    is_over_limit: bool


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A commit that could not be read, and the reason in git's words."""

    position: int
    sha: str
    reason: str


@dataclass(slots=True)
class Mainline:
    """A mainline that is being read.

    Attributes:
        root: A folder of the repository.
        ref: The full name of the branch or tag that it was found by, else `HEAD` or a hash.
        tip: Hash of its last commit.
        shas: Hashes of its commits in order.
        boundary: Commits at which a shallow clone ends.
        before: Hash of the commit before the first; None if the first has no parent.
        quarantined: Commits that could not be read so far.
        finds_renames: Whether git looks for renamed files. Without, a renamed file is removed and added, no content is
            read, and a log takes a fraction of the time.
    """

    root: Path
    ref: str
    tip: str
    shas: tuple[str, ...]
    boundary: frozenset[str]
    before: str | None = None
    quarantined: list[Quarantined] = field(default_factory=list)
    finds_renames: bool = True

    def commits(
        self, read_at_us: int, start: int = 0, after_us: int = -1, recorded_us: Sequence[int] = ()
    ) -> Iterator[MainlineCommit]:
        """The commits from a position on, in order; those that cannot be read are left out and listed.

        Args:
            read_at_us: The time of reading, in microseconds since 1970.
            start: Position of the first commit.
            after_us: Effective time of the commit before it.
            recorded_us: The effective times that the first commits of the mainline have already.
        """
        position, last_us = start, after_us
        for raw, is_exact in self._raw(start):
            while self.shas[position] != raw.sha:
                position += 1
            stated = raw.committed_s * _MICROS
            is_recorded = position < len(recorded_us)
            at_us = recorded_us[position] if is_recorded else max(min(stated, read_at_us), last_us + 1)
            yield MainlineCommit(position, raw, at_us, stated > read_at_us, is_exact, _is_over_limit(raw))
            last_us, position = at_us, position + 1

    def counted_commits(self, read_at_us: int, progress: Progress) -> Iterator[MainlineCommit]:
        """Yield the commits as `commits` does, and tell the progress after each, as a position of the total."""
        for commit in self.commits(read_at_us):
            yield commit
            progress(commit.position + 1, len(self.shas))

    def position_after(self, since: str | None) -> int:
        """Return the position after a commit; 0 without a commit, and for a commit that is not on the mainline."""
        return self.shas.index(since) + 1 if since in self.shas else 0

    def _raw(self, start: int) -> Iterator[tuple[RawCommit, bool]]:
        """The commits from a position on, each with whether only exact renames were looked for."""
        done = start
        while done < len(self.shas):
            try:
                for raw in self._log(done):
                    yield raw, False
                    done += 1
            except GitFailure:
                yield from self._one(done)
                done += 1
            else:
                return

    def _one(self, position: int) -> Iterator[tuple[RawCommit, bool]]:
        """The commit at which a log broke off; None if it cannot be read at all."""
        reason = "git has no such commit"
        for similarity in (_SIMILARITY, _EXACT) if self.finds_renames else (_NO_RENAMES,):
            arguments = (*LOG_ARGUMENTS, similarity, "-1", "--end-of-options", self.shas[position])
            try:
                for raw in commits_of(git_stream(self.root, arguments)):
                    yield raw, similarity == _EXACT
                    return
            except (GitFailure, ValueError) as error:
                reason = str(error)
        self.quarantined.append(Quarantined(position, self.shas[position], reason))

    def _log(self, start: int) -> Iterator[RawCommit]:
        before = self.shas[start - 1] if start else self.before
        since = (f"^{before}",) if before else ()
        renames = (_SIMILARITY, f"-l{RENAME_LIMIT}") if self.finds_renames else (_NO_RENAMES,)
        arguments = (*LOG_ARGUMENTS, *renames, "--end-of-options", self.tip, *since)
        return commits_of(git_stream(self.root, arguments, timeout_s=_TIMEOUT_S))


def find_mainline(root: Path, ref: str | None = None) -> Mainline:
    """The mainline of a repository.

    Args:
        root: A folder of the repository.
        ref: The branch, tag or commit at which it ends; the default branch of the remote, else `HEAD`, if not given.

    Raises:
        GitFailure: There is no repository, or the ref does not exist.
    """
    name, tip = find_tip(root, ref)
    line = first_parent_line(root, tip)
    return Mainline(root, name, tip, tuple(line), frozenset(shallow_commits(root)) & frozenset(line))


def find_tip(
    root: Path, ref: str | None = None, *, earlier: str | None = None, table: RefTable | None = None
) -> tuple[str, str]:
    """The full name of the branch or tag at which the mainline ends, else `HEAD` or a hash, and its commit.

    Args:
        root: A folder of the repository.
        ref: As for `find_mainline`.
        earlier: The ref of an earlier reading, preferred to the default refs: a checkout of another branch does
            not change the mainline.
        table: The refs of the repository, if they were listed: git is asked only for what they lack.

    Raises:
        GitFailure: There is no repository, or the ref does not exist.
    """
    defaults = (*((earlier,) if earlier else ()), *_CANDIDATES)
    if ref is not None:
        return _tip(root, (ref,), table)
    listed = table.named if table is not None and table.is_complete else None
    return _tip(root, [each for each in defaults if listed is None or each == _HEAD or each in listed], table)


def _tip(root: Path, refs: Sequence[str], table: RefTable | None) -> tuple[str, str]:
    """The full name of the first ref that exists, and its commit."""
    failure: GitFailure | None = None
    for ref in refs:
        listed = None if table is None else table.named.get(ref)
        if listed is not None:
            return listed
        try:
            if _HASH.fullmatch(ref):  # A full hash is never the name of a ref.
                return ref, commit_of(root, ref)
            return full_name(root, ref) or ref, commit_of(root, ref)
        except GitFailure as error:
            failure = error
    raise GitFailure(f"no commit {' or '.join(refs)} in {str(root)!r}") from failure


def _is_over_limit(raw: RawCommit) -> bool:
    added = sum(change.status == "A" for change in raw.changes)
    deleted = sum(change.status == "D" for change in raw.changes)
    return added * deleted > RENAME_LIMIT**2


def content_sizes(root: Path, blobs: Iterable[str]) -> Mapping[str, int]:
    """Sizes in bytes of contents by their hashes; those that the repository lacks are left out.

    Raises:
        GitFailure: Git could not answer.
    """
    listed = "".join(f"{blob}\n" for blob in blobs).encode("ascii")
    if not listed:
        return {}
    arguments = ("cat-file", "--batch-check=%(objectname) %(objectsize)", "--buffer")
    lines = b"".join(git_stream(root, arguments, sent=listed)).decode("ascii", "replace").splitlines()
    pairs = (line.split(" ", 1) for line in lines)
    return {words[0]: int(words[1]) for words in pairs if words[-1].isdecimal()}
