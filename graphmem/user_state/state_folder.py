"""The folder of this user, outside of every repository, in which graphmem keeps what belongs to this machine.

In it: folders that are trusted, entries that were installed, the state of agents' sessions, the log of hooks, and the
transcripts that wait to be read. A hook imports this module: it imports little.
"""

from __future__ import annotations

import os
import sys

_PRIVATE_FOLDER, _PRIVATE_FILE = 0o700, 0o600


def state_folder() -> str:
    """Return the path of the folder; it may not exist."""
    if sys.platform == "win32":
        home = os.environ.get("LOCALAPPDATA") or os.path.expanduser("~\\AppData\\Local")
    else:
        home = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    return os.path.join(home, "graphmem")


def state_path(*names: str) -> str:
    """Return the path of a file in the folder."""
    return os.path.join(state_folder(), *names)


def open_private(path: str, flags: int) -> int:
    """Open a file that only its owner may read, and return its descriptor; missing folders are created.

    Raises:
        OSError: The file cannot be opened.
    """
    try:
        return os.open(path, flags | os.O_CREAT, _PRIVATE_FILE)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), _PRIVATE_FOLDER, exist_ok=True)
        return os.open(path, flags | os.O_CREAT, _PRIVATE_FILE)


def replace_private(path: str, draft: str, content: bytes) -> None:
    """Write a private file whole, by way of a draft in the same folder, so that a reader sees the old file or the new.

    Raises:
        OSError: The file cannot be written.
    """
    handle = open_private(draft, os.O_WRONLY | os.O_TRUNC)
    try:
        os.write(handle, content)
    finally:
        os.close(handle)
    os.replace(draft, path)


def append_line(path: str, line: bytes) -> None:
    """Append a line of at most some kilobytes to a private file in one call, so that no other writer tears it.

    Raises:
        OSError: The file cannot be written.
    """
    handle = open_private(path, os.O_WRONLY | os.O_APPEND)
    try:
        os.write(handle, line)
    finally:
        os.close(handle)
