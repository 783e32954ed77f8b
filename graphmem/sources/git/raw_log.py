"""Parses the output of `git log -z --raw`: one commit after the other, from chunks of any size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

#: The arguments of `git log` for which `commits_of` parses the output, without rename options and revision.
LOG_ARGUMENTS = (
    *("log", "-z", "--reverse", "--raw", "--no-abbrev", "--first-parent", "-m", "--no-rename-empty"),
    *("--no-ext-diff", "--no-textconv", "--no-show-signature", "--format=%x01%H%x00%P%x00%ct%x00%at%x00%ae"),
)
_COMMIT, _CHANGE = b"\x01", b":"
_HEAD_TOKENS = 5


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file that a commit changed.

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


@dataclass(frozen=True, slots=True)
class RawCommit:
    """One commit of a log.

    Attributes:
        committed_s: The committer's time in seconds since 1970, as the commit has it.
        authored_s: The author's time in seconds since 1970.
        email: The author's address, as the commit has it.
    """

    sha: str
    parents: tuple[str, ...]
    committed_s: int
    authored_s: int
    email: str
    changes: tuple[FileChange, ...]


def commits_of(chunks: Iterable[bytes]) -> Iterator[RawCommit]:
    """The commits in a log, in its order.

    Args:
        chunks: The output of git with `LOG_ARGUMENTS`. If reading it raises, the commits before the one in which the
            output ended have been returned, and the error is raised to the caller.

    Raises:
        ValueError: The output is not such a log.
    """
    head: list[bytes] = []
    changes: list[FileChange] = []
    change: list[bytes] = []
    for token in _tokens(chunks):
        if change:
            change.append(token)
            if len(change) > _paths(change[0]):
                changes.append(_change(change))
                change = []
        elif head and len(head) < _HEAD_TOKENS:
            head.append(token)
        elif token.startswith(_COMMIT):
            if head:
                yield _commit(head, changes)
            head, changes = [token], []
        elif token.lstrip(b"\n").startswith(_CHANGE) and head:
            change = [token.lstrip(b"\n")]
        elif token.strip(b"\n"):
            raise ValueError(f"{token[:80]!r} is not part of a log of git")
    if change:
        raise ValueError(f"the log of git ends within {change[0][:80]!r}")
    if head:
        yield _commit(head, changes)


def _tokens(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The texts between NUL bytes."""
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\0")
        yield from whole
    if rest:
        yield rest


def _paths(words: bytes) -> int:
    """The number of paths that follow the words of a change: two for a rename or a copy."""
    return 2 if words.rpartition(b" ")[2][:1] in {b"R", b"C"} else 1


def _commit(head: list[bytes], changes: list[FileChange]) -> RawCommit:
    if len(head) < _HEAD_TOKENS:
        raise ValueError(f"the log of git ends within {head[0][:80]!r}")
    sha, parents, committed, authored, email = head
    return RawCommit(
        sha[1:].decode("ascii"),
        tuple(parents.decode("ascii").split()),
        int(committed or 0),
        int(authored or 0),
        email.decode("utf-8", "surrogateescape"),
        tuple(changes),
    )


def _change(tokens: list[bytes]) -> FileChange:
    """A change of its words `:old_mode mode old_blob blob status` and one path, or the old and the new one."""
    old_mode, mode, old_blob, blob, status = tokens[0][1:].decode("ascii").split(" ")
    old_path, path = (token.decode("utf-8", "surrogateescape") for token in (tokens[1], tokens[-1]))
    kind, similarity = status[0], status[1:]
    shown_mode = old_mode if kind == "D" else mode
    return FileChange(kind, path, old_path, old_blob, blob, shown_mode, int(similarity) if similarity else None)
