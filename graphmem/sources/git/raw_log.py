"""Parses the output of `git log -z --raw` commit by commit, from chunks of any size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import NamedTuple

#: The arguments of `git log` for which `commits_of` parses the output, without rename options and revision.
LOG_ARGUMENTS = (
    *("log", "-z", "--reverse", "--raw", "--no-abbrev", "--first-parent", "-m", "--no-rename-empty"),
    *("--no-ext-diff", "--no-textconv", "--no-show-signature", "--format=%x01%H%x00%P%x00%ct%x00%at%x00%ae%x00%an"),
)
_COMMIT, _CHANGE = "\x01", ":"
#: Tokens of the head of a commit after the first.
_HEAD_TOKENS = 5


class FileChange(NamedTuple):
    """A file that a commit changed.

    Attributes:
        status: `A` added, `D` deleted, `M` modified, `T` type changed, `R` renamed.
        path: The path after the commit; of a deletion, before it. Bytes that are not UTF-8 are surrogates.
        old_path: The path before the commit; equal to `path` unless the file was renamed.
        old_blob: Hash of the content before the commit; zeros for an addition.
        blob: Hash of the content after the commit; zeros for a deletion.
        mode: File mode after the commit, of a deletion before it: `160000` is a submodule, `120000` a link.
        similarity: Percent of a rename; None for other changes.
    """

    status: str
    path: str
    old_path: str
    old_blob: str
    blob: str
    mode: str
    similarity: int | None = None


class RawCommit(NamedTuple):
    """A commit of a log.

    Attributes:
        committed_s: The committer's time in seconds since 1970, as the commit has it.
        authored_s: The author's time in seconds since 1970.
        email: The author's address, as the commit has it; `name` is the name.
    """

    sha: str
    parents: tuple[str, ...]
    committed_s: int
    authored_s: int
    email: str
    changes: tuple[FileChange, ...]
    name: str = ""


def commits_of(chunks: Iterable[bytes]) -> Iterator[RawCommit]:
    """The commits in a log, in its order.

    Args:
        chunks: The output of git with `LOG_ARGUMENTS`. If reading it raises, the commits before the one in which the
            output ended have been returned, and the error is raised to the caller.

    Raises:
        ValueError: The output is not the output of git with `LOG_ARGUMENTS`.
    """
    head: list[str] = []
    changes: list[FileChange] = []
    tokens = chain.from_iterable(_tokens(chunks))
    for token in tokens:
        words = token.lstrip("\n")
        if words.startswith(_CHANGE) and head:
            changes.append(_change(words, tokens))
        elif token.startswith(_COMMIT):
            if head:
                yield _commit(head, changes)
            head, changes = [token, *islice(tokens, _HEAD_TOKENS)], []
        elif words:
            raise ValueError(f"{token[:80]!r} is not part of a log of git")
    if head:
        yield _commit(head, changes)


def _tokens(chunks: Iterable[bytes]) -> Iterator[list[str]]:
    """The texts between NUL bytes, as many at a time as a chunk completes."""
    rest: list[bytes] = []
    for chunk in chunks:
        complete, separator, after = chunk.rpartition(b"\0")
        if separator:
            yield b"".join((*rest, complete)).decode("utf-8", "surrogateescape").split("\0")
            rest = []
        rest.append(after)
    last = b"".join(rest)
    if last:
        yield [last.decode("utf-8", "surrogateescape")]


def _commit(head: list[str], changes: list[FileChange]) -> RawCommit:
    if len(head) <= _HEAD_TOKENS:
        raise ValueError(f"the log of git ends within {head[0][:80]!r}")
    sha, parents, committed, authored, email, name = head
    seconds = int(committed or 0), int(authored or 0)
    return RawCommit(sha[1:], tuple(parents.split()), *seconds, email, tuple(changes), name)


def _change(words: str, tokens: Iterator[str]) -> FileChange:
    """A change of its words `:old_mode mode old_blob blob status` and a path, or the old and the new path."""
    old_mode, mode, old_blob, blob, status = words[1:].split(" ")
    old_path = path = next(tokens, None)
    kind = status[0]
    if kind in "RC":
        path = next(tokens, None)
    if old_path is None or path is None:
        raise ValueError(f"the log of git ends within {words[:80]!r}")
    similarity = int(status[1:]) if len(status) > 1 else None
    return FileChange(kind, path, old_path, old_blob, blob, old_mode if kind == "D" else mode, similarity)
