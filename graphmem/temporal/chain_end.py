"""When a supersession is decided by what lies ahead of it, so that the chain behind need not be read.

Behind means towards predecessors. An update at the end of a chain changes when its old memory is in force, and nothing
else: the old memory goes on having taken over from its predecessors since its own start, whatever replaces it. That is
so for every reader if everything ahead lives where the old memory does: who does not see it sees nothing beyond it.
"""

from __future__ import annotations

from graphmem.model import Request, Supersede, SupersessionKind
from graphmem.rows import Rows
from graphmem.temporal.operations.supersede import has_begun


def is_decided_ahead(request: Request, ahead: Rows) -> bool:
    """Whether planning the request from these rows gives the transaction that all rows of the chain would give.

    Args:
        request: Anything.
        ahead: The memories that the request names and all that follows from them along supersessions, with their rows;
            none of them amends anything.

    Returns:
        True only for an update on the main line of active memories, all of one scope.
    """
    operation = request.operation
    if not isinstance(operation, Supersede) or operation.kind is not SupersessionKind.UPDATE:
        return False
    if request.seen is not None or request.writer.branch is not None or ahead.revocations or ahead.retractions:
        return False
    if any(edge.kind is not SupersessionKind.UPDATE or edge.stamp.branch is not None for edge in ahead.edges):
        return False
    if len({row.memory.scope for row in ahead.memories.values()}) != 1:
        return False
    if any(row.stamp.branch is not None for row in ahead.memories.values()):
        return False
    return all(has_begun(key, operation, ahead) for key in operation.old)
