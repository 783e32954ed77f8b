"""Folders with a store that the user trusts, recorded outside of every repository.

A store or settings can come with a clone: git tracks every file that its author put in. A folder that is not recorded
here was neither made by `graphmem init` on this machine nor looked at by its user.
"""

from __future__ import annotations

import contextlib
import json
import os

from graphmem.user_state.state_folder import append_line, state_path

_NAME = "trusted"


def is_trusted(folder: str) -> bool:
    """Return True if a `.graphmem` folder is recorded as trusted."""
    path = os.path.realpath(folder)
    with contextlib.suppress(OSError), open(state_path(_NAME), "rb") as stream:
        return any(_path(line) == path for line in stream)
    return False


def trust(folder: str) -> bool:
    """Record a `.graphmem` folder as trusted; False if it is already.

    Raises:
        OSError: The record cannot be written.
    """
    if is_trusted(folder):
        return False
    append_line(state_path(_NAME), json.dumps(os.path.realpath(folder)).encode() + b"\n")
    return True


def _path(line: bytes) -> object:
    try:
        return json.loads(line)
    except ValueError:
        return None
