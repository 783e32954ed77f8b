"""What every corpus is read into: records with their lives, declared replacements, and questions."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from graphmem.model import Statement, Status, SupersessionKind

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """A state that a source tells of a record.

    Attributes:
        status: None for superseded: whether that is an end depends on a known successor.
        at: From when it is valid.
        known: When the source said so.
    """

    status: Status | None
    word: str | None
    at: datetime
    known: datetime


@dataclass(frozen=True, slots=True)
class Record:
    """One memory to load: a PEP, an enhancement, a decision, a rule; or one dimension of one."""

    id: str
    statement: Statement
    told: tuple[Told, ...]
    repo: str | None = None


@dataclass(frozen=True, slots=True)
class Declared:
    """A replacement as the sources declare it; a claim is declared by the new side only."""

    old: str
    new: str
    at: datetime
    known: datetime
    kind: SupersessionKind = SupersessionKind.UPDATE
    part: str | None = None
    evidence: str | None = None
    is_claim: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """A question with what is known of its answer."""

    id: str
    type: str
    text: str
    as_of: datetime | None
    gold: tuple[str, ...]
    wrong: tuple[str, ...]
    answer: str | None
    repo: str | None
    evidence: tuple[str, ...] = ()
    by_recorded: tuple[str, ...] = ()
    by_valid: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pack:
    """One corpus."""

    letter: str
    name: str
    records: tuple[Record, ...]
    declared: tuple[Declared, ...]
    questions: tuple[Question, ...]
    words: Mapping[str, str] = field(default_factory=dict)

    @property
    def present(self) -> datetime:
        """The latest moment at which any of its sources said something."""
        times = [told.known for record in self.records for told in record.told]
        return max([*times, *(one.known for one in self.declared)])


def json_lines(path: Path) -> Iterator[Json]:
    """The objects of a file of JSON lines, compressed or not; nothing if it is not there."""
    packed = path.with_name(path.name + ".gz")
    if packed.is_file():
        with gzip.open(packed, "rt", encoding="utf-8") as lines:
            yield from map(json.loads, lines)
    elif path.is_file():
        with path.open(encoding="utf-8") as lines:
            yield from map(json.loads, lines)


def day(text: str) -> datetime:
    """A date's first instant, or the moment that a longer text gives."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def read_questions(path: Path) -> tuple[Question, ...]:
    """The questions of a pack, in their order."""
    return tuple(_question(one) for one in json_lines(path))


def _question(one: Json) -> Question:
    return Question(
        id=one["qid"],
        type=one["type"],
        text=one["question"],
        as_of=day(one["as_of"]) if one["as_of"] else None,
        gold=tuple(one["gold"]),
        wrong=(*one["not"], *one.get("not_yet", ())),
        answer=one.get("answer"),
        repo=one.get("repo"),
        evidence=tuple(one.get("evidence", ())),
        by_recorded=tuple(one.get("gold_by_recorded_time", ())),
        by_valid=tuple(one.get("gold_by_valid_time", ())),
    )


def told_by_day(states: Sequence[Told]) -> tuple[Told, ...]:
    """Changes of state, earliest first: dates know no order within a day, so of each day the last state counts."""
    last = {state.known: state for state in states}
    kept: list[Told] = []
    for state in last.values():
        if not kept or kept[-1].word != state.word:
            kept.append(state)
    return tuple(kept)
