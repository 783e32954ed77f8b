"""Messages of the commits of a mainline and of those that it merged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from graphmem.deferred_dataclass import dataclass
from graphmem.sources.git.runner import git_stream

MAX_MESSAGE_CHARS = 20_000
_FORMAT = "--format=%x01%H%x00%P%x00%B"
_LOG = ("log", "-z", "--no-color", "--no-show-signature", "--no-patch", "--encoding=UTF-8")
_TIMEOUT_S = 600.0
_FIELDS = 3


@dataclass(frozen=True, slots=True)
class CommitMessage:
    """A commit with its message.

    Attributes:
        text: The message; at most `MAX_MESSAGE_CHARS`.
    """

    sha: str
    parents: tuple[str, ...]
    text: str

    @property
    def subject(self) -> str:
        """The first line of the message."""
        return self.text.strip().partition("\n")[0].strip()


def messages_of(root: Path, tip: str) -> Iterator[CommitMessage]:
    """The messages of a commit and of all its ancestors, ancestors first.

    Raises:
        GitFailure: Git could not read them.
    """
    arguments = (*_LOG, "--reverse", "--topo-order", _FORMAT, "--end-of-options", tip)
    return _parsed(git_stream(root, arguments, timeout_s=_TIMEOUT_S))


class _Commit(Protocol):
    @property
    def sha(self) -> str: ...
    @property
    def parents(self) -> tuple[str, ...]: ...


def arrivals(commits: Iterable[_Commit], line: Sequence[str]) -> dict[str, int]:
    """The position on a mainline at which each commit came to it, by its hash.

    Args:
        commits: The commits of the mainline and all their ancestors.
        line: The hashes of the mainline, the first commit first.
    """
    parents = {commit.sha: commit.parents for commit in commits}
    arrived: dict[str, int] = {}
    for position, sha in enumerate(line):
        waiting = [sha]
        while waiting:
            reached = waiting.pop()
            if reached not in arrived and reached in parents:
                arrived[reached] = position
                waiting.extend(parents[reached])
    return arrived


def _parsed(chunks: Iterable[bytes]) -> Iterator[CommitMessage]:
    fields: list[bytes] = []
    for token in nul_tokens(chunks):
        fields.append(token)
        if len(fields) == _FIELDS:
            sha, parents, message = (field.decode("utf-8", "replace") for field in fields)
            text = message[:MAX_MESSAGE_CHARS]
            yield CommitMessage(sha.lstrip("\x01"), tuple(parents.split()), text)
            fields = []


def nul_tokens(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the texts between NUL bytes."""
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\0")
        yield from whole
    if rest:
        yield rest
