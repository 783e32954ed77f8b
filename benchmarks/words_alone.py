"""A memory over an opened store in which words alone are searched: no model is loaded beside what is measured."""

from __future__ import annotations

from datetime import UTC, datetime

from graphmem import GraphMemory
from graphmem.model import Scope
from graphmem.retrieval.embedder import EmbedderMissing
from graphmem.service import ServiceContext
from graphmem.store import Store


def words_alone(store: Store, *, scope: Scope, actor: str) -> GraphMemory:
    """The memory, without a gate, on this machine's clock."""
    return GraphMemory(
        ServiceContext(
            store,
            scope=scope,
            actor=actor,
            clock=lambda: datetime.now(UTC),
            embedder=lambda: EmbedderMissing("words alone"),
        )
    )
