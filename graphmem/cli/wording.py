"""Memories, times and states in the words and signs that every page uses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from graphmem.answers import Card, Interval, State
from graphmem.cli.blocks import Line, Look, Span, dim, line, short, strong
from graphmem.model import At, Point, Scope
from graphmem.retrieval.reasons import day

_SIGNS = {State.HOLDS: "●", State.PROPOSED: "◌", State.DEFERRED: "◌", State.NOT_YET: "◌"}
_LOOKS = {State.HOLDS: Look.GOOD, State.PROPOSED: Look.WARN, State.DEFERRED: Look.WARN, State.NOT_YET: Look.WARN}
_CHAIN_TITLE_CELLS = 48


def second(moment: datetime) -> str:
    """The moment to the second, always with its zone."""
    return moment.isoformat(sep=" ", timespec="seconds").replace("+00:00", "Z")


def stretch(piece: Interval) -> str:
    """An interval: `2015-09-02 – 2018-07-20`, open sides left open."""
    start = "" if piece.start is None else day(piece.start)
    end = "" if piece.end is None else day(piece.end)
    return f"{start} – {end}".strip()


def stretches(pieces: Sequence[Interval]) -> str:
    """All intervals, or `never`."""
    return ", ".join(map(stretch, pieces)) or "never"


def sign(state: State) -> Span:
    """● holds, ◌ not yet, ○ no longer or never."""
    return Span(_SIGNS.get(state, "○"), look(state))


def look(state: State) -> Look:
    """The look of a state."""
    return _LOOKS.get(state, Look.BAD)


def state_word(card: Card) -> Span:
    """The state in a word, with the source's own where it differs."""
    word = card.state.value
    own = card.told.word if card.told is not None else word
    is_same = own.casefold() in {word, "active"} or card.told is None or card.told.word == card.told.status.value
    return Span(word if is_same else f"{word} ({own})", look(card.state))


def name(card: Card, width: int = _CHAIN_TITLE_CELLS) -> str:
    """First alias and title, in at most so many cells."""
    alias = _alias(card)
    return short(f"{alias} {card.title}" if alias else card.title, width)


def _alias(card: Card) -> str:
    said = card.memory.statement
    return said.aliases[0] if said is not None and said.aliases else ""


def chain_line(cards: Sequence[Card], *, indent: int = 0) -> Line:
    """A → B → C by alias, or by title without one, with the dates in which each held."""
    spans: list[Span] = []
    for card in cards:
        if spans:
            spans.append(strong(" → "))
        spans += [
            sign(card.state),
            Span(f" {_alias(card) or short(card.title, _CHAIN_TITLE_CELLS)} "),
            dim(f"({stretches(card.holding)})"),
        ]
    return line(*spans, indent=indent)


def point_line(point: Point, asked: At, note: str | None = None) -> Line:
    """For which point an answer was given, and whether by words alone."""
    now = " (now)" if asked.as_of is None else ""
    known = f"change {point.seq}" + (" (latest)" if asked.known_at is None else "")
    if isinstance(asked.known_at, datetime):
        known = f"{second(asked.known_at)} = {known}"
    words = [] if note is None else [f" · by words alone: {note}"]
    return line(dim(f"as of {second(point.valid)}{now} · known at {known}{''.join(words)}"))


def nothing_line(what: str, scope: Scope) -> Line:
    """That there is no answer, where the question was asked from, and where else to look."""
    repo = "in no repository" if scope.repo is None else f"in repository {scope.repo}"
    who = "" if scope.user is None else f" as {scope.user}"
    return line(f"{what}, standing {repo}{who}; --history looks at what does not hold too, --repo stands elsewhere")


def facts_line(card: Card, *, indent: int) -> Line:
    """Id, kind and the rest in one line."""
    said = card.memory.statement
    assert said is not None, "what was erased gets no card"  # noqa: S101
    parts = [said.kind.value, *said.aliases[:1], *([f"subject {said.subject}"] if said.subject else [])]
    parts += [f"confidence {card.confidence:.2f} ({said.origin.value})"]
    return line(Span(card.id, Look.ID), dim(" · " + " · ".join(parts)), indent=indent)


_RULES = {
    "mandatory": "what is mandatory leads",
    "mandatory width": "of two mandatory ones the wider scope leads",
    "branch": "the nearer branch leads",
    "scope": "the narrower scope leads",
    "trust of origin": "the more trusted origin leads",
    "start": "the later start leads",
    "observed at": "the later observation leads",
    "digest of id": "nothing else decides, so an arbitrary but fixed order does",
}


def rule_words(rule: str) -> str:
    """A rule of precedence with what it says."""
    return f"{rule}: {_RULES[rule]}" if rule in _RULES else rule


def titled(ids: Sequence[str], cards: Mapping[str, Card]) -> str:
    """Memories by name, those that are not seen by id."""
    return ", ".join(name(cards[key]) if key in cards else key for key in ids)
