"""Locks of open files, which end with the process. Hooks import this module: it imports little."""

from __future__ import annotations

import sys

if sys.platform == "win32":
    import msvcrt

    def try_lock(handle: int, *, is_shared: bool = False) -> bool:
        """Return whether this process got the lock of an open file. Windows has no shared locks: they need no lock."""
        if is_shared:
            return True
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def lock(handle: int) -> None:
        """Wait for the lock of an open file.

        Raises:
            OSError: Another process kept the lock for ten seconds.
        """
        msvcrt.locking(handle, msvcrt.LK_LOCK, 1)
else:
    import fcntl

    def try_lock(handle: int, *, is_shared: bool = False) -> bool:
        """Return whether this process got the lock of an open file.

        Raises:
            OSError: The file system has no locks, as some network file systems.
        """
        try:
            fcntl.flock(handle, (fcntl.LOCK_SH if is_shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def lock(handle: int) -> None:
        """Wait for the lock of an open file.

        Raises:
            OSError: The file system has no locks.
        """
        fcntl.flock(handle, fcntl.LOCK_EX)


def try_lock_if_possible(handle: int, *, is_shared: bool = False) -> bool:
    """Return whether this process got the lock of an open file, or the file system has no locks."""
    try:
        return try_lock(handle, is_shared=is_shared)
    except OSError:
        return True
