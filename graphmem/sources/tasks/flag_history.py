"""Registries of feature flags along a mainline."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field

from graphmem.deferred_dataclass import dataclass
from graphmem.sources.git.file_versions import FileVersion
from graphmem.sources.observations import Problem
from graphmem.sources.tasks.feature_flags import flags_of, is_flag_registry
from graphmem.sources.tasks.histories import TaskHistories, TaskPoint
from graphmem.sources.tasks.json_values import Unreadable
from graphmem.sources.tasks.records import TaskRecord

_UNREAD = "the registry is too large, or git lacks its content"


@dataclass(slots=True)
class FlagHistory:
    """The feature flags of a repository while its mainline is read.

    Attributes:
        histories: Their lives. A flag that is off has ended, and so has one that left its registry.
        problems: Registries that could not be read, with the position of the commit; what they had goes on holding.
    """

    histories: TaskHistories = field(default_factory=TaskHistories)
    problems: list[tuple[int, Problem]] = field(default_factory=list)
    _flags: dict[str, set[str]] = field(default_factory=dict)

    def take(self, files: Iterable[tuple[FileVersion, bytes | None]]) -> None:
        """Take in the registries that a commit changed, each with its content; None if git lacks it."""
        for version, content in files:
            point = TaskPoint(version.position, version.sha, version.at, version.path)
            if version.change.old_path != version.path:
                self._replace(version.change.old_path, [], point)
            if version.is_deleted or not version.is_regular:
                self._replace(version.path, [], point)
            elif is_flag_registry(version.path):
                self._read(content, point)

    def _read(self, content: bytes | None, point: TaskPoint) -> None:
        if content is None:
            self.problems.append((point.position, Problem(point.path, 1, _UNREAD)))
            return
        try:
            self._replace(point.path, flags_of(content, point.path), point)
        except Unreadable as fault:
            self.problems.append((point.position, Problem(point.path, 1, str(fault))))

    def _replace(self, path: str, flags: list[TaskRecord], point: TaskPoint) -> None:
        before, after = self._flags.get(path, set()), {flag.id for flag in flags}
        for flag in flags:
            self.histories.see(flag, point)
        for gone in sorted(before - after):
            self.histories.lose(gone, point)
        self._flags[path] = after
