"""What is looked up for a question beside its answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from graphmem.answers import Hit
from graphmem.errors import InvalidInput, NotFound
from graphmem.model import At, Scope
from graphmem.service.memory import GraphMemory

_NEAR = 20


@dataclass(frozen=True, slots=True)
class MemoryLookup:
    """Looks up names at a point, as a reader sees it."""

    memory: GraphMemory
    at: At | None = None
    scope: Scope | None = None

    def is_known(self, key: str) -> bool:
        """Whether a memory has that id or alias, or several have."""
        try:
            self.memory.get(key, at=self.at, scope=self.scope)
        except NotFound:
            return False
        except InvalidInput:
            return True
        return True

    def near(self, question: str) -> Sequence[Hit]:
        """What is near a question, however little it says about it."""
        return self.memory.search(question, at=self.at, scope=self.scope, limit=_NEAR, min_relevance=0.0).hits
