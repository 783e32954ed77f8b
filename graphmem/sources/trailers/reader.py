"""Reads the trailers of a repository, on its mainline and on unmerged branches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from graphmem.deferred_dataclass import dataclass
from graphmem.errors import InvalidInput
from graphmem.instants import from_micros, to_micros
from graphmem.model import Move, Status, instant
from graphmem.sources.git.commit_messages import arrivals
from graphmem.sources.git.commit_trailers import TrailedCommit, changed_files, trailed_commits
from graphmem.sources.git.mainline import Mainline, find_mainline
from graphmem.sources.git.revisions import local_heads
from graphmem.sources.git.runner import GitFailure
from graphmem.sources.observations import Inventory, Observation, Problem, Reading
from graphmem.sources.trailers.trailer_statements import KEY_FOLDER, SORTS, ReadTrailer, trailer_statement
from graphmem.store import Progress, silent

#: Branches that are read, those of the latest commits first.
MOST_BRANCHES = 50
#: Commits of a branch that are read, the latest of them.
MOST_BRANCH_COMMITS = 1_000
_MICROS = 1_000_000


@dataclass(frozen=True, slots=True)
class _FoundTrailer:
    """A trailer with its commit, and the position and time from which it is valid."""

    trailer: ReadTrailer
    subject: str
    position: int
    at: datetime
    is_dated: bool = True


def read_trailers(
    root: Path,
    *,
    ref: str | None = None,
    read_at: datetime,
    since: str | None = None,
    progress: Progress = silent,
) -> Reading:
    """Return the rejected options, constraints and directives in the trailers of commit messages.

    Trailers are those that git finds in a message. `Rejected` and `Ruled-out` name an option, `Constraint` and `Limit`
    a constraint, `Directive` and `Warn` a directive. Each is valid from the commit of the mainline on that brought it:
    for a commit of a merged branch, from the merge. Equal words count once, from where they came first.

    Args:
        root: A folder of the repository.
        ref: The branch, tag or commit at which the mainline ends; by default that of `find_mainline`.
        read_at: The time of reading: no commit is later.
        since: The `cursor` of an earlier reading. Only trailers that came after it are returned; all of them if it is
            not on the mainline.
        progress: Called after every commit with the number of read commits, and their total.

    Raises:
        InvalidInput: There is no git repository, or no such ref.
    """
    try:
        mainline = find_mainline(root, ref)
        mainline.finds_renames = False
        start = mainline.position_after(since)
        if start == len(mainline.shas):
            return Reading((), (), (), cursor=mainline.tip)
        found = _of_mainline(mainline, to_micros(instant(read_at)), progress)
        observations, problems = _observed(root, [each for each in found if each.position >= start])
    except GitFailure as failure:
        raise InvalidInput(f"the history of {str(root)!r} cannot be read: {failure}") from failure
    return Reading(observations, (), problems, cursor=mainline.tip)


def read_branch_trailers(root: Path, *, ref: str | None = None, read_at: datetime) -> Mapping[str, Reading]:
    """Return the statements in trailers of branches that are not merged into the mainline, by branch name.

    Args:
        root: A folder of the repository.
        ref: The branch, tag or commit at which the mainline ends; by default that of `find_mainline`.
        read_at: The time of reading: no commit is later.

    Returns:
        A complete reading for each of the latest local branches, from its own commits. Statements end that the branch
        no longer has, since it was merged or rewritten. A branch without trailers has an empty reading.

    Raises:
        InvalidInput: There is no git repository, or no such ref.
    """
    try:
        mainline = find_mainline(root, ref)
        heads = [(name, sha) for name, sha in local_heads(root) if not _is_mainline(name, mainline.ref)]
        return {name: _of_branch(root, sha, mainline.tip, instant(read_at)) for name, sha in heads[:MOST_BRANCHES]}
    except GitFailure as failure:
        raise InvalidInput(f"the branches of {str(root)!r} cannot be read: {failure}") from failure


def _is_mainline(branch: str, ref: str) -> bool:
    """Return True if a local branch is the mainline, or has that of a remote as its upstream by its name."""
    return ref == f"refs/heads/{branch}" or (ref.startswith("refs/remotes/") and ref.split("/", 3)[-1] == branch)


def complete_reading(observations: tuple[Observation, ...] = (), problems: tuple[Problem, ...] = ()) -> Reading:
    """Return the reading of all that a branch has: trailers that it has no more end."""
    keys = tuple(observation.key for observation in observations)
    return Reading(observations, (), problems, inventory=Inventory(KEY_FOLDER, keys, ends_missing=True))


def _of_branch(root: Path, head: str, tip: str, read_at: datetime) -> Reading:
    commits = list(trailed_commits(root, head, [tip]))[-MOST_BRANCH_COMMITS:]
    placed = (
        (commit, position, min(from_micros(commit.committed_s * _MICROS), read_at))
        for position, commit in enumerate(commits)
    )
    observations, problems = _observed(root, list(_first_of_each(placed, frozenset())))
    return complete_reading(observations, problems)


def _of_mainline(mainline: Mainline, read_at_us: int, progress: Progress) -> Iterator[_FoundTrailer]:
    commits = list(trailed_commits(mainline.root, mainline.tip))
    arrived = arrivals(commits, mainline.shas)
    times = _times(mainline, read_at_us, progress)
    known = (commit for commit in commits if arrived.get(commit.sha) in times)
    placed = sorted(known, key=lambda commit: arrived[commit.sha])
    dated = ((commit, arrived[commit.sha], times[arrived[commit.sha]]) for commit in placed)
    return _first_of_each(dated, mainline.boundary)


def _times(mainline: Mainline, read_at_us: int, progress: Progress) -> dict[int, datetime]:
    """Return the effective times of the commits of a mainline, by position."""
    commits = mainline.counted_commits(read_at_us, progress)
    return {commit.position: from_micros(commit.at_us) for commit in commits}


def _first_of_each(
    placed: Iterable[tuple[TrailedCommit, int, datetime]], boundary: frozenset[str]
) -> Iterator[_FoundTrailer]:
    """Yield the trailers that are read, each with equal words once."""
    seen: set[str] = set()
    for commit, position, at in placed:
        for key, value in commit.trailers:
            if key.casefold() not in SORTS or not value.strip():
                continue
            trailer = ReadTrailer(key, value, commit.sha)
            if trailer.source_key not in seen:
                seen.add(trailer.source_key)
                yield _FoundTrailer(trailer, commit.subject, position, at, commit.sha not in boundary)


def _observed(root: Path, found: Sequence[_FoundTrailer]) -> tuple[tuple[Observation, ...], tuple[Problem, ...]]:
    files = changed_files(root, list(dict.fromkeys(each.trailer.sha for each in found)))
    observations: list[Observation] = []
    problems: list[Problem] = []
    for each in found:
        trailer = each.trailer
        statement, problem = trailer_statement(trailer, each.subject, files.get(trailer.sha, ()))
        if problem:
            problems.append(Problem("", 0, f"{trailer.provenance}: {problem}"))
        observations.append(
            Observation(
                key=trailer.source_key,
                statement=statement,
                moves=(Move(Status.ACTIVE, each.at),),
                path="",
                provenance=trailer.provenance,
                is_dated=each.is_dated,
            )
        )
    return tuple(observations), tuple(problems)
