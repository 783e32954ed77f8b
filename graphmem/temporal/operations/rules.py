"""The questions that graphmem asks of every operation; the other modules of this package answer them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from graphmem.model import Change, Operation, Origin, Request, Scope
from graphmem.rows import Needs, Rows, Situation
from graphmem.temporal.refusals import refuse_unknown
from graphmem.temporal.trust import ANYBODY
from graphmem.temporal.view import View

Op = TypeVar("Op", bound=Operation)


@dataclass(frozen=True, kw_only=True)
class Rules(Generic[Op]):
    """Everything that depends on the class of an operation; the functions get the operation first.

    Attributes:
        name: The operation's word in the ledger and on every surface.
        effects: The rows that an accepted entry appends to those before; a memory or branch replaces the one before.
        mark: Type of the relationship from a ledger entry to the memories that it is about, in a graph; None if the
            rows that it appends show them.
        roles: (id, role) of each memory that it names, if they have roles.
        is_revocable: Whether a `Revoke` can undo a whole entry.
        touched: Ids of the memories that it names.
        renamed: The operation on the memories that stand for those that it names; itself if none does.
        needs: The rows that a store must read first, for a writer; if not given, those of the memories that it names.
        refuse: Raises if it may not be written; `View` is the writer's. If not given, what it names must be seen.
        voice: How far a request of it is trusted, by who speaks.
        required: How far a request must be trusted to be carried out or undone, and not only proposed: by its writer's
            scope, the rows that planning read, and the entry that a revoke undoes.
        blanked: The operation without any free text about an erased memory.
        moments: The valid times that it gives, the first one first; empty if it counts at all times.
        is_known_to: Whether a reader sees what its entry did; if not given, who sees all that it names.
    """

    name: str
    effects: Callable[[Op, Change, Rows], Rows]
    mark: str | None = None
    roles: Callable[[Op], tuple[tuple[str, str], ...]] = lambda _: ()
    is_revocable: bool = False
    touched: Callable[[Op], tuple[str, ...]] = lambda _: ()
    renamed: Callable[[Op, Mapping[str, str]], Op] = lambda operation, _: operation
    needs: Callable[[Op, Scope], Needs] | None = None
    refuse: Callable[[Op, Request, Situation, View], None] | None = None
    voice: Callable[[Op, Origin, Rows], int] = lambda _, speaker, __: speaker.trust
    required: Callable[[Op, Scope, Rows, Change | None], int] = lambda *_: ANYBODY
    blanked: Callable[[Op, str], Op] = lambda operation, _: operation
    moments: Callable[[Op], tuple[datetime, ...]] = lambda _: ()
    is_known_to: Callable[[Op, Change, View], bool] | None = None


#: Filled in by the package, which imports the module of every operation.
RULES: dict[type[Operation], Rules[Any]] = {}


def rules_of(operation: Operation) -> Rules[Any]:
    """The rules of an operation's class."""
    return RULES[type(operation)]


def touched(operation: Operation) -> tuple[str, ...]:
    """Ids of the memories that an operation names."""
    return rules_of(operation).touched(operation)


def needs_of(operation: Operation, writer: Scope) -> Needs:
    """The rows that a store must read before the operation of a writer can be planned."""
    needs = rules_of(operation).needs
    return Needs(ids=touched(operation)) if needs is None else needs(operation, writer)


def refuse(operation: Operation, request: Request, situation: Situation, view: View) -> None:
    """Raise if an operation may not be written; `view` is the writer's."""
    refuse_own = rules_of(operation).refuse
    if refuse_own is None:
        refuse_unknown(view, touched(operation))
    else:
        refuse_own(operation, request, situation, view)


def is_known_to(view: View, operation: Operation, change: Change) -> bool:
    """Whether a reader sees what an operation of an entry, or of the entry that it undoes, did."""
    known_to = rules_of(operation).is_known_to
    if known_to is None:
        return all(key in view.known for key in touched(operation))
    return known_to(operation, change, view)


def renamed(operation: Op, names: Mapping[str, str]) -> Op:
    """The operation on the memories that stand for those that it names; itself if none does."""
    found: Op = rules_of(operation).renamed(operation, names)
    return found
