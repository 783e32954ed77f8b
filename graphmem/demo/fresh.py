"""A memory to try things with: empty, with a clock that can be put to any day, and in nobody's way."""

from __future__ import annotations

import secrets
import tempfile
from pathlib import Path

import graphmem
from graphmem import GraphMemory, Scope
from graphmem.demo.facts import ReplayClock


def fresh_memory(url: str = "") -> tuple[GraphMemory, ReplayClock]:
    """An empty memory and its clock, which stands at the start of 2000 until it is put elsewhere.

    Search is by words alone, so that it answers alike on every machine.

    Args:
        url: A server, in which a tenant of its own is begun; empty for a file in a folder of its own, which the system
            clears away with its other temporary files.
    """
    clock = ReplayClock()
    place = url or str(Path(tempfile.mkdtemp(prefix="graphmem-")) / "memory.db")
    scope = Scope(tenant=f"fresh-{secrets.token_hex(6)}") if url else Scope()
    memory = graphmem.open(
        place,
        scope=scope,
        actor="notebook",
        clock=clock,
        embedder=lambda: "search is by words alone here",
        create=True,
    )
    return memory, clock
