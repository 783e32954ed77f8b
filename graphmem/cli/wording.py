"""Memories, times and states in the words and signs that every page uses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from graphmem.answers import Card, Interval, Reference, Relation, State
from graphmem.cli.blocks import Line, Look, Span, dim, line, short, strong
from graphmem.model import BEGINNING, OR_LATER, At, Point, Scope
from graphmem.retrieval.excerpts import matched_words
from graphmem.retrieval.relations import day

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


def held(memory: Card | Reference) -> str:
    """When a memory holds; a start that its source does not tell exactly as `2009-03-01 or later`."""
    start = _least_start(memory)
    words = (
        stretch(piece).replace(" –", " or later –", 1) if start is not None and piece.start == start else stretch(piece)
        for piece in memory.holding
    )
    return ", ".join(words) or "never"


def _least_start(memory: Card | Reference) -> datetime | None:
    """The start that its source tells only as the earliest that it can have been."""
    if isinstance(memory, Reference):
        return memory.holding[0].start if memory.is_or_later else None
    return memory.told.at if memory.told is not None and memory.told.word.endswith(OR_LATER) else None


def sign(state: State) -> Span:
    """● holds, ◌ not yet, ○ no longer or never."""
    return Span(_SIGNS.get(state, "○"), look(state))


def look(state: State) -> Look:
    """The look of a state."""
    return _LOOKS.get(state, Look.BAD)


def state_word(card: Card) -> Span:
    """The state in a word, with the source's own where it differs."""
    word = card.state.value
    own = card.told.word.removesuffix(OR_LATER) if card.told is not None else word
    is_same = own.casefold() in {word, "active"} or card.told is None or own == card.told.status.value
    return Span(word if is_same else f"{word} (in its source: {own})", look(card.state))


def name(memory: Card | Reference, width: int = _CHAIN_TITLE_CELLS) -> str:
    """First alias and title, in at most so many cells; the id of a memory that has no title here."""
    if memory.title is None:
        return memory.id
    return short(f"{memory.alias} {memory.title}" if memory.alias else memory.title, width)


def began(memory: Card | Reference) -> tuple[bool, datetime]:
    """The order of memories in a chain: since when each was in force, those that never were last."""
    return (not memory.holding, (memory.holding[0].start or BEGINNING) if memory.holding else BEGINNING)


def chain_line(memories: Iterable[Card | Reference], *, indent: int = 0) -> Line:
    """A → B → C, the oldest first, by alias, or by title without one, with the dates in which each was in force."""
    spans: list[Span] = []
    for memory in memories:
        if memory.state is None:
            continue
        if spans:
            spans.append(strong(" → "))
        called = memory.alias or short(memory.title or "", _CHAIN_TITLE_CELLS)
        spans += [sign(memory.state), Span(f" {called} "), dim(f"({held(memory)})")]
    return line(*spans, indent=indent)


def point_line(point: Point, asked: At, note: str | None = None, *, is_lexical: bool = True) -> Line:
    """For which point an answer was given, and what is to be said of how: most often that it was by words alone."""
    now = " (now)" if asked.as_of is None else ""
    known = f"change {point.seq}" + (" (latest)" if asked.known_at is None else "")
    if isinstance(asked.known_at, datetime):
        known = f"{second(asked.known_at)} = {known}"
    words = [] if note is None else [f" · by words alone: {note}" if is_lexical else f" · {note}"]
    return line(dim(f"as of {second(point.valid)}{now} · known at {known}{''.join(words)}"))


_MOST_REPOSITORIES = 8


def nothing_line(scope: Scope, repositories: Sequence[str], *, is_history: bool) -> Line:
    """That nothing matched, what was searched, and where else to look.

    Args:
        scope: Where was searched.
        repositories: Those that there are.
        is_history: Whether what is not in force was searched too.
    """
    where = f"repository {scope.repo} and org-wide memories" if scope.repo else "org-wide memories only"
    private = f", and those of user {scope.user}" if scope.user else ""
    others = [one for one in repositories if one != scope.repo]
    named = ", ".join(others[:_MOST_REPOSITORIES]) + (", …" if len(others) > _MOST_REPOSITORIES else "")
    tips = [] if scope.repo else [f"set --repo to search a repository{f' ({named})' if named else ''}"]
    tips += [] if is_history else ["--history also finds what is not in force"]
    return line(f"No matches. Searched {where}{private}{'; ' if tips else ''}{'; '.join(tips)}.")


def weaker_line(count: int) -> Line:
    """That nothing says enough about a question."""
    others = "one memory says" if count == 1 else f"{count} memories say"
    return line(
        f"Nothing is recorded about this. {others.capitalize()} something that is only near it: --all shows it."
    )


def org_wide_line(count: int) -> Line:
    """That no repository was searched, though there are some."""
    others = "one repository has" if count == 1 else f"{count} repositories have"
    return line(dim(f"Only org-wide memories were searched; {others} more: --repo names it."))


def emphasised(text: str, terms: Sequence[str]) -> list[Span]:
    """A text whose words that a question is about are found first."""
    spans, end = list[Span](), 0
    for start, stop in matched_words(text, terms):
        spans += [Span(text[end:start]), strong(text[start:stop])]
        end = stop
    return [one for one in (*spans, Span(text[end:])) if one.text]


_STALE = 0.5


def age_words(card: Card, valid: datetime) -> list[str]:
    """How long nobody has confirmed what is in force, once that is a half-life of its kind; else nothing."""
    if card.freshness > _STALE or card.fresh_at is None or card.state is not State.HOLDS:
        return []
    days = (valid - card.fresh_at).days
    number, unit = (days // 365, "year") if days >= 365 else (days // 30, "month") if days >= 60 else (days, "day")  # noqa: PLR2004
    age = f"{number} {unit}{'' if number == 1 else 's'}"
    return [f"last confirmed {age} ago" if card.confirmed_at == card.fresh_at else f"not confirmed for {age}"]


def facts_line(card: Card, valid: datetime, *, indent: int, relevance: float | None = None) -> Line:
    """Id, kind, stated confidence and the rest in one line; of a hit its relevance too."""
    said = card.memory.statement
    assert said is not None, "what was erased gets no card"  # noqa: S101
    parts = [said.kind.value, *said.aliases[:1], *([f"subject {said.subject}"] if said.subject else [])]
    parts += [f"confidence {card.confidence:.2f} ({said.origin.value})", *age_words(card, valid)]
    parts += [] if relevance is None else [f"relevance {relevance:.2f}"]
    return line(Span(card.id, Look.ID), dim(" · " + " · ".join(parts)), indent=indent)


def related(near: Relation, of: Look = Look.DIM) -> list[Span]:
    """A relation to another memory: `superseded by ADR-0005 Use SQLite on 2025-09-01`."""
    part = f" ({near.part})" if near.part else ""
    return [Span(f"{near.before} ", of), Span(f"{name(near.memory)}{part}"), dim(near.after)]
