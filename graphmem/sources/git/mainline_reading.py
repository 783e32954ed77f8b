"""Reads what is new on the mainline of a repository, in batches that each make one entry of the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from pathlib import Path

from graphmem.instants import to_micros
from graphmem.repository.mainline_history import MainlineHistory
from graphmem.repository.mainline_rows import MainlineRows, RefRow, SegmentRow, SideCommit, UnreadCommit
from graphmem.repository.path_names import path_of_text, text_of_path
from graphmem.sources.git.lineages import Lineages, PathSegment
from graphmem.sources.git.mainline import Mainline, MainlineCommit, content_sizes, find_mainline
from graphmem.sources.git.raw_log import FileChange
from graphmem.sources.git.refs import arrivals, refs_of, side_commits
from graphmem.sources.git.revisions import commit_of
from graphmem.sources.git.runner import GitFailure, git_stream

#: Commits of one entry of the ledger.
BATCH = 5_000
#: Commits that are held in memory together.
_CHUNK = 500
#: Commits before the new ones that are read again: twice the distance over which a moved file is recognised.
_LOOK_BACK = 100
_BRANCHES = ("refs/heads/", "refs/remotes/")
_NO_BLOB = "0" * 40


@dataclass(frozen=True, slots=True)
class MainlineBatch:
    """A part of a mainline as it is recorded.

    Attributes:
        ref: The name under which the mainline was read.
        tip: Hash of its last commit in this part.
        commits: The number of mainline commits up to it.
        rows: What the part adds to the history.
        total: The number of mainline commits in all.
    """

    ref: str
    tip: str
    commits: int
    rows: MainlineRows
    total: int


class MainlineReader:
    """Reads the mainline of one repository.

    Args:
        root: A folder of the repository.
        ref: The branch, tag or commit at which the mainline ends; the default branch, else `HEAD`, if not given.
        since: The branch, tag or commit of the mainline with which its history begins; its files count as added by it.
            If not given, the history begins where that of earlier readings does, else with the first commit.
        read_at: The time of reading: no commit counts as later.

    Raises:
        GitFailure: There is no repository, no such ref, or `since` is not on the mainline.
    """

    def __init__(self, root: Path, *, ref: str | None = None, since: str | None = None, read_at: datetime) -> None:
        self._root = root
        self._named = ref
        self._read_at_us = to_micros(read_at)
        self._mainline = find_mainline(root, ref)
        self._first = None if since is None else commit_of(root, since)
        if self._first is not None and self._first not in self._mainline.shas:
            raise GitFailure(f"{since!r} is not on the mainline that ends with {self._mainline.ref}")

    def batches(self, history: MainlineHistory) -> Iterator[MainlineBatch]:
        """The parts of the mainline that a history lacks; nothing if it has all.

        Commits that are no longer on the mainline are replaced from the fork on.

        Args:
            history: What earlier readings tell; it is not changed.

        Raises:
            GitFailure: Git could not read the repository.
        """
        self._begin(history)
        line = self._mainline.shas
        fork = _common(history.shas, line)
        refs = self._refs(history)
        if fork == len(line) == len(history.shas):
            if refs.refs or refs.sides:
                yield self._batch(refs)
            return
        lineages = self._resumed(history, fork)
        known, start = list(history.segments), fork
        if fork == len(line):
            segments = _changed(lineages, known)
            yield self._batch(replace(refs, segments=segments, segment_count=len(lineages.segments)))
        last_us = history.times_us[fork - 1] if fork else -1
        while start < len(line):
            end = min(start + BATCH, len(line))
            times, partly = self._read(lineages, start, end, last_us)
            last_us = times[-1]
            ends = refs if end == len(line) else MainlineRows()
            rows = MainlineRows(
                start=start,
                shas=line[start:end],
                times_us=times,
                segments=_changed(lineages, known),
                segment_count=len(lineages.segments),
                arrivals=tuple(arrivals(self._root, line[:end], start)),
                sides=ends.sides,
                refs=ends.refs,
                unread=(*partly, *self._quarantined(start, end), *ends.unread),
                is_shallow=bool(self._mainline.boundary),
            )
            yield self._batch(rows)
            start = end

    def _begin(self, history: MainlineHistory) -> None:
        """Find the mainline that earlier readings followed, and leave out the commits before the first that counts."""
        if self._named is None and history.ref is not None and history.ref.startswith(_BRANCHES):
            self._mainline = find_mainline(self._root, earlier=history.ref)
        first = self._first
        if first is None and history.shas and not history.is_shallow:
            first = history.shas[0]
        line = self._mainline.shas
        if first is not None and first in line:
            self._mainline = replace(self._mainline, shas=line[line.index(first) :])

    def _batch(self, rows: MainlineRows) -> MainlineBatch:
        line = self._mainline.shas
        commits = rows.start + len(rows.shas)
        return MainlineBatch(self._mainline.ref, line[commits - 1], commits, rows, len(line))

    # ---- commits and files

    def _read(
        self, lineages: Lineages, start: int, end: int, last_us: int
    ) -> tuple[tuple[int, ...], list[UnreadCommit]]:
        """Take the commits from a position up to another into lineages.

        Returns:
            The effective time of each, and those that were read in part.
        """
        times: list[int] = []
        partly: list[UnreadCommit] = []
        commits = self._mainline.commits(self._read_at_us, start, last_us)
        if not start and self._mainline.parent_of_first():
            commits = map(self._with_all_files, commits)
        part = islice(commits, end - start)
        while chunk := list(islice(part, _CHUNK)):
            if chunk[-1].position >= end:
                chunk = [commit for commit in chunk if commit.position < end]
            for commit in chunk:
                times += _missing(times, start, commit, last_us)
                partly += _partly(commit)
            lineages.read(chunk, self._sizes)
            if len(times) == end - start:
                break
        times += [(times[-1] if times else last_us) + 1 + extra for extra in range(end - start - len(times))]
        return tuple(times), partly

    def _with_all_files(self, commit: MainlineCommit) -> MainlineCommit:
        """The first commit of a history that begins within the mainline: all of its files count as added."""
        if commit.position:
            return commit
        files = _blobs_at(self._root, commit.raw.sha).items()
        changes = tuple(FileChange("A", path, path, _NO_BLOB, blob, mode) for path, (blob, mode) in files)
        return replace(commit, raw=replace(commit.raw, changes=changes))

    def _sizes(self, blobs: Iterable[str]) -> Mapping[str, int]:
        return content_sizes(self._root, blobs)

    def _quarantined(self, start: int, end: int) -> list[UnreadCommit]:
        return [
            UnreadCommit(lost.position, lost.sha, lost.reason)
            for lost in self._mainline.quarantined
            if start <= lost.position < end
        ]

    def _resumed(self, history: MainlineHistory, fork: int) -> Lineages:
        """The lineages as they were before the first commit that is new."""
        if not fork:
            return Lineages()
        back = max(fork - _LOOK_BACK, 0)
        next_lineage = 1 + max((row.lineage for row in history.segments), default=-1)
        listed = _blobs_at(self._root, history.shas[back - 1]) if back else {}
        blobs = {path: blob for path, (blob, _) in listed.items()}
        before = Lineages.resumed(_segments(history, back), next_lineage, back, blobs)
        reader = Mainline(self._root, "", history.shas[fork - 1], tuple(history.shas[:fork]), frozenset())
        before.read(reader.commits(self._read_at_us, back), self._sizes)
        return before.rejoined(_segments(history, fork), next_lineage, fork)

    # ---- tags and branches

    def _refs(self, history: MainlineHistory) -> MainlineRows:
        """The tags and branch heads that changed, and the commits of their lines that are new."""
        line = self._mainline.shas
        found = {(ref.kind, ref.name): ref for ref in refs_of(self._root)}
        changed = [ref for key, ref in found.items() if history.refs.get(key) != ref]
        gone = [RefRow(kind, name, None) for kind, name in history.refs if (kind, name) not in found]
        on_line = set(line)
        heads = sorted({ref.sha for ref in found.values() if ref.sha} - on_line - history.sides.keys())
        unread: list[UnreadCommit] = []
        sides: list[SideCommit] = []
        try:
            sides.extend(side_commits(self._root, self._mainline.tip, heads, history.sides))
        except GitFailure as error:
            unread.append(UnreadCommit(len(line) - 1, line[-1], f"beside the mainline: {error}"))
        return MainlineRows(
            start=len(line),
            segment_count=len(history.segments),
            sides=tuple(sides),
            refs=(*changed, *gone),
            unread=tuple(unread),
            is_shallow=bool(self._mainline.boundary),
        )


def _common(recorded: list[str], line: tuple[str, ...]) -> int:
    """The number of first commits that two lines share."""
    if line[: len(recorded)] == tuple(recorded):
        return len(recorded)
    return next((at for at, (old, new) in enumerate(zip(recorded, line, strict=False)) if old != new), len(line))


def _missing(times: list[int], start: int, commit: MainlineCommit, last_us: int) -> list[int]:
    """The time of a commit, after those of the commits before it that could not be read."""
    lost = commit.position - start - len(times)
    before = times[-1] if times else last_us
    made = [before + 1 + extra for extra in range(lost)]
    return [*made, max(commit.at_us, before + lost + 1)]


def _partly(commit: MainlineCommit) -> Iterator[UnreadCommit]:
    position, sha = commit.position, commit.raw.sha
    if commit.is_exact_only:
        yield UnreadCommit(position, sha, "a content is missing: renames of edited files were not looked for")
    if commit.is_over_limit:
        yield UnreadCommit(position, sha, "too many files at once: renames of edited files were not looked for")
    if commit.is_clamped:
        yield UnreadCommit(position, sha, "dated in the future: it counts from the time of reading")


def _segments(history: MainlineHistory, position: int) -> list[PathSegment]:
    """The segments that began before a position; they are those of the lowest numbers."""
    return [
        PathSegment(row.lineage, path_of_text(row.path), row.start, row.origin, row.end, row.similarity, row.previous)
        for row in history.segments
        if row.start < position
    ]


def _changed(lineages: Lineages, known: list[SegmentRow]) -> tuple[SegmentRow, ...]:
    """The segments that differ from those known, which they replace."""
    del known[len(lineages.segments) :]
    rows: list[SegmentRow] = []
    for number in sorted(lineages.changed):
        segment = lineages.segments[number]
        row = SegmentRow(
            number,
            segment.lineage,
            text_of_path(segment.path),
            segment.start,
            segment.end,
            segment.origin,
            segment.similarity,
            segment.previous,
        )
        if number >= len(known):
            known.append(row)
            rows.append(row)
        elif known[number] != row:
            known[number] = row
            rows.append(row)
    lineages.changed.clear()
    return tuple(rows)


def _blobs_at(root: Path, commit: str) -> dict[str, tuple[str, str]]:
    """The content's hash and the mode of each path of a commit."""
    chunks = git_stream(root, ("ls-tree", "-r", "-z", "--full-tree", "--end-of-options", commit))
    listed = b"".join(chunks).split(b"\0")[:-1]
    files: dict[str, tuple[str, str]] = {}
    for entry in listed:
        words, path = entry.split(b"\t", 1)
        mode, _, blob = words.decode("ascii").split()
        files[path.decode("utf-8", "surrogateescape")] = (blob, mode)
    return files
