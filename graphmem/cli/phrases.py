"""Words and signs for memories, times and states, common to all pages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from graphmem.answers import Card, Interval, Reference, Relation, State
from graphmem.cli.blocks import Line, Look, Span, dim, line, short, strong
from graphmem.model import BEGINNING, OR_LATER, At, CommitPoint, Point, Scope
from graphmem.retrieval.excerpts import matched_words
from graphmem.retrieval.relation_phrases import day

_SIGNS = {State.HOLDS: "●", State.PROPOSED: "◌", State.DEFERRED: "◌", State.NOT_YET: "◌"}
_LOOKS = {State.HOLDS: Look.GOOD, State.PROPOSED: Look.WARN, State.DEFERRED: Look.WARN, State.NOT_YET: Look.WARN}
_CHAIN_TITLE_CELLS = 48


def second(moment: datetime) -> str:
    """Return a time to the second, with its zone."""
    return moment.isoformat(sep=" ", timespec="seconds").replace("+00:00", "Z")


def stretch(piece: Interval) -> str:
    """Return an interval as text, for example `2015-09-02 – 2018-07-20`; an open side is left empty."""
    start = "" if piece.start is None else day(piece.start)
    end = "" if piece.end is None else day(piece.end)
    return f"{start} – {end}".strip()


def stretches(pieces: Sequence[Interval]) -> str:
    """Return all intervals as text, or `never`."""
    return ", ".join(map(stretch, pieces)) or "never"


def held(memory: Card | Reference) -> str:
    """Return the times at which a memory is in force; an inexact start of its source as `2009-03-01 or later`."""
    start = _least_start(memory)
    words = (
        stretch(piece).replace(" –", " or later –", 1) if start is not None and piece.start == start else stretch(piece)
        for piece in memory.holding
    )
    return ", ".join(words) or "never"


def _least_start(memory: Card | Reference) -> datetime | None:
    """Return the start if the source gives it only as the earliest possible time."""
    if isinstance(memory, Reference):
        return memory.holding[0].start if memory.is_or_later else None
    return memory.told.at if memory.told is not None and memory.told.word.endswith(OR_LATER) else None


def sign(state: State) -> Span:
    """Return ● for in force, ◌ for not yet, ○ for no longer or never."""
    return Span(_SIGNS.get(state, "○"), look(state))


def look(state: State) -> Look:
    """Return the look of a state."""
    return _LOOKS.get(state, Look.BAD)


def state_word(card: Card) -> Span:
    """Return the state in a word, with the source's own word if it differs."""
    word = card.state.value
    own = card.told.word.removesuffix(OR_LATER) if card.told is not None else word
    is_same = own.casefold() in {word, "active"} or card.told is None or own == card.told.status.value
    return Span(word if is_same else f"{word} (in its source: {own})", look(card.state))


def name(memory: Card | Reference, width: int = _CHAIN_TITLE_CELLS) -> str:
    """Return first alias and title, in at most `width` cells; the id of a memory without a title."""
    if memory.title is None:
        return memory.id
    return short(f"{memory.alias} {memory.title}" if memory.alias else memory.title, width)


def began(memory: Card | Reference) -> tuple[bool, datetime]:
    """Return the sort key of a chain: the start of each memory; memories that were never in force come last."""
    return (not memory.holding, (memory.holding[0].start or BEGINNING) if memory.holding else BEGINNING)


def chain_line(memories: Iterable[Card | Reference], *, indent: int = 0) -> Line:
    """Return a chain as A → B → C, oldest first, each by alias or title, with the dates at which it was in force."""
    spans: list[Span] = []
    for memory in memories:
        if memory.state is None:
            continue
        if spans:
            spans.append(strong(" → "))
        called = memory.alias or short(memory.title or "", _CHAIN_TITLE_CELLS)
        spans += [sign(memory.state), Span(f" {called} "), dim(f"({held(memory)})")]
    return line(*spans, indent=indent)


def point_line(point: Point, requested: At, note: str | None = None, *, is_lexical: bool = True) -> Line:
    """Return the point in time of an answer, and a note, usually that the search was by words alone."""
    now = " (now)" if requested.as_of is None else ""
    position = f"change {point.seq}" + (" (latest)" if requested.known_at is None else "")
    if isinstance(requested.known_at, datetime):
        position = f"{second(requested.known_at)} = {position}"
    commit = "" if point.commit is None else f" = {_commit_words(point.commit)}"
    words = [] if note is None else [f" · by words alone: {note}" if is_lexical else f" · {note}"]
    return line(dim(f"as of {second(point.valid)}{now}{commit} · known at {position}{''.join(words)}"))


_SHA_CHARS = 10


def _commit_words(commit: CommitPoint) -> str:
    """Return a commit's name and hash, and where its line left the mainline."""
    fork = "" if commit.fork is None else f", beside the mainline since {commit.fork[:_SHA_CHARS]}"
    return f"{commit.name} (commit {commit.sha[:_SHA_CHARS]}{fork})"


_MAX_REPOSITORIES = 8


def nothing_line(scope: Scope, repositories: Sequence[str], *, is_history: bool) -> Line:
    """Return the line for no matches: the scope of the search, and how to extend it.

    Args:
        scope: The scope of the search.
        repositories: All repositories of the tenant.
        is_history: Whether memories that are not in force were searched too.
    """
    where = f"repository {scope.repo} and org-wide memories" if scope.repo else "org-wide memories only"
    private = f", and those of user {scope.user}" if scope.user else ""
    further = [repo for repo in repositories if repo != scope.repo]
    named = ", ".join(further[:_MAX_REPOSITORIES]) + (", …" if len(further) > _MAX_REPOSITORIES else "")
    tips = [] if scope.repo else [f"set --repo to search a repository{f' ({named})' if named else ''}"]
    tips += [] if is_history else ["--history also finds memories that are not in force"]
    return line(f"No matches. Searched {where}{private}{'; ' if tips else ''}{'; '.join(tips)}.")


def weaker_line(count: int) -> Line:
    """Return the line for a search that has only weak matches."""
    matches = "One weak match" if count == 1 else f"{count} weak matches"
    return line(f"Nothing is recorded about this. {matches}: --all shows {'it' if count == 1 else 'them'}.")


def org_wide_line(count: int) -> Line:
    """Return the remark that no repository was searched, although there are some."""
    repositories = "one repository has" if count == 1 else f"{count} repositories have"
    return line(dim(f"Only org-wide memories were searched; {repositories} more: set --repo."))


def emphasised(text: str, terms: Sequence[str]) -> list[Span]:
    """Return a text with the words of a question emphasised."""
    spans, end = list[Span](), 0
    for start, stop in matched_words(text, terms):
        spans += [Span(text[end:start]), strong(text[start:stop])]
        end = stop
    return [span for span in (*spans, Span(text[end:])) if span.text]


_STALE = 0.5


def age_words(card: Card, valid: datetime) -> list[str]:
    """Return the time since the last confirmation of a memory in force, once it exceeds a half-life of its kind."""
    if card.freshness > _STALE or card.fresh_at is None or card.state is not State.HOLDS:
        return []
    days = (valid - card.fresh_at).days
    number, unit = (days // 365, "year") if days >= 365 else (days // 30, "month") if days >= 60 else (days, "day")  # noqa: PLR2004
    age = f"{number} {unit}{'' if number == 1 else 's'}"
    return [f"last confirmed {age} ago" if card.confirmed_at == card.fresh_at else f"not confirmed for {age}"]


def facts_line(card: Card, valid: datetime, *, indent: int, relevance: float | None = None) -> Line:
    """Return id, kind, confidence and age in a line; for a hit its relevance too."""
    statement = card.statement
    parts = [
        statement.kind.value,
        *statement.aliases[:1],
        *([f"subject {statement.subject}"] if statement.subject else []),
    ]
    parts += [f"confidence {card.confidence:.2f} ({statement.origin.value})", *age_words(card, valid)]
    parts += [] if relevance is None else [f"relevance {relevance:.2f}"]
    return line(Span(card.id, Look.ID), dim(" · " + " · ".join(parts)), indent=indent)


def related(near: Relation, of: Look = Look.DIM) -> list[Span]:
    """Return a relation to another memory, for example `superseded by ADR-0005 Use SQLite on 2025-09-01`."""
    part = f" ({near.part})" if near.part else ""
    return [Span(f"{near.before} ", of), Span(f"{name(near.memory)}{part}"), dim(near.after)]
