"""What was replaced in a text before it was written."""

from __future__ import annotations

from graphmem.deferred_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Redaction:
    """A secret that was replaced before it was written: the name of the rule that found it, and where it was."""

    rule: str
    place: str


@dataclass(frozen=True, slots=True)
class FoundSecret:
    """A secret in the ledger.

    Attributes:
        change: The ledger position of the entry that has it.
        memory: The memory that is replaced to remove it; None if no memory has it, so that it cannot be removed.
        place: The field that has it.
        rule: The name of the rule that found it.
    """

    change: int
    memory: str | None
    place: str
    rule: str


@dataclass(frozen=True, slots=True)
class ScrubReport:
    """The secrets of a ledger, and their treatment.

    Attributes:
        entries: The number of ledger entries that were searched.
        found: The secrets, in ledger order.
        scrubbed: Ids (old, new) of the memories that were erased, and of their copies without secrets.
        left: (place, reason) of each secret that is still there: the place is a memory's id or `change N`.
        notes: Notes on the erasures, for example that words remain until another reader ends.
    """

    entries: int
    found: tuple[FoundSecret, ...] = ()
    scrubbed: tuple[tuple[str, str], ...] = ()
    left: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
