"""The section of a memory in a block."""

from __future__ import annotations

from graphmem.answers import State
from graphmem.briefing.block import BlockItem, SectionName
from graphmem.model import Kind, Scope

_BY_KIND = {
    Kind.DECISION: SectionName.DECIDED,
    Kind.TASK: SectionName.IN_FLIGHT,
    Kind.PREFERENCE: SectionName.PREFERRED,
    Kind.INCIDENT: SectionName.BEWARE,
}
_NOT_YET = frozenset({State.NOT_YET, State.PROPOSED, State.DEFERRED})


def section_of(item: BlockItem, reader: Scope, *, is_bound: bool) -> SectionName:
    """Return the section of an item: doubtful items of any kind are in the last section, unless they bind the task."""
    if item.state in _NOT_YET:
        return SectionName.IN_FLIGHT
    if item.state is not State.HOLDS:
        return SectionName.BEWARE
    if is_bound:
        return SectionName.MUST
    if item.contested or item.cautions:
        return SectionName.BEWARE
    return section_of_kind(item.kind, item.scope, reader)


def section_of_kind(kind: Kind, home: Scope, reader: Scope) -> SectionName:
    """Return the section of a memory in force by its kind and scope alone."""
    if home.user is not None and home.user == reader.user:
        return SectionName.PREFERRED
    return _BY_KIND.get(kind, SectionName.PRACTICE)
