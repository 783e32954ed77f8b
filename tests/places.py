"""Where the tests' files are: in memory if there is room, since a store waits for the disk at every commit (ADR-0050).

What is tested of durability are processes that are killed, and a file in memory outlives these as one on a disk does.
`TMPDIR=/tmp pytest` keeps them on a disk; so does a machine that has no `/dev/shm`, or little memory.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from tools.left_folders import sweep

MEMORY = Path("/dev/shm")  # noqa: S108 - a file system, in which each run makes a folder of its own
#: Several times what a run takes, with two Neo4j servers beside it.
ROOM_BYTES = 8 * 2**30
_PREFIX = "graphmem-tests-"

_made: list[Path] = []


def use_memory(place: Path = MEMORY, room_bytes: int = ROOM_BYTES) -> None:
    """Have temporary files of this process, and of those that it starts, in memory, unless somebody chose a place."""
    if "TMPDIR" in os.environ or free_bytes(place) < room_bytes:
        return
    sweep(place, _PREFIX)
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=place))
    folder.chmod(0o711)  # some tests look at their files as another user
    _made.append(folder)
    os.environ["TMPDIR"], tempfile.tempdir = str(folder), None


def folder_in_memory() -> Path | None:
    """A new folder among the files in memory, given back with them; None if they are elsewhere."""
    place = Path(tempfile.gettempdir())
    return Path(tempfile.mkdtemp(dir=place)) if place.name.startswith(_PREFIX) else None


def give_back() -> None:
    """Remove what `use_memory` made here."""
    while _made:
        shutil.rmtree(_made.pop(), ignore_errors=True)
        del os.environ["TMPDIR"]
        tempfile.tempdir = None


def free_bytes(place: Path) -> int:
    """How much can be kept there without taking memory from others; 0 if that is no file system in memory."""
    try:
        told = Path("/proc/meminfo").read_text(encoding="ascii")
        free = shutil.disk_usage(place).free if os.access(place, os.W_OK) else 0
    except OSError:
        return 0
    available = next((line.split()[1] for line in told.splitlines() if line.startswith("MemAvailable:")), "0")
    return min(free, int(available) * 1024)
