"""The recall ledger: how often a memory was in an answer, and the results of it, in counts without any text.

The ledger is beside the store, not in it: a recall changes no memory, and a read never waits for the store's writer. It
has ids of memories, ledger positions, days and counts; questions and paths are digests under the tenant's secret.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from graphmem.deferred_dataclass import dataclass, field, field_names
from graphmem.model import Scope


class RecallEvent(StrEnum):
    """An event in the use of a memory."""

    SURFACED = "surfaced"
    OPENED = "opened"
    USEFUL = "useful"
    NOT_USEFUL = "not_useful"
    WRONG = "wrong"
    CONFIRMED = "confirmed"
    WARNED = "warned"
    HEEDED = "heeded"
    OVERRIDDEN = "overridden"
    FOLLOWED = "followed"
    CONTRADICTED = "contradicted"


@dataclass(frozen=True, slots=True)
class RecallCounts:
    """The number of events of a memory.

    Attributes:
        surfaced: Answers of search, context and hooks that had it.
        opened: Requests that named it: get, history, explain.
        useful: Feedback that it was useful; `not_useful` and `wrong` likewise.
        confirmed: Confirmations that it is still right.
        warned: Changes at which guard named it.
        heeded: Changes that guard found without the option later, at the same path.
        overridden: Exceptions that were recorded, and comments that excuse the option.
        followed: Commits at which a check against the code found it right.
        contradicted: Commits at which a check found it broken or drifted.
        last_day: The day of the last event, such as `2026-11-30`; empty without one.
    """

    surfaced: int = 0
    opened: int = 0
    useful: int = 0
    not_useful: int = 0
    wrong: int = 0
    confirmed: int = 0
    warned: int = 0
    heeded: int = 0
    overridden: int = 0
    followed: int = 0
    contradicted: int = 0
    last_day: str = ""

    @property
    def relied_on(self) -> int:
        """The number of events that show reliance: being in an answer does not."""
        return self.opened + self.useful + self.confirmed + self.heeded + self.followed

    @property
    def doubted(self) -> int:
        """The number of events that speak against the memory."""
        return self.not_useful + self.wrong + self.overridden + self.contradicted

    @property
    def reliance(self) -> int:
        """The number of events that show reliance, less those that speak against the memory; at least 0."""
        return max(self.relied_on - self.doubted, 0)

    @property
    def requested(self) -> int:
        """The number of times that somebody got the memory: in an answer, by its name, or in a warning."""
        return self.surfaced + self.opened + self.warned


#: Events by name, in the order of the counts.
EVENTS = tuple(name for name in field_names(RecallCounts) if name != "last_day")


def counts_of(rows: Iterable[tuple[str, int, str]]) -> RecallCounts:
    """Return the counts of rows with event, number and day."""
    numbers: dict[str, int] = {}
    last = ""
    for event, number, day in rows:
        numbers[event] = numbers.get(event, 0) + number
        last = max(last, day)
    return RecallCounts(**{name: numbers.get(name, 0) for name in EVENTS}, last_day=last)


def recall_sentence(counts: RecallCounts) -> str:
    """Return the counts of a memory in a sentence; empty without events."""
    named = [
        f"{verb} {number} {'time' if number == 1 else 'times'}"
        for verb, number in (
            ("relied on", counts.relied_on),
            ("in an answer", counts.surfaced),
            ("doubted", counts.doubted),
        )
        if number
    ]
    if not named:
        return ""
    text = ", ".join(named)
    return f"{text[0].upper()}{text[1:]}, last on {counts.last_day}."


@dataclass(frozen=True, slots=True)
class Recall:
    """An answer that a reader got, or a result of an earlier one.

    Attributes:
        reader: The reader's scope; tenant, repository and user are recorded.
        at: The time, aware UTC.
        seq: The ledger position of the answer; 0 if it is not known.
        via: The verb, or `hook`.
        events: Ids of memories by event.
        warned: Memories that guard named, each with the digest of a path; "" for a command or a text.
        checked: Digests of the paths that guard read.
        unanswered: Digest of a question without an answer; empty for others.
    """

    reader: Scope
    at: datetime
    seq: int
    via: str
    events: Mapping[RecallEvent, tuple[str, ...]] = field(default_factory=dict)
    warned: tuple[tuple[str, str], ...] = ()
    checked: tuple[str, ...] = ()
    unanswered: str = ""

    @property
    def is_empty(self) -> bool:
        """Return True if there is nothing to record."""
        return not (self.events or self.warned or self.checked or self.unanswered)


@dataclass(frozen=True, slots=True)
class UnansweredQuestion:
    """A question that found nothing: how often, and when; its words are not recorded.

    Attributes:
        digest: The beginning of a digest of the question's terms, under the tenant's secret: equal for equal questions.
        repo: The repository of the reader; None without one.
    """

    digest: str
    times: int
    first_day: str
    last_day: str
    repo: str | None = None


@dataclass(frozen=True, slots=True)
class RecallExcerpt:
    """The part of a recall ledger that a reader may see.

    Attributes:
        position: The number of recalls of the tenant that are counted.
        counts: Counts by memory id.
        questions: Questions that found nothing, the most frequent first.
        began: The day of the first recall; empty without one.
    """

    position: int = 0
    counts: Mapping[str, RecallCounts] = field(default_factory=dict)
    questions: tuple[UnansweredQuestion, ...] = ()
    began: str = ""


class RecallLedger(Protocol):
    """A recall ledger.

    `note`, `fold`, `position`, `counts` and `close` never raise: a read never fails because of the ledger.
    """

    @property
    def is_on(self) -> bool:
        """Return True if recalls are recorded."""
        ...

    def note(self, recall: Recall) -> None:
        """Append a recall to the spool, without waiting for anybody."""
        ...

    def fold(self, *, is_due: bool = True) -> None:
        """Count the recalls in the spool; with `is_due` False only if the spool is large."""
        ...

    def position(self, reader: Scope) -> int:
        """Return the number of the tenant's recalls that are counted."""
        ...

    def counts(self, reader: Scope, memories: Sequence[str]) -> dict[str, RecallCounts]:
        """Return the counts of memories as the reader may see them; memories without events are left out."""
        ...

    def excerpt(self, reader: Scope, since: str = "") -> RecallExcerpt:
        """Return all counts that the reader may see, of events on or after a day.

        Raises:
            StoreUnavailable: The file cannot be read; `CorruptStore` if it is damaged.
        """
        ...

    def forget(self, reader: Scope, memories: Sequence[str]) -> None:
        """Remove everything about memories of the tenant, for all users.

        Raises:
            StoreUnavailable: The file cannot be written.
        """
        ...

    def close(self) -> None:
        """Count the recorded recalls, unless another process is counting, and release files."""
        ...


class NoRecalls:
    """A recall ledger that records nothing: it is off, or the store is on a server."""

    is_on = False

    def note(self, recall: Recall) -> None:
        """Record nothing."""

    def fold(self, *, is_due: bool = True) -> None:
        """Count nothing."""

    def position(self, reader: Scope) -> int:
        """Return 0."""
        del reader
        return 0

    def counts(self, reader: Scope, memories: Sequence[str]) -> dict[str, RecallCounts]:
        """Return no counts."""
        del reader, memories
        return {}

    def excerpt(self, reader: Scope, since: str = "") -> RecallExcerpt:
        """Return an empty excerpt."""
        del reader, since
        return RecallExcerpt()

    def forget(self, reader: Scope, memories: Sequence[str]) -> None:
        """Remove nothing."""

    def close(self) -> None:
        """Do nothing."""
