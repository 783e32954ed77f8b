"""Why a memory stands as it does, in sentences that name the dates and the other side."""

from __future__ import annotations

from datetime import datetime

from graphmem.answers import Relation, State
from graphmem.model import BEGINNING, FOREVER, SupersessionKind
from graphmem.relations import Side, Words
from graphmem.retrieval.cards import state
from graphmem.retrieval.relations import day, edge_words, relation
from graphmem.rows import EdgeRow
from graphmem.temporal import Resolved, Span, Standing, View
from graphmem.temporal.spans import containing

_NOT_YET = "not yet in force"


def because(view: View, resolved: Resolved, valid: datetime) -> str:
    """One line on why a resolved memory is the answer."""
    key = resolved.memory
    near = relation(view, resolved.via, valid)
    path = "" if near is None else _path(view, near)
    if resolved.standing is Standing.HOLDS:
        within = containing(view.holding(key), valid)
        since = "" if within is None else f" {_stretch(within)}"
        return f"in force{since}" + (f"; {path}" if path else "")
    own = state_reason(view, key, valid)
    if resolved.standing is Standing.NOT_YET:
        told = own if own.startswith(_NOT_YET) else f"{_NOT_YET}: {own}"
        return told + (f"; {path}" if path else "")
    if resolved.standing is Standing.NAMED:
        return f"named as successor by {named(view, _naming(view, resolved))}; itself {own}"
    return f"nothing is in force now; this was the last: {own}"


def _naming(view: View, resolved: Resolved) -> str:
    """The memory on the way that names the answer; without a way, the first that does."""
    if len(resolved.via) > 1:
        return resolved.via[-2]
    return next(edge.old for edge in view.edges_into(resolved.memory) if edge.is_full and edge.old in view.known)


def state_reason(view: View, key: str, valid: datetime) -> str:
    """One line on the state of a memory at an instant."""
    now = state(view, key, valid)
    match now:
        case State.HOLDS:
            return f"in force {_stretch(containing(view.holding(key), valid) or (BEGINNING, FOREVER))}"
        case State.RETRACTED:
            return "retracted: not to be believed at any time"
        case State.CORRECTED:
            return _by(view, [edge for edge in view.edges_out(key) if _is_correction(edge)], valid)
        case State.SUPERSEDED:
            return _by(view, [edge for edge in view.successions(key) if view.covers(edge, valid)], valid)
        case State.NOT_YET:
            return f"{_NOT_YET}: its first status is from {_first(view, key)}"
        case State.FALLEN:
            return "what it amends is no longer in force"
        case _:
            return _own_state_reason(view, key, valid, now)


def _own_state_reason(view: View, key: str, valid: datetime, now: State) -> str:
    decisive = view.status(key, valid)
    assert decisive is not None, "an own state has a move"  # noqa: S101
    word = decisive.move.source_word or decisive.move.status.value
    return f"{now.value} since {day(decisive.move.at)}" + (f" (in its source: {word!r})" if word != now.value else "")


def edge_reason(view: View, edge: EdgeRow, valid: datetime) -> str:
    """One supersession as a sentence, as it stands at an instant."""
    words = edge_words(view, edge, Side.NEW, valid)
    said = f": {edge.reason}" if edge.reason else ""
    return f"{named(view, edge.new)} {words.around(named(view, edge.old), edge.part)} [change {edge.stamp.seq}]{said}"


def named(view: View, key: str) -> str:
    """A memory's title in quotes, or what can be said of it without one."""
    memory = view.memory(key)
    if memory is None or memory.statement is None:
        return "an erased memory" if key in view.known else "a memory that you cannot see"
    return f"'{memory.statement.title}'"


def _stretch(piece: Span) -> str:
    low, high = piece
    start = "" if low == BEGINNING else f"since {day(low)}"
    return start if high == FOREVER else f"{start} until {day(high)}".strip()


def _path(view: View, near: Relation) -> str:
    """How an answer relates to what matched, with all between both by name."""
    title = f"'{near.title}'"
    if near.through:
        return f"{near.before} {title} through " + ", ".join(named(view, key) for key in near.through)
    return Words(near.before, near.after).around(title, near.part)


def _first(view: View, key: str) -> str:
    moves = view.moves(key)
    return day(moves[0].move.at) if moves else "its first move"


def _is_correction(edge: EdgeRow) -> bool:
    return edge.kind is SupersessionKind.CORRECTION


def _by(view: View, edges: list[EdgeRow], valid: datetime) -> str:
    """By what a memory was superseded or corrected: `superseded by 'B' on 2025-09-01 and 'C' on 2025-09-01`."""
    told = [edge_words(view, edge, Side.OLD, valid) for edge in edges]
    names = [f"{named(view, edge.new)}{words.after}" for edge, words in zip(edges, told, strict=True)]
    return f"{told[0].before} {' and '.join(names)}"
