"""Verdicts on memories, with the evidence for them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from graphmem.deferred_dataclass import dataclass
from graphmem.model import Statement
from graphmem.repository.code_verdict import CodeStatus


class ReferenceKind(StrEnum):
    """The kind of a part of the code that a memory refers to."""

    FILE = "file"
    FOLDER = "folder"
    COMMAND = "command"
    DEPENDENCY = "dependency"
    SYMBOL = "symbol"


@dataclass(frozen=True, slots=True)
class CodeEvidence:
    """A place in the code that shows a finding.

    Attributes:
        commit: Hash of the commit; None for the work tree.
        path: A path at that commit, or the path that the commit removed.
        lines: First and last line of each place in the file, from 1; empty for the complete file.
    """

    commit: str | None
    path: str
    lines: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class CodeFinding:
    """The result for a single reference of a memory.

    Attributes:
        target: The reference as the memory has it: a path, a command, a name.
        reason: An explanation in a sentence.
        current: Paths at which the target is now, the likeliest first; empty if there is none.
        similarity: Percent of the weakest rename on the way to the current path; None if no rename by similarity is.
        changed_share: Share, from 0 to 1, of the lines of an anchored file or symbol that are gone; None if not known.
    """

    kind: ReferenceKind
    target: str
    status: CodeStatus
    reason: str
    evidence: tuple[CodeEvidence, ...] = ()
    current: tuple[str, ...] = ()
    similarity: int | None = None
    changed_share: float | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of the check of a memory.

    Attributes:
        commit: Hash of the commit of the mainline that was checked.
        checked_at: The time of the check.
        findings: A finding for each reference, in the order of the statement.
        watched: Paths and patterns of paths whose changes can alter the verdict (`graphmem.verification.watches`).
        is_uncommitted: Uncommitted changes of the work tree were seen.
    """

    memory_id: str
    status: CodeStatus
    commit: str
    checked_at: datetime
    findings: tuple[CodeFinding, ...] = ()
    watched: tuple[str, ...] = ()
    is_uncommitted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryToVerify:
    """A memory to be checked.

    Attributes:
        since: Valid start of the memory: a reference can only break if it resolved then, or later.
        confirmed_at: Time of the last confirmation: drift is measured from here; None for `since`.
        path: File of the statement: relative links are resolved against its folder. Empty if none.
        repo: The repository of the memory's scope: anchors in other repositories are not checked.
        earlier: The last verdict, if any.
    """

    memory_id: str
    statement: Statement
    since: datetime
    confirmed_at: datetime | None = None
    path: str = ""
    repo: str | None = None
    earlier: Verdict | None = None


_WORST_FIRST = (CodeStatus.BROKEN, CodeStatus.MOVED, CodeStatus.DRIFTED, CodeStatus.VERIFIED)


def overall_status(findings: Iterable[CodeFinding]) -> CodeStatus:
    """The status of a memory with these findings: broken, else moved, drifted, verified, undecided."""
    statuses = {finding.status for finding in findings}
    return next((status for status in _WORST_FIRST if status in statuses), CodeStatus.UNDECIDED)
