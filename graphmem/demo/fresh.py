"""Memories to try things with: in nobody's way, and with a clock that can be put to any day."""

from __future__ import annotations

import secrets
import tempfile
from pathlib import Path

import graphmem
from graphmem import GraphMemory, Scope
from graphmem.demo.facts import ReplayClock, last_day, load_facts, replay


def fresh_memory(url: str = "") -> tuple[GraphMemory, ReplayClock]:
    """An empty memory and its clock, which stands at the start of 2000 until it is put elsewhere.

    Search is by words alone, so that it answers alike on every machine.

    Args:
        url: A server, in which a tenant of its own is begun; empty for a file in a folder of its own, which the system
            clears away with its other temporary files.
    """
    return _opened(url, Scope(tenant=f"fresh-{secrets.token_hex(6)}") if url else Scope())


def packaging_memory(url: str = "") -> tuple[GraphMemory, ReplayClock]:
    """As `fresh_memory`, with the shipped history of Python packaging, on the last day of which anything changed."""
    memory, clock = fresh_memory(url)
    facts = load_facts()
    if url:
        # A ledger is copied in one write; to play the history there would take a hundred.
        played, past = _opened("", memory.scope)
        with played:
            replay(facts, played, past)
            # First the clock: a ledger from a later time than that of its new place is refused.
            clock.now = last_day(facts)
            memory.restore(played.export())
    else:
        replay(facts, memory, clock)
        clock.now = last_day(facts)
    return memory, clock


def _opened(url: str, scope: Scope) -> tuple[GraphMemory, ReplayClock]:
    clock = ReplayClock()
    place = url or str(Path(tempfile.mkdtemp(prefix="graphmem-")) / "memory.db")
    memory = graphmem.open(
        place,
        scope=scope,
        actor="notebook",
        clock=clock,
        embedder=lambda: "search is by words alone here",
        create=True,
    )
    return memory, clock
