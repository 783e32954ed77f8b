"""Replays the shipped facts in the order of their sources' records."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import field
from datetime import UTC, datetime
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from graphmem import Alternative, Kind, Move, Origin, Outcome, Statement, Status, SupersessionKind, Write
from graphmem.deferred_dataclass import dataclass

if TYPE_CHECKING:
    from graphmem import GraphMemory

Fact = dict[str, Any]


class ReplayClock:
    """A clock that returns a set time, so that recorded times are those of the sources."""

    def __init__(self) -> None:
        self.now = datetime(2000, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        """Return the set time."""
        return self.now


def load_facts() -> list[Fact]:
    """Return the facts in `packaging_facts.jsonl`."""
    text = (files("graphmem.demo") / "packaging_facts.jsonl").read_text(encoding="utf-8")
    return [json.loads(row) for row in text.splitlines()]


def midnight(date: str) -> datetime:
    """Return the first instant of a UTC day."""
    return datetime.fromisoformat(date).replace(tzinfo=UTC)


def last_day(facts: Iterable[Fact]) -> datetime:
    """Return the latest day of a change in the facts."""
    days = [move["at"] for fact in facts for move in fact["moves"]]
    days += [link["recorded"] for fact in facts for link in fact["replaces"]]
    return midnight(max(days))


def replay(facts: Iterable[Fact], memory: GraphMemory, clock: ReplayClock) -> None:
    """Record every fact, move and supersession at the time of its source."""
    recorder = _Recorder(memory)
    events: list[_DatedStep] = [event for fact in facts for event in recorder.events_of(fact)]
    for event in sorted(events, key=lambda event: (event.day, event.order)):
        clock.now = midnight(event.day)
        event.record()


@dataclass(frozen=True, slots=True)
class _DatedStep:
    day: str
    order: int
    record: Callable[[], None]


@dataclass(slots=True)
class _Recorder:
    memory: GraphMemory
    ids: dict[str, str] = field(default_factory=dict)

    def events_of(self, fact: Fact) -> Iterable[_DatedStep]:
        first, *later = fact["moves"]
        yield _DatedStep(first["at"], 0, lambda: self._add(fact))
        for move in later:
            yield _DatedStep(move["at"], 1, lambda move=move: self._move(fact, move))  # type: ignore[misc]
        for link in fact["replaces"]:
            yield _DatedStep(link["recorded"], 2, lambda link=link: self._replace(fact, link))  # type: ignore[misc]

    def _add(self, fact: Fact) -> None:
        first = fact["moves"][0]
        move = Move(Status(first["status"]), midnight(first["at"]), source_word=first["word"])
        write = Write(source=fact["source"])
        self.ids[fact["id"]] = self.memory.add(_statement(fact), moves=(move,), write=write).ids[0]

    def _move(self, fact: Fact, move: dict[str, str]) -> None:
        write, at = Write(source=fact["source"]), midnight(move["at"])
        self.memory.transition(self.ids[fact["id"]], Status(move["status"]), at=at, word=move["word"], write=write)

    def _replace(self, fact: Fact, link: dict[str, str]) -> None:
        write, at = Write(source=fact["source"]), midnight(link["at"])
        old, new = self.ids[link["id"]], [self.ids[fact["id"]]]
        if link["kind"] == SupersessionKind.AMENDMENT:
            self.memory.amend(old, new[0], link["part"], at=at, write=write)
        else:
            self.memory.supersede(old, new, at=at, write=write)


def _statement(fact: Fact) -> Statement:
    return Statement(
        title=fact["title"],
        kind=Kind.DECISION,
        body=fact["body"],
        subject=fact.get("subject"),
        aliases=tuple(fact["aliases"]),
        labels=tuple(fact["labels"]),
        alternatives=tuple(
            Alternative(option["name"], Outcome(option["outcome"]), option["reason"])
            for option in fact.get("alternatives", ())
        ),
        origin=Origin.DOCUMENT,
    )
