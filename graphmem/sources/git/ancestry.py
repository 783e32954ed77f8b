"""The first-parent line of a commit and the other commits that came with each of its merges, from one list of git."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from pathlib import Path

from graphmem.deferred_dataclass import dataclass
from graphmem.sources.git.runner import git_stream

_TIMEOUT_S = 600.0


@dataclass(frozen=True, slots=True)
class Ancestry:
    """The ancestors of a commit.

    Attributes:
        line: Hashes of the commit and of its first parents, the first commit first.
        arrivals: (hash, position) of each other ancestor and the commit of the line with which it arrived, sorted by
            position.
        before: Hash of the commit before the first of the line; None if that has no parent.
    """

    line: tuple[str, ...]
    arrivals: tuple[tuple[str, int], ...] = ()
    before: str | None = None

    def since(self, first: str) -> Ancestry:
        """Return the ancestry whose line begins with a commit: all before it arrived with it."""
        cut = self.line.index(first)
        if not cut:
            return self
        earlier = sorted([*self.line[:cut], *(sha for sha, position in self.arrivals if position <= cut)])
        later = ((sha, position - cut) for sha, position in self.arrivals if position > cut)
        return Ancestry(self.line[cut:], (*((sha, 0) for sha in earlier), *later), self.line[cut - 1])

    def arrived(self, start: int, end: int) -> tuple[tuple[str, int], ...]:
        """The arrivals with the commits from a position up to another."""
        first, last = (bisect_left(self.arrivals, at, key=itemgetter(1)) for at in (start, end))
        return self.arrivals[first:last]


def ancestry_of(root: Path, tip: str) -> Ancestry:
    """The ancestry of a commit.

    Raises:
        GitFailure: Git could not list them.
    """
    line, arrivals, _ = _listed(root, tip)
    return Ancestry(line, arrivals)


def continued(root: Path, tip: str, recorded: Sequence[str]) -> Ancestry | None:
    """The ancestry of a commit whose line begins with recorded commits; None if it does not continue them.

    Only what is new is read: `arrivals` lacks what arrived with the recorded commits.

    Args:
        root: A folder of the repository.
        tip: The commit.
        recorded: Hashes of the first commits of its line, at least one.

    Raises:
        GitFailure: Git could not list them; the repository may lack the recorded commits.
    """
    if tip == recorded[-1]:
        return Ancestry(tuple(recorded))
    line, arrivals, before = _listed(root, tip, recorded[-1])
    if not line or before != recorded[-1]:
        return None
    known = len(recorded)
    return Ancestry((*recorded, *line), tuple((sha, known + position) for sha, position in arrivals))


def _listed(
    root: Path, tip: str, without: str | None = None
) -> tuple[tuple[str, ...], tuple[tuple[str, int], ...], str | None]:
    """The line of a commit, the arrivals, and the first parent of the line's first commit, without some ancestors.

    Args:
        root: A folder of the repository.
        tip: The commit.
        without: Neither this commit nor its ancestors are listed.
    """
    excluded = (f"^{without}",) if without else ()
    arguments = ("rev-list", "--parents", "--topo-order", "--end-of-options", tip, *excluded)
    line: list[str] = []
    others: list[tuple[str, int]] = []
    #: How far before the tip the earliest child on or beside the line arrived; children come before their parents.
    backs: dict[str, int] = {}
    following: str | None = tip
    for sha, *parents in _rows(git_stream(root, arguments, timeout_s=_TIMEOUT_S)):
        back = backs.pop(sha, 0)
        if sha == following:
            back = len(line)
            line.append(sha)
            following = parents[0] if parents else None
        else:
            others.append((sha, back))
        for parent in parents:
            backs[parent] = max(back, backs.get(parent, 0))
    last = len(line) - 1
    arrivals = sorted(((sha, last - back) for sha, back in others), key=lambda pair: (pair[1], pair[0]))
    return tuple(reversed(line)), tuple(arrivals), following


def _rows(chunks: Iterable[bytes]) -> Iterator[list[str]]:
    """The words of each line."""
    rest = b""
    for chunk in chunks:
        whole, _, rest = (rest + chunk).rpartition(b"\n")
        yield from map(str.split, whole.decode("ascii").splitlines())
