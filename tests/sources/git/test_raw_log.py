"""The parser of `git log -z --raw`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from graphmem.sources.git.raw_log import FileChange, RawCommit, commits_of

ZERO, ONE, TWO = "0" * 40, "1" * 40, "2" * 40
A, B = "a" * 40, "b" * 40
LOG = (
    f"\x01{A}\0\x00100\x00100\0x@y\0Ann\0\n:000000 100644 {ZERO} {ONE} A\0\x01odd\n:name\0"
    f"\x01{B}\0{A}\x00200\x00150\0x@y\0Ann\0\n:100644 100644 {ONE} {TWO} R087\0\x01odd\n:name\0new/name\0"
).encode()
COMMITS = [
    RawCommit(
        A, (), 100, 100, "x@y", (FileChange("A", "\x01odd\n:name", "\x01odd\n:name", ZERO, ONE, "100644"),), "Ann"
    ),
    RawCommit(
        B, (A,), 200, 150, "x@y", (FileChange("R", "new/name", "\x01odd\n:name", ONE, TWO, "100644", 87),), "Ann"
    ),
]


@pytest.mark.parametrize("size", [1, 2, 7, 64, 10_000])
def test_chunks_may_end_anywhere_and_paths_may_hold_what_starts_a_commit(size: int) -> None:
    commits = list(commits_of(LOG[start : start + size] for start in range(0, len(LOG), size)))
    assert commits == COMMITS
    assert [(commit.committed_s, commit.authored_s) for commit in commits] == [(100, 100), (200, 150)]


def test_a_commit_without_changes_is_a_commit() -> None:
    log = f"\x01{A}\0\x00100\x00100\0x@y\0Ann\0\x01{B}\0{A}\x00200\x00200\0x@y\0Ann\0".encode()
    assert [(commit.sha, commit.changes) for commit in commits_of([log])] == [(A, ()), (B, ())]


def test_paths_that_are_not_utf8_are_kept_reversibly() -> None:
    log = f"\x01{A}\0\x00100\x00100\0x@y\0Ann\0\n:000000 100644 {ZERO} {ONE} A\0".encode() + b"caf\xe9\0"
    (commit,) = commits_of([log])
    assert commit.changes[0].path.encode("utf-8", "surrogateescape") == b"caf\xe9"


def test_the_commit_in_which_a_log_breaks_off_is_not_returned() -> None:
    def chunks() -> Iterator[bytes]:
        yield LOG
        raise OSError("killed")

    commits = commits_of(chunks())
    assert next(commits) == COMMITS[0]
    with pytest.raises(OSError, match="killed"):
        next(commits)


@pytest.mark.parametrize("log", [b"no log\0", LOG[:-12], LOG[:50]])
def test_anything_else_is_refused(log: bytes) -> None:
    with pytest.raises(ValueError, match="log of git"):
        list(commits_of([log]))
