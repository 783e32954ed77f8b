"""Collects the components and modules that files declare along a mainline, while its commits are read."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from graphmem.repository.areas import AreaRow, AreaRule
from graphmem.repository.mainline_history import MainlineHistory
from graphmem.repository.path_names import text_of_path
from graphmem.sources.areas.declaring_files import MAX_BYTES, declares
from graphmem.sources.git.file_versions import contents
from graphmem.sources.git.mainline import MainlineCommit

_REGULAR = frozenset({"100644", "100755"})


class AreaVersions:
    """Versions of the files that declare components and modules, in the order of the mainline's commits.

    Args:
        root: A folder of the repository.
        history: The result of earlier readings.
        fork: Position of the first commit that is new.
    """

    def __init__(self, root: Path, history: MainlineHistory, fork: int) -> None:
        self._root = root
        self._fork = fork
        self._found: list[tuple[int, str, str | None]] = []
        self._last: dict[str, tuple[AreaRule, ...]] = {}
        if history.has_areas:
            rows = sorted(row for row in history.area_rows.values() if row.position < fork)
            self._last = {row.path: row.rules for row in rows}

    def note_earlier(self, commits: Iterable[MainlineCommit]) -> None:
        """Record changes of commits before the first new commit, where earlier releases did not read declarations."""
        for commit in commits:
            if commit.position >= self._fork:
                return
            self._note(commit)

    def note(self, commit: MainlineCommit) -> None:
        """Record a new commit's changes of files that declare areas; a commit that is read again has no effect."""
        if commit.position >= self._fork:
            self._note(commit)

    def _note(self, commit: MainlineCommit) -> None:
        for change in commit.raw.changes:
            if change.old_path != change.path and change.status.startswith("R") and declares(change.old_path):
                self._found.append((commit.position, change.old_path, None))
            if declares(change.path):
                is_there = change.status != "D" and change.mode in _REGULAR
                self._found.append((commit.position, change.path, change.blob if is_there else None))

    def rows(self) -> tuple[AreaRow, ...]:
        """Return the declarations recorded since the last call that differ from the earlier declarations."""
        if not self._found:
            return ()
        from graphmem.sources.areas.declarations import rules_of

        blobs = [blob for _, _, blob in self._found if blob is not None]
        read = iter(contents(self._root, blobs, max_bytes=MAX_BYTES))
        rows: dict[tuple[int, str], AreaRow] = {}
        for position, path, blob in self._found:
            rules = () if blob is None else rules_of(path, next(read)[1])
            name = text_of_path(path)
            if rules is not None and rules != self._last.get(name, ()):
                self._last[name] = rules
                rows[position, name] = AreaRow(position, name, rules)
        self._found.clear()
        return tuple(rows.values())
