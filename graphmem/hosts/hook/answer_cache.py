"""Answers that are still right: derived from the store, and thrown away when anything that they depend on differs.

An answer is used if the store's file and log, the settings and the question are as they were, until the first known end
of a memory in it, and for at most an hour: a memory can come into force at a time that was declared before. A file that
was written just before it was looked at could be written again within the resolution of its time stamp: no answer is
kept then.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time

from graphmem import __version__
from graphmem.hosts.hook.project_folder import CONFIG, Project
from graphmem.hosts.hook.session_state import digest
from graphmem.user_state.state_folder import replace_private, state_path

_FOLDER = "answers"
_MAX_AGE_S, _MAX_FILES = 3_600.0, 100
#: Longer than the resolution of time stamps on any file system with a log.
_QUIET_NS = 100_000_000


class CacheKey:
    """The question, settings and store state that a cached answer depends on; taken before the store is read.

    Args:
        project: The store.
        question: The question, with all that changes its answer.
    """

    __slots__ = ("path", "stamp", "taken_ns")

    def __init__(self, project: Project, question: str) -> None:
        settings = sorted(f"{name}={value}" for name, value in os.environ.items() if name.startswith("GRAPHMEM_"))
        config = _stat(os.path.join(project.folder, CONFIG)) if project.folder else []
        store = [_stat(project.file), _stat(f"{project.file}-wal")]
        self.stamp = json.dumps([__version__, settings, config, store])
        self.path = state_path(_FOLDER, f"{digest(f'{project.file} {question}')}.json")
        self.taken_ns = time.time_ns()

    def read(self) -> dict[str, object] | None:
        """Return the answer; None if there is none that is still right."""
        with contextlib.suppress(OSError, ValueError, TypeError), open(self.path, "rb") as stream:
            record = json.load(stream)
            if record["stamp"] == self.stamp and 0 <= time.time() - record["at"] < _MAX_AGE_S:
                answer = record["answer"]
                return answer if isinstance(answer, dict) and not _has_ended(answer) else None
        return None

    def write(self, answer: dict[str, object]) -> None:
        """Keep an answer that was derived since the key was taken; errors are ignored."""
        if not self._is_quiet():
            return
        content = json.dumps({"stamp": self.stamp, "at": self.taken_ns / 1e9, "answer": answer}).encode()
        with contextlib.suppress(OSError):
            replace_private(self.path, f"{self.path}.{os.getpid()}.new", content)
            _remove_old(os.path.dirname(self.path))

    def _is_quiet(self) -> bool:
        """Return True if no write came shortly before the key. False on Windows, which may renew time stamps late."""
        if sys.platform == "win32":
            return False
        times = [
            stat[1]
            for group in json.loads(self.stamp)[2:]
            for stat in (group if group and isinstance(group[0], list) else [group])
            if stat
        ]
        return all(self.taken_ns - written > _QUIET_NS for written in times)


def _has_ended(answer: dict[str, object]) -> bool:
    """Return True if a memory in an answer has ended since."""
    ends_at = answer.get("ends_at")
    return isinstance(ends_at, (int, float)) and ends_at <= time.time()


def _stat(path: str) -> list[int]:
    try:
        status = os.stat(path)
    except OSError:
        return []
    return [status.st_size, status.st_mtime_ns, status.st_ino]


def _remove_old(folder: str) -> None:
    """Remove the oldest answers if there are too many."""
    with contextlib.suppress(OSError):
        entries = [(entry.stat().st_mtime, entry.path) for entry in os.scandir(folder)]
        for _, path in sorted(entries)[:-_MAX_FILES]:
            os.unlink(path)
