"""Updates at the end of a chain, which a store can plan from the successors of the old memory alone.

The update changes only the valid time of its old memory. The predecessors stay covered from the old memory's start on,
by it or by its successor, so their rows need not be read. This is true for every reader if all successors have the
scope of the old memory: a reader without access to the old memory has none to its successors either.
"""

from __future__ import annotations

from graphmem.model import Request, Supersede, SupersessionKind
from graphmem.rows import Rows
from graphmem.temporal.operations.supersede import has_begun


def is_decided_ahead(request: Request, ahead: Rows) -> bool:
    """Return True if planning from these rows gives the same transaction as planning from the whole chain.

    Args:
        request: Any request.
        ahead: The memories that the request names and all their successors, direct and indirect, with their rows; none
            of them is an amendment.

    Returns:
        True only for an update on the main line whose memories are active and share a scope.
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
