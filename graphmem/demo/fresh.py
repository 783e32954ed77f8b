"""Temporary memories for notebooks and experiments, with a settable clock."""

from __future__ import annotations

import secrets
import tempfile
from pathlib import Path

import graphmem
from graphmem import GraphMemory, Scope
from graphmem.demo.facts import ReplayClock, last_day, load_facts, replay
from graphmem.retrieval.embedder import EmbedderMissing


def fresh_memory(url: str = "") -> tuple[GraphMemory, ReplayClock]:
    """Return an empty memory and its clock, which is set to the start of 2000.

    Search is lexical only, so that answers are the same on every machine.

    Args:
        url: The URL of a server, for a new tenant on it; empty for a file in a new temporary folder; the
            operating system removes it.
    """
    return _opened(url, Scope(tenant=f"fresh-{secrets.token_hex(6)}") if url else Scope())


def packaging_memory(url: str = "") -> tuple[GraphMemory, ReplayClock]:
    """Return a `fresh_memory` with the shipped history of Python packaging, on the last day of a change."""
    memory, clock = fresh_memory(url)
    facts = load_facts()
    if url:
        # A restore takes a single write; a replay of the history takes a hundred.
        played, past = _opened("", memory.scope)
        with played:
            replay(facts, played, past)
            # Set the clock first: a restore refuses entries from after the current time.
            clock.now = last_day(facts)
            memory.restore(played.export())
    else:
        replay(facts, memory, clock)
        clock.now = last_day(facts)
    return memory, clock


def _opened(url: str, scope: Scope) -> tuple[GraphMemory, ReplayClock]:
    clock = ReplayClock()
    store_url = url or str(Path(tempfile.mkdtemp(prefix="graphmem-")) / "memory.db")
    memory = graphmem.open(
        store_url,
        scope=scope,
        actor="notebook",
        clock=clock,
        embedder=lambda: EmbedderMissing("search is lexical only in this memory"),
        create=True,
    )
    return memory, clock
