"""Reads the tasks of a repository along its mainline."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import field
from datetime import datetime
from itertools import groupby
from pathlib import Path

from graphmem.deferred_dataclass import dataclass
from graphmem.errors import InvalidInput
from graphmem.instants import from_micros, to_micros
from graphmem.model import Origin, instant
from graphmem.sources.git.file_versions import FileVersion, contents, file_versions
from graphmem.sources.git.mainline import Mainline, MainlineCommit, find_mainline
from graphmem.sources.git.runner import GitFailure
from graphmem.sources.observations import Problem, Reading
from graphmem.sources.tasks.comment_history import CommentHistory
from graphmem.sources.tasks.export_history import MAX_EXPORT_BYTES, ExportHistory, blobs_of, is_beads_export
from graphmem.sources.tasks.feature_flags import is_flag_registry
from graphmem.sources.tasks.flag_history import FlagHistory
from graphmem.sources.tasks.histories import MAX_TASKS, TaskLife, TaskPoint
from graphmem.sources.tasks.observed_tasks import TaskSource
from graphmem.sources.tasks.problems import limited
from graphmem.sources.unread_commits import unread_commit
from graphmem.store import Progress, silent

EXPORTS = TaskSource("beads:", Origin.DOCUMENT)
COMMENTS = TaskSource("todo:", Origin.COMMIT, has_names=False)
FLAGS = TaskSource("flag:", Origin.DOCUMENT, has_names=False)
_FULL = f"there are more than {MAX_TASKS} tasks: the others are left out"
#: Large exports are in memory at the same time; this many.
_AT_ONCE = 16


def read_tasks(
    root: Path,
    *,
    ref: str | None = None,
    read_at: datetime,
    since: str | None = None,
    progress: Progress = silent,
) -> Reading:
    """The tasks that the files of a repository have along its mainline, each active from commit to commit.

    Three sources are read. Exports of beads (`.beads/issues.jsonl`, and its former names): an issue is active while it
    is open, in progress or blocked; it ends when it is closed or removed, in the word of the export. Comments with TODO
    or FIXME that name an issue, an owner or a date: equal texts are one task. Feature flags in registries
    (`feature_flags`): a flag is active while it is on.

    Args:
        root: A folder of the repository.
        ref: The branch, tag or commit at which the mainline ends; by default that of `find_mainline`.
        read_at: The time of reading: no commit is later.
        since: The `cursor` of an earlier reading. Only tasks that changed after it are returned; all of them if it is
            not on the mainline.
        progress: Called after every commit with the number of read commits, and their total.

    Returns:
        Observations, the earlier words of all tasks before the later ones; links between the issues of an export;
        a replacement for an issue that goes on under another id, is a duplicate, or is superseded as the export says.
        `passed_over` has exports and registries that are links or submodules.

    Raises:
        InvalidInput: There is no git repository, or no such ref.
    """
    try:
        mainline = find_mainline(root, ref)
        start = mainline.position_after(since)
        if start == len(mainline.shas):
            return Reading((), (), (), cursor=mainline.tip)
        read = _RepositoryTasks(mainline)
        read.read(to_micros(instant(read_at)), progress)
    except GitFailure as failure:
        raise InvalidInput(f"the history of {str(root)!r} cannot be read: {failure}") from failure
    return read.reading(start)


@dataclass(slots=True)
class _RepositoryTasks:
    """The tasks of a mainline while it is read."""

    mainline: Mainline
    exports: ExportHistory = field(default_factory=ExportHistory)
    comments: CommentHistory = field(default_factory=CommentHistory)
    flags: FlagHistory = field(default_factory=FlagHistory)
    passed_over: set[str] = field(default_factory=set)

    def read(self, read_at_us: int, progress: Progress) -> None:
        """Read the mainline from its first commit to its tip."""
        root = self.mainline.root
        points: list[TaskPoint] = []

        def noted() -> Iterator[MainlineCommit]:
            for commit in self.mainline.counted_commits(read_at_us, progress):
                points.append(TaskPoint(commit.position, commit.raw.sha, from_micros(commit.at_us)))
                yield commit

        versions = list(file_versions(noted(), _is_selected))
        read = contents(root, blobs_of(versions), max_bytes=MAX_EXPORT_BYTES, at_once=_AT_ONCE)
        for _, group in groupby(versions, key=lambda version: version.position):
            files = [(version, _content(version, read)) for version in group]
            self._note_links(version for version, _ in files)
            self.exports.take(pair for pair in files if _is_of(pair[0], exports=True))
            self.flags.take(pair for pair in files if _is_of(pair[0], exports=False))
        self.comments.read(root, points)

    def _note_links(self, versions: Iterable[FileVersion]) -> None:
        """Keep the paths that are links or submodules now, and not files."""
        for version in versions:
            self.passed_over.discard(version.path)
            if not version.is_deleted and not version.is_regular:
                self.passed_over.add(version.path)

    def reading(self, start: int) -> Reading:
        """The tasks that commits from a position on changed."""
        parts = ((EXPORTS, self.exports), (COMMENTS, self.comments), (FLAGS, self.flags))
        lives = [(source, _touched(part.histories.lives.values(), start)) for source, part in parts]
        quarantined = [(gap.position, unread_commit(gap)) for gap in self.mainline.quarantined]
        full = [
            (part.histories.full_at, Problem("", 0, _FULL)) for _, part in parts if part.histories.full_at is not None
        ]
        problems = [*quarantined, *full, *(problem for _, part in parts for problem in part.problems)]
        return Reading(
            tuple(observation for source, listed in lives for observation in source.observations(listed)),
            tuple(replacement for source, listed in lives for replacement in source.replacements(listed)),
            limited([problem for position, problem in problems if position >= start]),
            tuple(link for source, listed in lives for link in source.links(listed)),
            passed_over=tuple(sorted(self.passed_over)),
            cursor=self.mainline.tip,
        )


def _is_selected(path: str) -> bool:
    return is_beads_export(path) or is_flag_registry(path)


def _is_of(version: FileVersion, *, exports: bool) -> bool:
    selects = is_beads_export if exports else is_flag_registry
    return selects(version.path) or selects(version.change.old_path)


def _content(version: FileVersion, read: Iterator[tuple[str, bytes | None]]) -> bytes | None:
    has_text = not version.is_deleted and version.is_regular
    return next(read)[1] if has_text else None


def _touched(lives: Iterable[TaskLife], start: int) -> list[TaskLife]:
    return [life for life in lives if life.touched >= start]
