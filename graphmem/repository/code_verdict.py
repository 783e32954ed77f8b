"""The result of a check of a memory against the code, as the ledger has it."""

from __future__ import annotations

from dataclasses import dataclass

from graphmem.errors import InvalidInput

CODE_STATUSES = ("verified", "moved", "drifted", "broken", "undecided")


@dataclass(frozen=True, slots=True)
class CodeVerdict:
    """The result of a check of a memory against the code of its repository.

    Attributes:
        memory: The id of the memory.
        status: `verified`, `moved`, `drifted`, `broken` or `undecided` (`graphmem.verification`).
        commit: Hash of the commit that was checked.
        reason: The worst finding, in a sentence; empty without one.
        path: The path that shows it; empty without one.
    """

    memory: str
    status: str
    commit: str
    reason: str = ""
    path: str = ""

    def __post_init__(self) -> None:
        if self.status not in CODE_STATUSES:
            raise InvalidInput(f"{self.status!r:.80} is no verdict; there are {', '.join(CODE_STATUSES)}")
