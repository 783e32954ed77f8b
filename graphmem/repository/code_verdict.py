"""The result of a check of a memory against the code, as the ledger has it."""

from __future__ import annotations

from enum import StrEnum

from graphmem.deferred_dataclass import dataclass
from graphmem.errors import InvalidInput


class CodeStatus(StrEnum):
    """The result of a check of a memory, or of a reference in it, against the code.

    `undecided`: the memory refers to nothing, or only to what was not in the code since it was recorded.
    """

    VERIFIED = "verified"
    MOVED = "moved"
    DRIFTED = "drifted"
    BROKEN = "broken"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class CodeVerdict:
    """The result of a check of a memory against the code of its repository.

    Attributes:
        memory: The id of the memory.
        commit: Hash of the commit that was checked.
        reason: The worst finding, in a sentence; empty without one.
        path: The path that shows it; empty without one.
    """

    memory: str
    status: CodeStatus
    commit: str
    reason: str = ""
    path: str = ""

    def __post_init__(self) -> None:
        if type(self.status) is not CodeStatus:
            try:
                object.__setattr__(self, "status", CodeStatus(self.status))
            except ValueError:
                raise InvalidInput(f"{self.status!r:.80} is no verdict; there are {', '.join(CodeStatus)}") from None
