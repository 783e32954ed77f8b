"""The interface of an operation's rules; the other modules of this package implement it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Generic, TypeVar

from graphmem.deferred_dataclass import dataclass
from graphmem.model import Change, Operation, Origin, Request, Scope
from graphmem.rows import Needs, Rows, Situation
from graphmem.temporal.refusals import refuse_unknown
from graphmem.temporal.trust import ANYBODY
from graphmem.temporal.view import View

Op = TypeVar("Op", bound=Operation)


@dataclass(frozen=True, kw_only=True)
class Rules(Generic[Op]):
    """The behaviour of a class of operations; each function takes the operation as its first argument.

    Attributes:
        name: The operation's name in the ledger and on every surface.
        effects: The rows that an accepted entry appends; a row of a memory or branch replaces its earlier row.
        mark: Type of the relationship from a ledger entry to its memories in a graph; None if the appended rows show
            them.
        roles: (id, role) of each memory that the operation names, if they have roles.
        is_revocable: Whether a `Revoke` can undo a whole entry.
        touched: Ids of the memories that the operation names.
        renamed: The operation with its memory ids replaced by a mapping; itself if none is in the mapping.
        needs: The rows that a store must read first, for a writer's scope; by default those of the memories named.
        refuse: Raises if the operation is not allowed; `View` is the writer's. By default every memory named must be
            visible.
        voice: Trust of a request, by its provenance's origin.
        required: Trust needed to carry out or revoke the operation, else it becomes a proposal: by the writer's scope,
            the rows that planning read, and the entry that a revocation undoes.
        blanked: The operation without any free text about an erased memory.
        moments: The valid times that the operation names, its start first; empty without valid time.
        is_known_to: True if a reader sees the entry's effects; by default if they see every memory named.
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


#: Filled by the package's `__init__`, which imports the module of every operation.
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
    """Return True if a reader sees the effects of an entry's operation."""
    is_visible = rules_of(operation).is_known_to
    if is_visible is None:
        return all(key in view.known for key in touched(operation))
    return is_visible(operation, change, view)


def renamed(operation: Op, names: Mapping[str, str]) -> Op:
    """The operation with its memory ids replaced by `names`; itself if none is in `names`."""
    result: Op = rules_of(operation).renamed(operation, names)
    return result
