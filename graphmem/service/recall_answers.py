"""The answers of `stats`: how memories are used."""

from __future__ import annotations

from graphmem.answers import Reference
from graphmem.deferred_dataclass import dataclass
from graphmem.model import Point
from graphmem.recalls import RecallCounts, UnansweredQuestion


@dataclass(frozen=True, slots=True)
class UsedMemory:
    """A memory with the number of its uses; `why` is the reason for being in a list, in a sentence."""

    memory: Reference
    counts: RecallCounts
    why: str


@dataclass(frozen=True, slots=True)
class RecallStatistics:
    """The use of the memories that a reader sees.

    Attributes:
        at: The point at which states of memories are given.
        position: The number of recalls of the tenant that are counted: equal positions mean equal counts.
        since: The first day that counts; empty for all.
        began: The day of the first recall; empty without one.
        is_recording: False if the setting `recall` is off, so that nothing is counted.
        relied_on: Memories that were opened, confirmed, useful, heeded or followed by commits, the most first; then
            those that were only in answers.
        unused: Memories in force that were in no answer, the longest recorded first.
        unused_count: The number of all of them.
        stale: Memories that were requested although they are not in force, doubtful or old, the most requested first.
        unanswered: Questions that found nothing, the most frequent first; their words are not recorded.
        unanswered_count: The number of all of them.
        overridden: Memories whose warnings were overridden, the most often first.
    """

    at: Point
    position: int
    since: str
    began: str
    is_recording: bool
    relied_on: tuple[UsedMemory, ...] = ()
    unused: tuple[Reference, ...] = ()
    unused_count: int = 0
    stale: tuple[UsedMemory, ...] = ()
    unanswered: tuple[UnansweredQuestion, ...] = ()
    unanswered_count: int = 0
    overridden: tuple[UsedMemory, ...] = ()
