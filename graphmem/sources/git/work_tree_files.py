"""Files of a work tree, read without git: its filters would run programs of the repository's choice."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from graphmem.deferred_dataclass import dataclass

_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


@dataclass(frozen=True, slots=True)
class WorkTreeFiles:
    """The files below the root of a work tree; links within their paths are not followed.

    Attributes:
        root: The root, resolved.
        max_bytes: Larger files are not read.
    """

    root: Path
    max_bytes: int

    def is_entry(self, path: str) -> bool:
        """Return True if a file, a link or a folder has a path, which ends in `/` if it must be a folder."""
        mode = self._mode(path.rstrip("/"))
        return mode is not None and (not path.endswith("/") or stat.S_ISDIR(mode) or stat.S_ISLNK(mode))

    def content(self, path: str) -> bytes | None:
        """The bytes of a regular file; None if there is none, or if it is too large."""
        mode = self._mode(path)
        if mode is None or not stat.S_ISREG(mode):
            return None
        try:
            descriptor = os.open(self.root / path, os.O_RDONLY | _NO_FOLLOW)
        except (OSError, ValueError):
            return None
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return None
            content = file.read(self.max_bytes + 1)
        return content if len(content) <= self.max_bytes else None

    def _mode(self, path: str) -> int | None:
        """The mode of an entry within the root, reached over folders alone; None if there is none."""
        parts = path.split("/")
        if not path or ".." in parts or "" in parts:
            return None
        place = self.root
        try:
            for part in parts[:-1]:
                place = place / part
                if not stat.S_ISDIR(os.lstat(place).st_mode):
                    return None
            return os.lstat(place / parts[-1]).st_mode
        except (OSError, ValueError):
            return None
