"""The trust of a request and the trust required to change memories; too little makes it a proposal (ADR-0038).

Human, document, commit and agent origins are trusted; conversation and external are not. The trust that a memory
requires follows from its origin and its mandatory flag, which never change, and from its dependents as of the write's
ledger position. Two accepted operations have the same effect in either order. But a correction by an agent becomes a
proposal if the memory has received a mandatory amendment in the meantime.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from graphmem.model import Origin, Statement
from graphmem.rows import Rows

ANYBODY = Origin.EXTERNAL.trust
TRUSTED = Origin.AGENT.trust
MANDATING = Origin.COMMIT.trust


def guard(statement: Statement | None) -> int:
    """Trust required to change a memory with this statement; an erased memory (None) requires the least."""
    if statement is None or not statement.origin.is_trusted:
        return ANYBODY
    return MANDATING if is_mandatory(statement) else TRUSTED


def is_mandatory(statement: Statement) -> bool:
    """Return True if the statement is mandatory and its origin may issue mandatory statements."""
    return statement.is_mandatory and statement.origin.may_mandate


def most(rows: Rows, ids: Iterable[str]) -> int:
    """Trust required to change all of these memories."""
    return max((guard(statement_of(rows, key)) for key in ids), default=ANYBODY)


def statement_of(rows: Rows, key: str) -> Statement | None:
    """The statement of a memory; None if the memory is missing from the rows, or erased."""
    row = rows.memories.get(key)
    return None if row is None else row.memory.statement


def with_amendments(rows: Rows, ids: Iterable[str]) -> set[str]:
    """The memories and their amendments, direct and indirect, which are in force only while their base is."""
    return _reached(ids, [(edge.old, edge.new) for edge in rows.edges if not edge.is_full])


def with_dependents(rows: Rows, ids: Iterable[str]) -> set[str]:
    """The memories and their predecessors and amendments, direct and indirect, as any reader may see them."""
    return _reached(ids, [(edge.new, edge.old) if edge.is_full else (edge.old, edge.new) for edge in rows.edges])


def _reached(ids: Iterable[str], steps: Iterable[tuple[str, str]]) -> set[str]:
    """The ids, and all ids reachable from them by steps."""
    onward: dict[str, list[str]] = defaultdict(list)
    for start, end in steps:
        onward[start].append(end)
    reached = set(ids)
    todo = list(reached)
    while todo:
        fresh = set(onward.get(todo.pop(), ())) - reached
        reached |= fresh
        todo += fresh
    return reached
