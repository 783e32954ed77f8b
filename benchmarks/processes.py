"""What another process has used so far, as Linux tells it, and when it begins to listen."""

from __future__ import annotations

import os
import socket
import time
from contextlib import suppress
from pathlib import Path

_POLL_S = 0.01


def load_per_core() -> float:
    """How many processes wanted each processor of this machine in the last minute; above 1, they waited."""
    return os.getloadavg()[0] / (os.cpu_count() or 1)


def cpu_ms(pid: int) -> float:
    """Processor time of a process and all its threads, in milliseconds."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    user, system = int(fields[11]), int(fields[12])
    return (user + system) * 1e3 / os.sysconf("SC_CLK_TCK")


def resident_mib(pid: int) -> float:
    """Memory of a process that is in RAM, in MiB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="utf-8").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def listening_at(port: int) -> float:
    """Waits until a port of this machine is open; that instant of `time.monotonic`."""
    while True:
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return time.monotonic()
        time.sleep(_POLL_S)
