"""How soon a killed Neo4j server's clients write again: `python -m benchmarks.speed.recovery [--kills N]`.

Four threads write one memory after another, each sent again under its `op_id` until it is acknowledged, while the
server is killed and started again on its folder and ports. Writes `results/recovery.json`; fails if a write was lost
or doubled.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from statistics import median

from benchmarks.processes import listening_at
from benchmarks.rows import Row, show, write
from benchmarks.words_alone import words_alone
from graphmem import GraphMemory, Write
from graphmem.config import Settings
from graphmem.errors import CommitUnknown, StoreUnavailable
from graphmem.model import Scope
from graphmem.opening import open_schema, open_store
from tools.neo4j_server import Options, Server, start

_WRITERS = 4
_POLL_S = 0.01
_PATIENCE_S = 20.0
#: Writes before each kill, and after it.
_BEFORE, _AFTER = 200, 50
_R = Scope()


def main() -> None:
    """Kill, measure, print, write the rows."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.recovery", description=__doc__)
    parser.add_argument("--kills", type=int, default=5, help="how often the server is killed")
    with tempfile.TemporaryDirectory(prefix="graphmem-recovery-") as folder:
        rows = _measured(Path(folder), parser.parse_args().kills)
    show(rows)
    print(f"written to {write('recovery', rows).name}", file=sys.stderr)
    if any(row.is_met is False and row.unit == "writes" for row in rows):
        sys.exit("writes were lost or doubled")


class Writers:
    """Threads that write until they are stopped; `acknowledged` has when each write was, by its `op_id`."""

    def __init__(self, memory: GraphMemory) -> None:
        self.acknowledged: dict[str, float] = {}
        self._memory = memory
        self._ends = threading.Event()
        self._threads = [threading.Thread(target=self._go_on) for _ in range(_WRITERS)]
        for one in self._threads:
            one.start()

    def stop(self) -> None:
        """Let each finish the write that it has begun."""
        self._ends.set()
        for one in self._threads:
            one.join()

    def await_more(self, count: int) -> None:
        """Until so many more are acknowledged."""
        wanted = len(self.acknowledged) + count
        while len(self.acknowledged) < wanted:
            time.sleep(_POLL_S)

    def first_after(self, moment: float) -> float:
        """When the first write was acknowledged that was so after a moment."""
        return min(at for at in self.acknowledged.copy().values() if at > moment)

    def _go_on(self) -> None:
        while not self._ends.is_set():
            op_id = secrets.token_hex(8)
            while op_id not in self.acknowledged:
                with suppress(StoreUnavailable, CommitUnknown):
                    self._memory.add(f"memory {op_id}", write=Write(op_id=op_id, scope=_R))
                    self.acknowledged[op_id] = time.monotonic()


def _measured(folder: Path, kills: int) -> list[Row]:
    server = start(Options(folder=folder, has_auth=False, heap="2g", page_cache="1g"))
    settings = Settings(lock_timeout_s=_PATIENCE_S)
    try:
        open_schema(server.url, settings).apply()
        with open_store(server.url, settings, create=True) as store:
            memory = words_alone(store, scope=_R, actor="recovery")
            writers = Writers(memory)
            waits: list[float] = []
            for _ in range(kills):
                writers.await_more(_BEFORE)
                server, waited = _killed(server, writers)
                waits.append(waited)
            writers.stop()
            return _rows(waits, set(writers.acknowledged), memory)
    finally:
        server.stop()


def _killed(server: Server, writers: Writers) -> tuple[Server, float]:
    """The server after it was killed and started again, and seconds from its open port to the first write."""
    server.kill()
    opened: list[float] = []
    watch = threading.Thread(target=lambda: opened.append(listening_at(server.options.bolt_port)))
    watch.start()
    again = start(server.options)
    writers.await_more(_AFTER)
    watch.join()
    return again, writers.first_after(opened[0]) - opened[0]


def _rows(waits: list[float], acknowledged: set[str], memory: GraphMemory) -> list[Row]:
    entries: list[str | None] = []
    while page := memory.changes(after=len(entries)):
        entries += [one.op_id for one in page]
    return [
        Row("first write after the port is open: median", median(waits), "s", "lower", 5),
        Row("first write after the port is open: longest", max(waits), "s", "lower", 5),
        Row("acknowledged", len(acknowledged), "writes", "higher"),
        Row("acknowledged and lost", len(acknowledged - set(entries)), "writes", "lower", 0),
        Row("applied twice", len(entries) - len(set(entries)), "writes", "lower", 0),
        Row("findings of check", len(memory.check()), "findings", "lower", 0),
    ]


if __name__ == "__main__":
    main()
