"""The context block of a task: the memories that govern it, by section."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from graphmem.answers import Contest, Relation, State
from graphmem.claims.work_claim import WorkClaim
from graphmem.deferred_dataclass import dataclass
from graphmem.model import Kind, Origin, Point, Scope

#: The counter of a block's tokens, as answers name it.
COUNTER = "graphmem.token_count"
#: Tokens of a block: the default, the least (it holds a heading, a memory and the last line), and the most.
DEFAULT_BUDGET, LEAST_BUDGET, MOST_BUDGET = 1_000, 100, 50_000
#: Characters of a block at least, if they are limited.
LEAST_CHARS = 500


class SectionName(StrEnum):
    """A section of a block, in the order of the block."""

    MUST = "must follow"
    DECIDED = "decided"
    PRACTICE = "how we do it here"
    PREFERRED = "your preferences"
    IN_FLIGHT = "in flight"
    BEWARE = "beware"


class Why(StrEnum):
    """The reason why a memory is in a block."""

    MANDATORY = "mandatory"
    PATH = "path"
    WORDS = "words"
    MEANING = "meaning"
    PRACTICE = "practice"
    GENERAL = "general"
    CLAIM = "claim"


@dataclass(frozen=True, slots=True)
class RejectedOption:
    """An option that a decision rejected, and why; the reason is empty if none is recorded."""

    name: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class BlockItem:
    """A memory in a block.

    Attributes:
        alias: The first alias, for example `ADR-0012`; None without aliases.
        state: The state at the point of the block.
        since: Start of the interval in force at the point, or of the next interval; None if there is none.
        until: The known end of that interval.
        why: The reason for being here; `practice` is named in `matched`.
        matched: The given path, the practice or the words that led to the memory.
        rejected: The options that it rejected, those in the task first.
        replaced: Relations to the memories that it supersedes.
        overrules: Memories in force for the same subject that it leads, each with the rule.
        contested: Memories of the same scope that contest it; the conflict is undecided. The rule is the rule of
            precedence for the same subject, else the rule by which the conflict was found.
        cautions: Sentences with reasons not to rely on it.
        claim: The claim that the memory is; None for others.
        is_own: True if the claim is the reader's.
        settled: Sentences on doubts and conflicts that there are no more since the position that the caller has seen.
        is_new: The memory came into force, or was recorded, after the ledger position that the caller has seen.
        is_title_only: True if only title and id had room.
    """

    id: str
    title: str
    kind: Kind
    origin: Origin
    scope: Scope
    state: State
    since: datetime | None
    until: datetime | None
    why: Why
    matched: str = ""
    alias: str | None = None
    is_mandatory: bool = False
    rejected: tuple[RejectedOption, ...] = ()
    replaced: tuple[Relation, ...] = ()
    overrules: tuple[Contest, ...] = ()
    contested: tuple[Contest, ...] = ()
    cautions: tuple[str, ...] = ()
    claim: WorkClaim | None = None
    is_own: bool = False
    settled: tuple[str, ...] = ()
    is_new: bool = False
    is_title_only: bool = False


@dataclass(frozen=True, slots=True)
class BlockSection:
    """A section of a block with its memories, the most useful first.

    Attributes:
        left_out: The number of its memories that had no room.
    """

    name: SectionName
    items: tuple[BlockItem, ...]
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class ContextBlock:
    """The memories that govern a task, as Markdown and in sections.

    Attributes:
        at: The point of the block.
        markdown: The block in words; empty if nothing is recorded, or nothing changed. Text of untrusted origin is
            between marks.
        sections: The sections that have memories, or left some out.
        tokens: The tokens of `markdown`, by `counter`.
        counter: The name of the counter: `graphmem.token_count`.
        left_out: The number of memories that had no room.
        since: The block has only changes after this ledger position; None for the whole block.
        mode: `hybrid`, or `lexical` if no vectors were compared.
        note: The reason why no vectors were compared, or a note on the comparison.
    """

    at: Point
    markdown: str
    sections: tuple[BlockSection, ...]
    tokens: int
    counter: str = COUNTER
    left_out: int = 0
    since: int | None = None
    mode: str = "lexical"
    note: str | None = None
