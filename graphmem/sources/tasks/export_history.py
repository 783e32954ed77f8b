"""Exports of beads along a mainline: only lines that a version adds are parsed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import field, replace

from graphmem.deferred_dataclass import dataclass
from graphmem.sources.git.file_versions import FileVersion
from graphmem.sources.observations import Problem
from graphmem.sources.tasks.beads_lines import beads_record
from graphmem.sources.tasks.histories import TaskHistories, TaskPoint
from graphmem.sources.tasks.json_values import Unreadable
from graphmem.sources.tasks.records import TaskRecord

#: Larger exports are not read.
MAX_EXPORT_BYTES = 32 << 20
UNREAD = f"the export has more than {MAX_EXPORT_BYTES >> 20} MiB, or git lacks its content"
_EXPORTS = frozenset({".beads/issues.jsonl", ".beads/beads.jsonl", ".beads/bd.jsonl"})


def is_beads_export(path: str) -> bool:
    """True for an export of beads: `issues.jsonl` in the folder `.beads`, and the former names of that file."""
    return path in _EXPORTS


@dataclass(slots=True)
class ExportHistory:
    """The issues in all exports of a repository while its mainline is read.

    Attributes:
        histories: The lives of the issues.
        problems: Lines and versions that could not be read, each once, with the position of the commit.
    """

    histories: TaskHistories = field(default_factory=TaskHistories)
    problems: list[tuple[int, Problem]] = field(default_factory=list)
    _lines: dict[str, dict[bytes, str]] = field(default_factory=dict)
    _files: dict[str, set[str]] = field(default_factory=dict)

    def take(self, files: Iterable[tuple[FileVersion, bytes | None]]) -> None:
        """Take in the exports that a commit changed, each with its content; None if git lacks it."""
        lost: dict[str, TaskPoint] = {}
        for version, content in files:
            point = TaskPoint(version.position, version.sha, version.at, version.path)
            if version.is_deleted or not version.is_regular:
                lost |= dict.fromkeys(self._replace(version.path, {}), point)
            elif content is None:
                self.problems.append((version.position, Problem(version.path, 1, UNREAD)))
            else:
                lost |= dict.fromkeys(self._read(content, point), point)
            if version.change.old_path != version.path and is_beads_export(version.change.old_path):
                lost |= dict.fromkeys(self._replace(version.change.old_path, {}), point)
        for task_id, point in lost.items():
            if not self._files.get(task_id):
                self.histories.lose(task_id, point)

    def _read(self, content: bytes, point: TaskPoint) -> set[str]:
        """Take in the new lines of a version; returns the ids that the file no longer has."""
        before = self._lines.get(point.path, {})
        lines: dict[bytes, str] = {}
        is_whole = True
        for number, line in enumerate(content.split(b"\n"), start=1):
            if not line.strip():
                continue
            known = before.get(line)
            if known is None:
                known = self._parsed(line, replace(point, line=number))
            is_whole &= known != ""
            lines[line] = known
        if not is_whole:
            # An issue that is missing may be in a line that cannot be read, such as half of a merge conflict.
            present = set(lines.values())
            lines |= {line: task_id for line, task_id in before.items() if task_id not in present}
        return self._replace(point.path, lines)

    def _parsed(self, line: bytes, point: TaskPoint) -> str:
        """The id of the issue of a new line; '' if it has none."""
        try:
            record: TaskRecord = beads_record(line)
        except Unreadable as fault:
            self.problems.append((point.position, Problem(point.path, point.line, str(fault))))
            return ""
        self.histories.see(record, point)
        return record.id

    def _replace(self, path: str, lines: dict[bytes, str]) -> set[str]:
        before, after = set(self._lines.get(path, {}).values()), set(lines.values())
        self._lines[path] = lines
        for task_id in after - before:
            self._files.setdefault(task_id, set()).add(path)
        for task_id in before - after:
            self._files.get(task_id, set()).discard(path)
        return before - after - {""}


def blobs_of(versions: Sequence[FileVersion]) -> list[str]:
    """The hashes of the contents of versions that have a text, in order."""
    return [version.change.blob for version in versions if not version.is_deleted and version.is_regular]
