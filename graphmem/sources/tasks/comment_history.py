"""TODO and FIXME comments along a mainline, from the lines that each commit adds and removes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field, replace
from pathlib import Path

from graphmem.deferred_dataclass import dataclass
from graphmem.sources.git.runner import GitFailure, git_stream
from graphmem.sources.observations import Problem
from graphmem.sources.tasks.comments import MAX_LINE_CHARS, comment_task, has_comments
from graphmem.sources.tasks.histories import TaskHistories, TaskPoint
from graphmem.sources.tasks.records import TaskRecord

_LOG = (
    *("log", "--reverse", "--first-parent", "-m", "-p", "-U0", "--no-renames", "--no-color", "--no-ext-diff"),
    *("--no-textconv", "--no-show-signature", "--root", "--submodule=short", "--src-prefix=a/", "--dst-prefix=b/"),
    *("-GTODO|FIXME", "--format=%x01%H"),
)
_EXCLUDED = ("--", ":(top)", ":(top,exclude).beads", ":(top,exclude,glob)**/*.jsonl", ":(top,exclude,glob)**/*.json")
_TIMEOUT_S = 1_800.0
#: Commits for a git process. If git fails, each half is read separately, down to the commit that cannot be read.
_PART = 500
_HUNK = re.compile(rb"^@@ -\d+(?:,(?P<old>\d+))? \+(?P<start>\d+)(?:,(?P<new>\d+))? @@")
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)")
_ESCAPED = {b"n": b"\n", b"t": b"\t", b"a": b"\a", b"b": b"\b", b"v": b"\v", b"f": b"\f", b"r": b"\r"}
_MARKS = (b"TODO", b"FIXME")
_MAX_FILES = 20


@dataclass(frozen=True, slots=True)
class CommentChange:
    """A line with TODO or FIXME that a commit added or removed."""

    sha: str
    path: str
    line: int
    text: str
    is_added: bool


@dataclass(slots=True)
class CommentHistory:
    """The comments of a repository while its mainline is read.

    Attributes:
        histories: Their lives.
        problems: Commits whose changes could not be read, with their positions.
    """

    histories: TaskHistories = field(default_factory=TaskHistories)
    problems: list[tuple[int, Problem]] = field(default_factory=list)
    _counts: Counter[str] = field(default_factory=Counter)

    def read(self, root: Path, points: Sequence[TaskPoint]) -> None:
        """Take in the commits of a mainline, all of them in order."""
        of_sha = {point.sha: point for point in points}
        for start in range(0, len(points), _PART):
            for changes in self._part(root, points, start, min(start + _PART, len(points))):
                self.take(of_sha[changes[0].sha], changes)

    def take(self, point: TaskPoint, changes: Iterable[CommentChange]) -> None:
        """Take in the changes of a commit. A line that it removes and adds elsewhere has moved."""
        seen: dict[str, tuple[TaskRecord, TaskPoint]] = {}
        touched: dict[str, None] = {}
        for change in changes:
            record = comment_task(change.text, change.path)
            if record is None:
                continue
            touched[record.id] = None
            self._counts[record.id] = max(self._counts[record.id] + (1 if change.is_added else -1), 0)
            if change.is_added:
                first, at = seen.get(record.id, (record, replace(point, path=change.path, line=change.line)))
                files = tuple(dict.fromkeys((*first.files, change.path)))[:_MAX_FILES]
                seen[record.id] = (replace(first, files=files), at)
        for task_id in touched:
            if self._counts[task_id] <= 0:
                self.histories.lose(task_id, point)
            elif task_id in seen:
                self.histories.see(*seen[task_id])

    def _part(self, root: Path, points: Sequence[TaskPoint], start: int, end: int) -> Iterator[list[CommentChange]]:
        """The changes of the commits from one position to another, by commit."""
        since = (f"^{points[start - 1].sha}",) if start else ()
        arguments = (*_LOG, "--end-of-options", points[end - 1].sha, *since, *_EXCLUDED)
        try:
            yield from list(changes_of(git_stream(root, arguments, timeout_s=_TIMEOUT_S)))
        except GitFailure as failure:
            if end - start > 1:
                middle = (start + end) // 2
                yield from self._part(root, points, start, middle)
                yield from self._part(root, points, middle, end)
            else:
                reason = f"the comments that commit {points[start].sha} changed could not be read: {failure}"
                self.problems.append((points[start].position, Problem("", 0, reason)))


def changes_of(chunks: Iterable[bytes]) -> Iterator[list[CommentChange]]:
    """The changed lines with TODO or FIXME in a log with patches, by commit; commits without them are left out."""
    sha, path, listed = "", "", []
    old = new = number = 0
    for line in _lines(chunks):
        if old > 0 or new > 0:
            is_added = line.startswith(b"+")
            if (is_added or line.startswith(b"-")) and any(mark in line for mark in _MARKS) and has_comments(path):
                text = line[1 : MAX_LINE_CHARS + 2].decode("utf-8", "replace")
                listed.append(CommentChange(sha, path, number, text, is_added))
            old, new, number = old - line.startswith(b"-"), new - is_added, number + is_added
        elif line.startswith(b"\x01"):
            if listed:
                yield listed
            sha, path, listed = line[1:].decode("ascii", "replace"), "", []
        elif line.startswith((b"--- ", b"+++ ")):
            path = _path(line) or path
        elif (hunk := _HUNK.match(line)) is not None:
            old, new = (int(hunk[side] or 1) for side in ("old", "new"))
            number = int(hunk["start"])
    if listed:
        yield listed


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    begun: list[bytes] = []
    for chunk in chunks:
        first, *others = chunk.split(b"\n")
        begun.append(first)
        if others:
            yield b"".join(begun)
            yield from others[:-1]
            begun = [others[-1]]
    if any(begun):
        yield b"".join(begun)


def _path(line: bytes) -> str:
    """The path of a line `--- a/PATH` or `+++ b/PATH`, which git quotes if it has unusual characters; '' for none."""
    name = line[4:].rstrip(b"\t\r")
    if name.startswith(b'"') and name.endswith(b'"'):
        name = _ESCAPE.sub(_unescaped, name[1:-1])
    return name[2:].decode("utf-8", "replace") if name.startswith((b"a/", b"b/")) else ""


def _unescaped(escape: re.Match[bytes]) -> bytes:
    code = escape[1]
    return bytes([int(code, 8) & 0xFF]) if len(code) == 3 else _ESCAPED.get(code, code)  # noqa: PLR2004 - octal digits
