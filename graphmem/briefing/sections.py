"""The section of a memory in a block."""

from __future__ import annotations

from graphmem.answers import State
from graphmem.briefing.block import BlockItem, Section
from graphmem.model import Kind, Scope

_BY_KIND = {
    Kind.DECISION: Section.DECIDED,
    Kind.TASK: Section.IN_FLIGHT,
    Kind.PREFERENCE: Section.PREFERRED,
    Kind.INCIDENT: Section.BEWARE,
}
_NOT_YET = frozenset({State.NOT_YET, State.PROPOSED, State.DEFERRED})


def section_of(item: BlockItem, reader: Scope, *, is_bound: bool) -> Section:
    """Return where an item belongs: what is in doubt is told last, whatever its kind, unless it binds the task."""
    if item.state in _NOT_YET:
        return Section.IN_FLIGHT
    if item.state is not State.HOLDS:
        return Section.BEWARE
    if is_bound:
        return Section.MUST
    if item.contested or item.cautions:
        return Section.BEWARE
    return section_of_kind(item.kind, item.scope, reader)


def section_of_kind(kind: Kind, home: Scope, reader: Scope) -> Section:
    """Return the section of a memory in force of which nothing else is known."""
    if home.user is not None and home.user == reader.user:
        return Section.PREFERRED
    return _BY_KIND.get(kind, Section.PRACTICE)
