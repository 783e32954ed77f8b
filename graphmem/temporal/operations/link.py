"""Links: typed relations between two memories."""

from __future__ import annotations

from collections.abc import Mapping

from graphmem.errors import InvalidInput
from graphmem.model import Change, Link, LinkKind, Request, Scope
from graphmem.rows import LinkRow, Rows, Situation, stamp_of
from graphmem.temporal.operations.rules import Rules
from graphmem.temporal.refusals import refuse_unknown
from graphmem.temporal.trust import TRUSTED, most
from graphmem.temporal.view import View


def _refuse(operation: Link, _: Request, __: Situation, view: View) -> None:
    """Refuse a link to itself, to a memory that the writer does not see, or that exists already."""
    source, target = operation.source, operation.target
    if source == target:
        raise InvalidInput(f"{source!r} cannot be linked to itself")
    refuse_unknown(view, (source, target))
    if any((row.source, row.target, row.kind) == (source, target, operation.kind) for row in view.links(source)):
        raise InvalidInput(f"nothing would change: {source!r} already {operation.kind.value} {target!r}")


def _required(operation: Link, _: Scope, rows: Rows, __: Change | None) -> int:
    ends = (operation.source, operation.target)
    return min(most(rows, ends if operation.kind is LinkKind.CONFLICTS_WITH else ends[:1]), TRUSTED)


def _renamed(operation: Link, names: Mapping[str, str]) -> Link:
    source, target = operation.source, operation.target
    if names.keys().isdisjoint((source, target)):
        return operation
    return Link(names.get(source, source), names.get(target, target), operation.kind)


LINK = Rules[Link](
    name="link",
    mark="LINKED",
    roles=lambda operation: ((operation.source, "source"), (operation.target, "target")),
    is_revocable=True,
    touched=lambda operation: (operation.source, operation.target),
    renamed=_renamed,
    refuse=_refuse,
    required=_required,
    effects=lambda operation, change, _: Rows(
        links=(LinkRow(operation.source, operation.target, operation.kind, stamp_of(change)),)
    ),
)
