"""How far a request is trusted, and how far it must be to change what it names; less makes it a proposal (ADR-0038).

Two classes: human, document, commit and agent are trusted; conversation and external are not. Of one memory all that
this depends on never changes (its origin, and who spoke); what holds or not because of it counts, too, as far as that
is linked by then. Two operations that are both done lead to the same, whichever was first. But what an agent corrects
may have a mandatory amendment by then: the agent is then only heard.
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
    """How far somebody must be trusted to change what a statement says; nothing guards what was erased."""
    if statement is None or not statement.origin.is_trusted:
        return ANYBODY
    return MANDATING if is_mandatory(statement) else TRUSTED


def is_mandatory(statement: Statement) -> bool:
    """Whether it is, and comes from somebody whose words may be."""
    return statement.is_mandatory and statement.origin.may_mandate


def most(rows: Rows, ids: Iterable[str]) -> int:
    """How far somebody must be trusted to change all of these memories."""
    return max((guard(statement_of(rows, key)) for key in ids), default=ANYBODY)


def statement_of(rows: Rows, key: str) -> Statement | None:
    """The statement of a memory; None if it is not among the rows, or erased."""
    row = rows.memories.get(key)
    return None if row is None else row.memory.statement


def with_amendments(rows: Rows, ids: Iterable[str]) -> set[str]:
    """The memories and all that amend them: these hold only where those do."""
    return _reached(ids, [(edge.old, edge.new) for edge in rows.edges if not edge.is_full])


def with_dependents(rows: Rows, ids: Iterable[str]) -> set[str]:
    """The memories and all that hold or not because of them, for whoever sees it: predecessors and amendments."""
    return _reached(ids, [(edge.new, edge.old) if edge.is_full else (edge.old, edge.new) for edge in rows.edges])


def _reached(ids: Iterable[str], steps: Iterable[tuple[str, str]]) -> set[str]:
    """The ids and all that the steps lead to from them, one after another."""
    onward: dict[str, list[str]] = defaultdict(list)
    for here, there in steps:
        onward[here].append(there)
    reached = set(ids)
    todo = list(reached)
    while todo:
        fresh = set(onward.get(todo.pop(), ())) - reached
        reached |= fresh
        todo += fresh
    return reached
