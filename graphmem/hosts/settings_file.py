"""Settings files of other programs: read as bytes, and replaced only if nothing about them is doubtful."""

from __future__ import annotations

import os
from pathlib import Path

from graphmem.deferred_dataclass import dataclass

#: Claude Code keeps its own state in the file that has its servers.
_MAX_BYTES = 16 << 20
_BOM = "\ufeff"


class Untouchable(Exception):
    """The file must not be written; the message is a phrase that says why."""


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """A settings file as it is.

    Attributes:
        path: The path as the host knows it.
        target: The file to write: the target if the path is a link.
        content: Its bytes; None if it does not exist.
    """

    path: Path
    target: Path
    content: bytes | None

    @property
    def bom(self) -> str:
        """The byte order mark at the beginning; empty if there is none."""
        return _BOM if (self.content or b"").startswith(_BOM.encode()) else ""

    @property
    def text(self) -> str:
        """The text without a byte order mark; empty if the file does not exist.

        Raises:
            Untouchable: The file is not UTF-8.
        """
        try:
            return (self.content or b"").decode().removeprefix(_BOM)
        except UnicodeDecodeError as exc:
            raise Untouchable("is not UTF-8 text") from exc


def read_settings(path: Path, root: Path) -> SettingsFile:
    """Return the settings file at a path.

    Args:
        path: A path at or below the root.
        root: The project's or the user's folder: a link that leads out of it is not followed.

    Raises:
        Untouchable: The path is a link out of the root, or no regular file of at most 16 MiB that can be written.
    """
    target = _resolved(path)
    if not target.is_relative_to(root.resolve()):
        raise Untouchable(f"is a link out of {str(root)!r}, to {str(target)!r}")
    if not os.path.lexists(target):
        return SettingsFile(path, target, None)
    if not target.is_file():
        raise Untouchable("is no regular file")
    if target.stat().st_size > _MAX_BYTES:
        raise Untouchable(f"is larger than {_MAX_BYTES >> 20} MiB")
    if not os.access(target, os.R_OK | os.W_OK):
        raise Untouchable("cannot be read and written by this user")
    return SettingsFile(path, target, target.read_bytes())


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError) as exc:
        raise Untouchable(f"is a link that leads nowhere ({exc})") from exc
