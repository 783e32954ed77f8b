"""Commits by their names: hashes, tags and branches, as far as readings have recorded them."""

from __future__ import annotations

from collections.abc import Iterator

from graphmem.deferred_dataclass import dataclass
from graphmem.errors import InvalidInput, NotFound
from graphmem.repository.mainline_history import MainlineHistory

#: A name with this prefix is never read as a time.
PREFIX = "commit:"
_LEAST_PREFIX_CHARS = 4
_MOST_CANDIDATES = 10
_SHA_CHARS = 12
_HEX = frozenset("0123456789abcdef")
_READ = "graphmem ingest git reads the history of a repository"


@dataclass(frozen=True, slots=True)
class CommitPlace:
    """A commit in the history of a repository.

    Attributes:
        sha: Its hash.
        at_us: Its effective time on its own line, in microseconds since 1970.
        position: Its position on the mainline; of a commit beside it, that of the commit at which its line forks;
            -1 if its line shares no commit with the mainline.
        is_beside: Whether it lies on the line of a tag or branch beside the mainline.
    """

    sha: str
    at_us: int
    position: int
    is_beside: bool


def place_of_commit(history: MainlineHistory, name: str) -> CommitPlace:
    """Return the place of the commit that a name means: a tag, else a branch, else the beginning of a hash.

    A commit that came to the mainline by a merge has the place of that merge.

    Args:
        history: What is recorded of the repository.
        name: With or without `commit:` in front.

    Raises:
        NotFound: No recorded commit has the name; the message names the command that reads them.
        InvalidInput: Several commits begin with the name; the message lists them.
    """
    word = name.removeprefix(PREFIX)
    for kind, folder in (("tag", "refs/tags/"), ("branch", "refs/heads/"), ("branch", "refs/remotes/")):
        ref = history.refs.get((kind, word.removeprefix(folder)))
        if ref is not None and ref.sha is not None:
            return _place(history, ref.sha, name)
    found = sorted(set(_beginning_with(history, word.lower()))) if _is_hash(word.lower()) else []
    if len(found) > 1:
        listed = ", ".join(sha[:_SHA_CHARS] for sha in found[:_MOST_CANDIDATES])
        raise InvalidInput(f"{len(found)} recorded commits begin with {word!r}: {listed}; give more of the hash")
    if not found:
        raise NotFound(f"no recorded commit, tag or branch {word!r}; {_READ}")
    return _place(history, found[0], name)


def files_of(history: MainlineHistory, place: CommitPlace) -> set[str]:
    """Return the paths of all files at a commit."""
    files = history.files_at(history.times_us[place.position]) if place.position >= 0 else set()
    line = list(_side_line(history, place.sha)) if place.is_beside else []
    for commit in reversed(line):
        files.difference_update(history.sides[commit].removed)
        files.update(history.sides[commit].added)
    return files


def time_of_commit(history: MainlineHistory, sha: str) -> int | None:
    """Return the effective time of a commit on its own line, in microseconds since 1970; None if it is not recorded."""
    place = _recorded_place(history, sha)
    return None if place is None else place.at_us


def _is_hash(word: str) -> bool:
    return len(word) >= _LEAST_PREFIX_CHARS and set(word) <= _HEX


def _beginning_with(history: MainlineHistory, prefix: str) -> Iterator[str]:
    for shas in (history.shas, history.sides, history.arrivals):
        yield from (sha for sha in shas if sha.startswith(prefix))


def _place(history: MainlineHistory, sha: str, name: str) -> CommitPlace:
    place = _recorded_place(history, sha)
    if place is None:
        raise NotFound(f"commit {sha[:_SHA_CHARS]} of {name!r} is not recorded; {_READ}")
    return place


def _recorded_place(history: MainlineHistory, sha: str) -> CommitPlace | None:
    position = history.position_of(sha)
    if position is not None:
        return CommitPlace(sha, history.times_us[position], position, is_beside=False)
    if sha not in history.sides:
        if sha not in history.arrivals:
            return None
        arrival = history.arrivals[sha]
        return CommitPlace(sha, history.times_us[arrival], arrival, is_beside=False)
    line = list(_side_line(history, sha))
    parent = history.sides[line[-1]].parent
    fork = history.position_of(parent) if parent else None
    at_us = -1 if fork is None else history.times_us[fork]
    for commit in reversed(line):
        at_us = max(at_us + 1, history.sides[commit].at_us)
    return CommitPlace(sha, at_us, -1 if fork is None else fork, is_beside=True)


def _side_line(history: MainlineHistory, sha: str) -> Iterator[str]:
    """Yield the commits from one beside the mainline back to the first of its line."""
    seen: set[str] = set()
    while sha in history.sides and sha not in seen and history.position_of(sha) is None:
        seen.add(sha)
        yield sha
        sha = history.sides[sha].parent
