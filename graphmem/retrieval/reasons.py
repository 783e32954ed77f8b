"""Why a memory stands as it does, in sentences that name the dates and the other side.

Each sentence knows which of its words are those of a memory. So they are put together by `Sentence.of`, never inside
an f-string, which would forget it.
"""

from __future__ import annotations

from datetime import datetime

from graphmem.answers import Relation, Sentence, State
from graphmem.model import BEGINNING, FOREVER, OR_LATER, SupersessionKind
from graphmem.relations import Side
from graphmem.retrieval.quoting import origin_of, quoted_of
from graphmem.retrieval.reference import starts_or_later, state
from graphmem.retrieval.relations import day, edge_words, relation
from graphmem.rows import EdgeRow
from graphmem.temporal import Resolved, Span, Standing, View
from graphmem.temporal.spans import containing

_NOT_YET = "not yet in force"


def because(view: View, resolved: Resolved, valid: datetime) -> Sentence:
    """One line on why a resolved memory is the answer."""
    key = resolved.memory
    near = relation(view, resolved.via, valid)
    path = "" if near is None else _path(view, near)
    if resolved.standing is Standing.HOLDS:
        within = containing(view.holding(key), valid)
        since = "" if within is None else f" {_stretch(within, is_or_later=starts_or_later(view, key, within[0]))}"
        return Sentence.of(f"in force{since}", *(("; ", path) if path else ()))
    own = state_reason(view, key, valid)
    if resolved.standing is Standing.NOT_YET:
        told = own if own.startswith(_NOT_YET) else Sentence.of(f"{_NOT_YET}: ", own)
        return Sentence.of(told, *(("; ", path) if path else ()))
    if resolved.standing is Standing.NAMED:
        return Sentence.of("named as successor by ", named(view, _naming(view, resolved)), "; itself ", own)
    return Sentence.of("nothing is in force now; this was the last: ", own)


def _naming(view: View, resolved: Resolved) -> str:
    """The memory on the way that names the answer; without a way, the first that does."""
    if len(resolved.via) > 1:
        return resolved.via[-2]
    return next(edge.old for edge in view.edges_into(resolved.memory) if edge.is_full and edge.old in view.known)


def state_reason(view: View, key: str, valid: datetime) -> Sentence:
    """One line on the state of a memory at an instant."""
    now = state(view, key, valid)
    match now:
        case State.HOLDS:
            piece = containing(view.holding(key), valid) or (BEGINNING, FOREVER)
            return Sentence.of(f"in force {_stretch(piece, is_or_later=starts_or_later(view, key, piece[0]))}")
        case State.RETRACTED:
            return Sentence.of("retracted: not to be believed at any time")
        case State.CORRECTED:
            return _by(view, [edge for edge in view.edges_out(key) if _is_correction(edge)], valid)
        case State.SUPERSEDED:
            return _by(view, [edge for edge in view.successions(key) if view.covers(edge, valid)], valid)
        case State.NOT_YET:
            return Sentence.of(f"{_NOT_YET}: its first status is from {_first(view, key)}")
        case State.FALLEN:
            return Sentence.of("what it amends is no longer in force")
        case _:
            return _own_state_reason(view, key, valid, now)


def _own_state_reason(view: View, key: str, valid: datetime, now: State) -> Sentence:
    decisive = view.status(key, valid)
    assert decisive is not None, "an own state has a move"  # noqa: S101
    move = decisive.move
    word = (move.source_word or move.status.value).removesuffix(OR_LATER)
    since = f"{now.value} since {day(move.at)}" + (" or later" if move.is_or_later else "")
    if word == now.value:
        return Sentence.of(since)
    return Sentence.of(since, " (in its source: ", Sentence.quoting(repr(word), origin_of(view, key)), ")")


def edge_reason(view: View, edge: EdgeRow, valid: datetime) -> Sentence:
    """One supersession as a sentence, as it stands at an instant."""
    words = edge_words(view, edge, Side.NEW, valid)
    part = (" (", quoted_of(view, edge, edge.part), ")") if edge.part else ()
    said = (": ", quoted_of(view, edge, edge.reason)) if edge.reason else ()
    old, new = named(view, edge.old), named(view, edge.new)
    return Sentence.of(new, f" {words.before} ", old, *part, f"{words.after} [change {edge.stamp.seq}]", *said)


def named(view: View, key: str) -> Sentence:
    """A memory's title in quotes, or what can be said of it without one."""
    memory = view.memory(key)
    if memory is None or memory.statement is None:
        return Sentence.of("an erased memory" if key in view.known else "a memory that you cannot see")
    return Sentence.of("'", Sentence.quoting(memory.statement.title, memory.statement.origin), "'")


def _stretch(piece: Span, *, is_or_later: bool) -> str:
    low, high = piece
    start = "" if low == BEGINNING else f"since {day(low)}" + (" or later" if is_or_later else "")
    return start if high == FOREVER else f"{start} until {day(high)}".strip()


def _path(view: View, near: Relation) -> Sentence:
    """How an answer relates to what matched, with all between both by name."""
    title = named(view, near.memory.id)
    if near.through:
        between = [piece for one in near.through for piece in (", ", named(view, one.id))][1:]
        return Sentence.of(f"{near.before} ", title, " through ", *between)
    part = (" (", near.part, ")") if near.part else ()
    return Sentence.of(f"{near.before} ", title, *part, near.after)


def _first(view: View, key: str) -> str:
    moves = view.moves(key)
    return day(moves[0].move.at) if moves else "its first move"


def _is_correction(edge: EdgeRow) -> bool:
    return edge.kind is SupersessionKind.CORRECTION


def _by(view: View, edges: list[EdgeRow], valid: datetime) -> Sentence:
    """By what a memory was superseded or corrected: `superseded by 'B' on 2025-09-01 and 'C' on 2025-09-01`."""
    told = [edge_words(view, edge, Side.OLD, valid) for edge in edges]
    names = [
        piece
        for edge, words in zip(edges, told, strict=True)
        for piece in (" and ", named(view, edge.new), words.after)
    ]
    return Sentence.of(f"{told[0].before} ", *names[1:])
