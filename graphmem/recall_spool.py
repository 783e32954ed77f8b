"""The spool of the recall ledger: a file to which readers and hooks append a line for each recall.

A line is written in a single call under a shared lock that nobody waits for. A reader of the spool renames it under the
exclusive lock, so a line is either in the renamed file or in the next one. Hooks import this module: it imports little.
"""

from __future__ import annotations

import contextlib
import json
import os
import time

from graphmem.file_locks import try_lock_if_possible

#: The ends of the names of a store's spool and recall ledger, after the name of the store without its suffix.
SPOOL_SUFFIX, LEDGER_SUFFIX, TAKEN_SUFFIX = ".recall.jsonl", ".recall.db", ".taken"
#: The most bytes of a spool; further lines are lost.
MAX_BYTES = 4_194_304
_MAX_LINE = 32_768
_ATTEMPTS, _WAIT_S, _STEP_S = 5, 0.5, 0.001
_PRIVATE_FILE = 0o600


def spool_of(store_file: str) -> str:
    """Return the path of the spool of an embedded store."""
    return f"{os.path.splitext(store_file)[0]}{SPOOL_SUFFIX}"


def append_recall(spool: str, fields: dict[str, object]) -> bool:
    """Append a line; return False if it was not written: the spool is full, locked, or cannot be written."""
    line = json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass") + b"\n"
    if len(line) > _MAX_LINE:
        return False
    with contextlib.suppress(OSError):
        for _ in range(_ATTEMPTS):
            handle = os.open(spool, os.O_WRONLY | os.O_APPEND | os.O_CREAT, _PRIVATE_FILE)
            try:
                if try_lock_if_possible(handle, is_shared=True) and _is_at(handle, spool):
                    return os.fstat(handle).st_size <= MAX_BYTES and os.write(handle, line) == len(line)
            finally:
                os.close(handle)
    return False


def take_spool(spool: str, taken: str) -> bool:
    """Rename the spool, once nobody is appending to it; return False if there is none, or if it stays in use.

    Raises:
        OSError: The file cannot be renamed.
    """
    try:
        handle = os.open(spool, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        until = time.monotonic() + _WAIT_S
        while not try_lock_if_possible(handle):
            if time.monotonic() > until:
                return False
            time.sleep(_STEP_S)
        os.rename(spool, taken)
    finally:
        os.close(handle)
    return True


def _is_at(handle: int, path: str) -> bool:
    """Return True if an open file still has its name."""
    try:
        return os.fstat(handle).st_ino == os.stat(path).st_ino
    except FileNotFoundError:
        return False
