"""Reads the new commits of a repository's mainline, in batches; each batch is an entry of the ledger."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from graphmem.deferred_dataclass import dataclass
from graphmem.errors import InvalidInput
from graphmem.instants import to_micros
from graphmem.repository.authors import AuthorRows
from graphmem.repository.mainline_history import MainlineHistory
from graphmem.repository.mainline_rows import MainlineRows, RefRow, SegmentRow, SideCommit, UnreadCommit
from graphmem.repository.path_names import path_of_text, text_of_path
from graphmem.sources.areas.versions import AreaVersions
from graphmem.sources.git.ancestry import Ancestry, ancestry_of, continued
from graphmem.sources.git.commit_authors import CommitAuthors
from graphmem.sources.git.lineages import Lineages, recorded_segments
from graphmem.sources.git.mainline import Mainline, MainlineCommit, content_sizes, find_tip
from graphmem.sources.git.raw_log import FileChange
from graphmem.sources.git.refs import ref_table, side_commits
from graphmem.sources.git.revisions import commit_of, shallow_commits
from graphmem.sources.git.runner import GitFailure, git_stream

#: Commits in a ledger entry.
BATCH = 5_000
#: Commits that are held in memory together, and, except for the last of them, the changes of files in them.
_CHUNK = 2_000
_CHUNK_CHANGES = 10_000
#: Commits before the new ones that are read again: twice the distance over which a moved file is recognised.
_LOOK_BACK = 100
#: New commits that are looked at for whether they only edit files.
_MOST_EDITS = 50
_EDITED = "MT"
_BRANCH = re.compile(r"refs/(?:heads|remotes/[^/]+)/(.+)")
_SHA_CHARS = 10
_NO_BLOB = "0" * 40


@dataclass(frozen=True, slots=True)
class MainlineBatch:
    """A part of a mainline as it is recorded.

    Attributes:
        ref: The name under which the mainline was read.
        tip: Hash of its last commit in this part.
        commits: The number of mainline commits up to it.
        rows: The rows that the part adds to the history.
        total: The number of mainline commits in all.
        authors: The authors of the commits.
    """

    ref: str
    tip: str
    commits: int
    rows: MainlineRows
    total: int
    authors: AuthorRows | None = None


class MainlineReader:
    """Reads the mainline of a repository.

    Args:
        root: A folder of the repository.
        ref: The branch, tag or commit at which the mainline ends; the default branch, else `HEAD`, if not given.
        since: The branch, tag or commit of the mainline with which its history begins; its files count as added by it.
            If not given, the history begins where that of earlier readings does, else with the first commit.
        read_at: The time of reading: no commit counts as later.
        keeps_mainline: Refuse a ref that would make another line the mainline that earlier readings recorded.

    Raises:
        GitFailure: There is no repository, the ref does not exist, or `since` is not on the mainline.
    """

    def __init__(
        self,
        root: Path,
        *,
        ref: str | None = None,
        since: str | None = None,
        read_at: datetime,
        keeps_mainline: bool = False,
    ) -> None:
        self._root = root
        self._keeps_mainline = keeps_mainline and ref is not None
        self._named = ref
        self._read_at_us = to_micros(read_at)
        self._table = ref_table(root)
        self._ref, self._tip = find_tip(root, ref, table=self._table)
        self._shallow = frozenset(shallow_commits(root))
        self._first: str | None = None
        self._whole: Ancestry | None = None
        if since is not None:
            self._first = commit_of(root, since)
            self._whole = ancestry_of(root, self._tip)
            if self._first not in self._whole.line:
                raise GitFailure(f"{since!r} is not on the mainline that ends with {self._ref}")

    def batches(self, history: MainlineHistory) -> Iterator[MainlineBatch]:
        """The parts of the mainline that a history lacks; nothing if it has all.

        Commits that are no longer on the mainline are replaced from the fork on.

        Args:
            history: The history from earlier readings; it is not changed.

        Raises:
            GitFailure: Git could not read the repository.
            InvalidInput: The ref would make another line the mainline, and `keeps_mainline` was given.
        """
        ancestry = self._ancestry(history)
        line = ancestry.line
        mainline = Mainline(self._root, self._ref, self._tip, line, self._shallow.intersection(line), ancestry.before)
        fork = _common(history.shas, line)
        if self._keeps_mainline:
            self._refuse_switch(history, fork)
        refs = self._refs(mainline, history)
        areas, authors = self._declared(mainline, history, fork)
        if fork == len(line) == len(history.shas):
            if refs.refs or refs.sides or not history.has_areas or authors.is_needed:
                yield _batch(mainline, replace(refs, areas=areas.rows()), authors.rows(fork))
            return
        edits = self._edits_alone(mainline, history, fork)
        read = self._commits(mainline, history, fork) if edits is None else iter(edits)
        commits = _Commits(read, areas, authors)
        lineages = self._resumed(commits, history, fork) if edits is None else _continued_lineages(history)
        recorded = list(history.segments)
        if fork == len(line):
            segments = _changed(lineages, recorded)
            ends = replace(refs, segments=segments, segment_count=len(lineages.segments), areas=areas.rows())
            yield _batch(mainline, ends, authors.rows(fork, lineages))
        last_us = history.times_us[fork - 1] if fork else -1
        for start in range(fork, len(line), BATCH):
            end = min(start + BATCH, len(line))
            times, partly = self._read(lineages, commits, start, end, last_us)
            last_us = times[-1]
            ends = refs if end == len(line) else MainlineRows()
            rows = MainlineRows(
                start=start,
                shas=line[start:end],
                times_us=times,
                segments=_changed(lineages, recorded),
                segment_count=len(lineages.segments),
                arrivals=ancestry.arrived(start, end),
                sides=ends.sides,
                refs=ends.refs,
                unread=(*partly, *_quarantined(mainline, start, end), *ends.unread),
                is_shallow=bool(mainline.boundary),
                areas=areas.rows(),
            )
            yield _batch(mainline, rows, authors.rows(end, lineages))

    def _refuse_switch(self, history: MainlineHistory, fork: int) -> None:
        """Refuse a ref that is another branch than the recorded mainline, or lacks commits of it.

        Args:
            history: The result of earlier readings.
            fork: The number of first commits that both lines have.
        """
        branch = _branch_name(history.branch)
        own = _branch_name(self._ref)
        lost = 0 if self._first is not None else len(history.shas) - fork
        is_switch = own != branch if own and branch else lost > 0
        if not history.shas or not is_switch:
            return
        mainline = f"{branch!r}" if branch else "the commits up to " + history.shas[-1][:_SHA_CHARS]
        message = (
            f"the recorded mainline is {mainline}: with --ref {self._named}, {own or self._ref!r} would become the"
            f" mainline, and {lost} of its {len(history.shas)} commits would count as replaced. To do so:"
            f" graphmem ingest git --ref {self._named} --switch-mainline"
        )
        more = f". To read what the files of the branch say: graphmem ingest repository --ref {self._named}"
        raise InvalidInput(message + (more if own else ""))

    def _ancestry(self, history: MainlineHistory) -> Ancestry:
        """The mainline that earlier readings followed, without the commits before the first that counts."""
        if self._named is None and history.branch is not None:
            self._ref, tip = find_tip(self._root, earlier=history.branch, table=self._table)
            self._whole = self._whole if tip == self._tip else None
            self._tip = tip
        if self._first is None and len(history.shas) > _LOOK_BACK and not history.is_shallow and not self._shallow:
            continuing = self._continued(history.shas)
            if continuing is not None:
                return continuing
        ancestry = self._whole or ancestry_of(self._root, self._tip)
        first = self._first
        if first is None and history.shas and not history.is_shallow:
            first = history.shas[0]
        return ancestry.since(first) if first is not None and first in ancestry.line else ancestry

    def _continued(self, recorded: list[str]) -> Ancestry | None:
        """The mainline if it continues that of earlier readings."""
        try:
            return continued(self._root, self._tip, recorded)
        except GitFailure:
            return None  # The repository lacks the recorded commits.

    # ---- commits and files

    def _commits(self, mainline: Mainline, history: MainlineHistory, fork: int) -> Iterator[MainlineCommit]:
        """The commits from a position on, and the commits shortly before it, which are read again."""
        back = max(fork - _LOOK_BACK, 0)
        after_us = history.times_us[back - 1] if back else -1
        commits = mainline.commits(self._read_at_us, back, after_us, history.times_us[:fork])
        return map(self._with_all_files, commits) if mainline.before and not back else commits

    def _edits_alone(self, mainline: Mainline, history: MainlineHistory, fork: int) -> list[MainlineCommit] | None:
        """The new commits if there are few, and they only edit files that are there: no commit before them is needed.

        None if a commit adds, removes or renames a file, or cannot be read.
        """
        if not fork or fork < len(history.shas) or not 0 < len(mainline.shas) - fork <= _MOST_EDITS:
            return None
        plain = replace(mainline, quarantined=[])
        commits = list(plain.commits(self._read_at_us, fork, history.times_us[fork - 1]))
        present = {path_of_text(row.path) for row in history.segments if row.end is None}
        changes = (change for commit in commits for change in commit.raw.changes)
        is_whole = not plain.quarantined and not any(commit.is_exact_only for commit in commits)
        is_edited = all(change.status in _EDITED and change.path in present for change in changes)
        return commits if is_whole and is_edited else None

    def _declared(self, mainline: Mainline, history: MainlineHistory, fork: int) -> tuple[AreaVersions, CommitAuthors]:
        """The files that declare components and modules, and the authors, with those that an earlier release lacked."""
        areas = AreaVersions(self._root, history, fork)
        authors = CommitAuthors(self._root, mainline.shas, history, fork, BATCH)
        plain = replace(mainline, quarantined=[], finds_renames=False)
        if fork and not history.has_areas:
            areas.note_earlier(self._commits(plain, history, 0))
        if fork and authors.lacks_edits:
            authors.note_earlier(self._commits(replace(plain, quarantined=[]), history, 0))
        return areas, authors

    def _read(
        self, lineages: Lineages, commits: _Commits, start: int, end: int, last_us: int
    ) -> tuple[tuple[int, ...], list[UnreadCommit]]:
        """Take the commits from a position up to another into lineages.

        Returns:
            The effective time of each, and those that were read in part.
        """
        times: list[int] = []
        partly: list[UnreadCommit] = []
        for chunk in commits.before(end):
            for commit in chunk:
                times += _missing(times, start, commit, last_us)
                partly += _partly(commit)
            lineages.read(chunk, self._sizes)
        times += [(times[-1] if times else last_us) + 1 + extra for extra in range(end - start - len(times))]
        return tuple(times), partly

    def _with_all_files(self, commit: MainlineCommit) -> MainlineCommit:
        """The first commit of a history that begins within the mainline: all of its files count as added."""
        if commit.position:
            return commit
        files = _blobs_at(self._root, commit.raw.sha).items()
        changes = tuple(FileChange("A", path, path, _NO_BLOB, blob, mode) for path, (blob, mode) in files)
        return commit._replace(raw=commit.raw._replace(changes=changes))

    def _sizes(self, blobs: Iterable[str]) -> Mapping[str, int]:
        return content_sizes(self._root, blobs)

    def _resumed(self, commits: _Commits, history: MainlineHistory, fork: int) -> Lineages:
        """The lineages as they were before the first commit that is new."""
        if not fork:
            return Lineages()
        back = max(fork - _LOOK_BACK, 0)
        next_lineage = 1 + max((row.lineage for row in history.segments), default=-1)
        listed = _blobs_at(self._root, history.shas[back - 1]) if back else {}
        blobs = {path: blob for path, (blob, _) in listed.items()}
        before = Lineages.resumed(recorded_segments(history, back), next_lineage, back, blobs)
        for chunk in commits.before(fork):
            before.read(chunk, self._sizes)
        return before.rejoined(recorded_segments(history, fork), next_lineage, fork)

    # ---- tags and branches

    def _refs(self, mainline: Mainline, history: MainlineHistory) -> MainlineRows:
        """The tags and branch heads that changed, and the commits of their lines that are new."""
        line = mainline.shas
        refs = {(ref.kind, ref.name): ref for ref in self._table.rows}
        changed = [ref for key, ref in refs.items() if history.refs.get(key) != ref]
        gone = [RefRow(kind, name, None) for kind, name in history.refs if (kind, name) not in refs]
        heads = {ref.sha for ref in refs.values() if ref.sha}.difference(line, history.sides)
        unread: list[UnreadCommit] = []
        sides: list[SideCommit] = []
        try:
            sides.extend(side_commits(self._root, mainline.tip, sorted(heads), history.sides))
        except GitFailure as error:
            unread.append(UnreadCommit(len(line) - 1, line[-1], f"beside the mainline: {error}"))
        return MainlineRows(
            start=len(line),
            segment_count=len(history.segments),
            sides=tuple(sides),
            refs=(*changed, *gone),
            unread=tuple(unread),
            is_shallow=bool(mainline.boundary),
        )


class _Commits:
    """Commits that are taken from a log, as many at a time as are held in memory together, and noted.

    Args:
        commits: The commits.
        areas: Takes the files that declare components and modules.
        authors: Takes the authors.
    """

    def __init__(self, commits: Iterator[MainlineCommit], areas: AreaVersions, authors: CommitAuthors) -> None:
        self._commits = commits
        self._areas = areas
        self._authors = authors
        self._next: MainlineCommit | None = None

    def before(self, end: int) -> Iterator[list[MainlineCommit]]:
        """The commits that come before a position."""
        while chunk := self._chunk(end):
            yield chunk

    def _chunk(self, end: int) -> list[MainlineCommit]:
        taken: list[MainlineCommit] = []
        changes = 0
        while changes < _CHUNK_CHANGES and len(taken) < _CHUNK:
            commit = self._next or next(self._commits, None)
            if commit is None or commit.position >= end:
                self._next = commit
                break
            self._next = None
            taken.append(commit)
            self._areas.note(commit)
            self._authors.note(commit)
            changes += len(commit.raw.changes)
        return taken


def _batch(mainline: Mainline, rows: MainlineRows, authors: AuthorRows) -> MainlineBatch:
    commits = rows.start + len(rows.shas)
    return MainlineBatch(mainline.ref, mainline.shas[commits - 1], commits, rows, len(mainline.shas), authors)


def _continued_lineages(history: MainlineHistory) -> Lineages:
    """The lineages of a history, without the contents of its files: later commits may only edit files."""
    position = len(history.shas)
    segments = recorded_segments(history, position)
    next_lineage = 1 + max((row.lineage for row in history.segments), default=-1)
    return Lineages.resumed(segments, next_lineage, position, {row.path: "" for row in segments if row.end is None})


def _quarantined(mainline: Mainline, start: int, end: int) -> list[UnreadCommit]:
    return [
        UnreadCommit(lost.position, lost.sha, lost.reason)
        for lost in mainline.quarantined
        if start <= lost.position < end
    ]


def _branch_name(ref: str | None) -> str | None:
    """The name of a branch by the full name of its ref, without that of a remote; None of other refs."""
    match = None if ref is None else _BRANCH.fullmatch(ref)
    return None if match is None else match[1]


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


def _changed(lineages: Lineages, recorded: list[SegmentRow]) -> tuple[SegmentRow, ...]:
    """The segments that differ from those known, and replace them."""
    del recorded[len(lineages.segments) :]
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
        if number >= len(recorded):
            recorded.append(row)
            rows.append(row)
        elif recorded[number] != row:
            recorded[number] = row
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
