"""Whether there is a memory of a name."""

from __future__ import annotations

from graphmem.errors import InvalidInput, NotFound
from graphmem.model import At, Scope
from graphmem.service.memory import GraphMemory


def is_known(memory: GraphMemory, key: str, *, at: At | None = None, scope: Scope | None = None) -> bool:
    """Whether a reader sees a memory of that id or alias at a point, or several."""
    try:
        memory.get(key, at=at, scope=scope)
    except NotFound:
        return False
    except InvalidInput:
        return True
    return True
