"""The life of a record: its states in its own words, as moves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from graphmem.deferred_dataclass import dataclass
from graphmem.model import OR_LATER, Move, Status
from graphmem.sources.decisions.dates import find_dates
from graphmem.sources.decisions.sections import TextBlock
from graphmem.sources.decisions.statuses import StatusWord, is_template, leading_status

_ARROW = re.compile(r"(?:\u2192|=>|->|;)|(?<=[.)])\s{1,9}(?=[A-Z])")
_REVISION = re.compile(r"\b(?:amended|revised|updated|clarified|augmented|reviewed)\b", re.IGNORECASE)
_PERIOD = re.compile(r"\d\s*(?:to|until|through|-|\u2013|\u2014)\s*\d")


_MAX_CHARS = 20_000
_Step = tuple[Status, datetime, str | None]


@dataclass(frozen=True, slots=True)
class StateEntry:
    """A state in the text of a record; `status` is None for superseded."""

    status: Status | None
    word: str
    at: datetime | None
    line: int
    is_partial: bool = False
    is_unknown: bool = False
    is_revision: bool = False


@dataclass(frozen=True, slots=True)
class RecordDates:
    """The dates of a record, each None if missing.

    Attributes:
        created: When it was written; if there is a single date, when it was decided.
        updated: When its text or state last changed, if later.
        decided: When it was accepted or rejected, if that has a date of its own.
        is_written_only: True if `created` is the date of writing, so that the record came into force then or later.
    """

    created: datetime | None = None
    updated: datetime | None = None
    decided: datetime | None = None
    is_written_only: bool = False


@dataclass(frozen=True, slots=True)
class RecordLife:
    """The states and dates in the text of a record.

    Attributes:
        entries: The present state first, then earlier and later states in the order of the text.
    """

    entries: tuple[StateEntry, ...] = ()
    dates: RecordDates = RecordDates()

    @property
    def status(self) -> Status | None:
        """The present state: superseded counts as active, and so does saying nothing."""
        return (self.entries[0].status or Status.ACTIVE) if self.entries else Status.ACTIVE

    @property
    def is_superseded(self) -> bool:
        """True if the record says that it was superseded as a whole."""
        return bool(self.entries) and self.entries[0].status is None and not self.entries[0].is_partial


def read_states(text: str, line: int) -> Iterator[StateEntry]:
    """The states in the value of a field or in a paragraph of the status section, in order.

    The first sentence counts if it begins with a state; later sentences only if they date a state.
    """
    text = " ".join(text[:_MAX_CHARS].split())
    if is_template(text):
        return
    for index, clause in enumerate(part.strip() for part in _ARROW.split(text)):
        bare = re.sub(r"^[\s\W]+|^", "", clause)
        leading = next(iter(find_dates(bare[:24])), None)
        if leading is not None and leading.start == 0:
            bare = bare[leading.end :]
        word = leading_status(bare if leading and leading.start == 0 else clause)
        if word is None:
            continue
        at = leading.at if leading is not None and leading.start == 0 else _next_to(bare, word)
        if index and (at is None or word.is_revision):
            continue
        yield _entry(word, at, line, bare)


def life_of(entries: Iterable[StateEntry], dates: RecordDates) -> RecordLife:
    """A life of the given states, the present state first; a revision of the text counts only without other states."""
    dated_states = list(entries)
    states = [entry for entry in dated_states if not entry.is_revision] or dated_states[:1]
    if states and states[0].at is None:
        dated = (entry.at for entry in states if entry.status is states[0].status and entry.at)
        states[0] = replace(states[0], at=min(dated, default=None))
    later = [entry for entry in states[1:] if entry.status is not states[0].status]
    return RecordLife((*states[:1], *later), dates)


def states_of_blocks(blocks: Iterable[TextBlock]) -> tuple[StateEntry, ...]:
    """The states in a status section: those of its first paragraph, and later states that are dated or final."""
    result: list[StateEntry] = []
    for block in blocks:
        texts = [block.text]
        if block.is_row:
            texts = [" ".join(cell.strip() for cell in block.text.strip("|").split("|"))]
        for text in texts:
            result += [entry for entry in read_states(text, block.line) if not result or _adds(entry, result)]
    return tuple(result)


def moves_of(
    life: RecordLife, start: datetime, replaced_at: datetime | None, *, has_successor: bool
) -> tuple[Move, ...]:
    """The moves of a record, at least one, earliest first.

    Args:
        life: The states of the record.
        start: When the record began to exist, for states without a date.
        replaced_at: When the first full successor supersedes it, if that is dated.
        has_successor: True if a record in the reading supersedes it in full; without that, `superseded` is an end.
    """
    steps = _steps(life, start, replaced_at, has_successor=has_successor)
    moves: list[Move] = []
    was_active = False
    for status, at, word in sorted(steps, key=lambda step: step[1]):
        effective = Status.ENDED if status is Status.REJECTED and was_active else status
        was_active |= effective is Status.ACTIVE
        if not (moves and moves[-1].status is effective and moves[-1].source_word == word):
            moves.append(Move(effective, at, len(moves), word))
    return tuple(moves)


def _steps(life: RecordLife, start: datetime, replaced_at: datetime | None, *, has_successor: bool) -> list[_Step]:
    if not life.entries:
        return [(Status.ACTIVE, start, None)]
    present, past = life.entries[0], life.entries[1:]
    dated_states: list[_Step] = [
        (entry.status, entry.at or start, entry.word) for entry in past if entry.status is not None
    ]
    latest = max([start, *(at for _, at, _ in dated_states)])
    if present.status is None:
        ended = replaced_at or present.at or life.dates.updated or latest
        first: list[_Step] = dated_states or _before_its_end(life.dates, min(start, ended), ended)
        # A record is trusted about itself: once superseded it is not in force, even if its successor is not either.
        status = Status.ACTIVE if present.is_partial else Status.ENDED
        after = (status, max(ended, latest), present.word)
        return [*first, after] if has_successor or not present.is_partial else _renamed(first, present)
    decided = life.dates.decided if present.status in {Status.ACTIVE, Status.REJECTED} else None
    if decided and not past and not present.at and start < decided:
        return [(Status.PROPOSED, start, None), (present.status, decided, present.word)]
    since = life.dates.created if present.status in {Status.ACTIVE, Status.PROPOSED} and not past else None
    at = present.at or since or max(at for at in (life.dates.created, life.dates.updated, latest) if at)
    if present.status is Status.ENDED and not dated_states:
        dated_states = _before_its_end(life.dates, min(start, at), at)
    is_or_later = present.status is Status.ACTIVE and at == since and not present.at and life.dates.is_written_only
    return [*dated_states, (present.status, at, present.word + OR_LATER if is_or_later else present.word)]


def _before_its_end(dates: RecordDates, start: datetime, end: datetime) -> list[_Step]:
    """The moves before the end of a record that only dates its end."""
    if dates.decided and start < dates.decided < end:
        return [(Status.PROPOSED, start, None), (Status.ACTIVE, dates.decided, None)]
    is_or_later = dates.is_written_only and start == dates.created and start < end
    return [(Status.ACTIVE, start, Status.ACTIVE.value + OR_LATER if is_or_later else None)]


def since_changes(changes: Iterable[tuple[datetime, Status | None]]) -> tuple[Status | None, datetime] | None:
    """The last state of a history and since when it lasts; None if the history knows no other state before it."""
    last: tuple[Status | None, datetime] | None = None
    count = 0
    for at, status in changes:
        if last is None or status is not last[0]:
            last, count = (status, at), count + 1
    return last if count > 1 else None


def _renamed(first: list[_Step], present: StateEntry) -> list[_Step]:
    status, at, word = first[-1]
    return [*first[:-1], (status, at, word or present.word)]


def _next_to(text: str, word: StatusWord) -> datetime | None:
    rest = text[: word.end + 120][word.end :] if word.end <= len(text) else ""
    near = re.split(r"\.\s|;", rest)[0]
    date = next(find_dates(near), None)
    return None if date is None or _REVISION.search(near[: date.start]) else date.at


def _entry(word: StatusWord, at: datetime | None, line: int, text: str) -> StateEntry:
    entry = StateEntry(word.status, word.word.strip(" *_"), at, line, word.is_partial, is_revision=word.is_revision)
    is_trial = word.status is Status.PROPOSED and word.word.lower().startswith("provisional")
    # A provisional decision is in force for the period that it names.
    return replace(entry, status=Status.ACTIVE) if is_trial and at and _PERIOD.search(text) else entry


def _adds(entry: StateEntry, result: list[StateEntry]) -> bool:
    recorded = {(step.status, step.at) for step in result} | {(step.status, None) for step in result}
    return (entry.status, entry.at) not in recorded and (
        entry.at is not None or entry.status in {None, Status.ENDED, Status.ACTIVE}
    )
