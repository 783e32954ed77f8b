"""Hits as far as a context block weighs them: without the relations and reasons that only a reader of hits needs."""

from __future__ import annotations

from collections.abc import Mapping

from graphmem.deferred_dataclass import dataclass
from graphmem.retrieval.heads import subject_of
from graphmem.retrieval.hit_order import Ranked, Ruled
from graphmem.temporal import Standing


@dataclass(frozen=True, slots=True)
class Lead:
    """A hit.

    Attributes:
        memory: The memory's id.
        parts: The parts of its score that are not nothing.
        leader: The memory that leads its subject instead of it; None if it leads.
    """

    memory: str
    standing: Standing
    parts: Mapping[str, float]
    leader: str | None


@dataclass(frozen=True, slots=True)
class Leads:
    """The hits of a query, best first, with the mode and the note of a `SearchAnswer`."""

    hits: tuple[Lead, ...]
    mode: str
    note: str | None


def lead_of(entry: Ranked, ruled: Ruled) -> Lead | None:
    """Return a ranked head as a hit; None if the memory was erased after it matched."""
    head = entry.head
    key = head.resolved.memory
    memory = (ruled.view if head.is_settled else head.view).memory(key)
    if memory is None:
        return None
    ruling = ruled.led.get(subject_of(memory)) if head.holds else None
    is_led = ruling is not None and key in dict(ruling.contested) and ruled.view.memory(ruling.head) is not None
    return Lead(key, head.resolved.standing, head.scored.parts, ruling.head if ruling is not None and is_led else None)
