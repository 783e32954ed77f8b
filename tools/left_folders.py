"""Folders that processes make for themselves, and that stay behind when one is killed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path


def sweep(place: Path, prefix: str = "") -> None:
    """Remove the folders `<prefix><process id>-...` of processes that were killed before they could."""
    for left in place.glob(f"{prefix}*-*"):
        owner = left.name.removeprefix(prefix).partition("-")[0]
        if owner.isdigit() and not _is_alive(int(owner)):
            shutil.rmtree(left, ignore_errors=True)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
