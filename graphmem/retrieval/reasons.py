"""Sentences that explain a memory's state, with dates and the other memory's name.

Each sentence marks the quotations of memories in it. Sentences are therefore joined with `Sentence.of`, never in an
f-string, which would drop the marks.
"""

from __future__ import annotations

from datetime import datetime

from graphmem.answers import Relation, Sentence, State
from graphmem.model import BEGINNING, FOREVER, OR_LATER, SupersessionKind
from graphmem.relations import Side
from graphmem.retrieval.quotations import origin_of, quoted_of
from graphmem.retrieval.reference import starts_or_later, state
from graphmem.retrieval.relation_phrases import day, edge_words, relation
from graphmem.rows import EdgeRow
from graphmem.temporal import Resolved, Span, Standing, View
from graphmem.temporal.spans import containing

_NOT_YET = "not yet in force"


def because(view: View, resolved: Resolved, valid: datetime) -> Sentence:
    """Return a line that explains why a resolved memory is the answer."""
    memory_id = resolved.memory
    near = relation(view, resolved.via, valid)
    path = "" if near is None else _path(view, near)
    if resolved.standing is Standing.HOLDS:
        within = containing(view.holding(memory_id), valid)
        since = (
            "" if within is None else f" {_stretch(within, is_or_later=starts_or_later(view, memory_id, within[0]))}"
        )
        return Sentence.of(f"in force{since}", *(("; ", path) if path else ()))
    own = state_reason(view, memory_id, valid)
    if resolved.standing is Standing.NOT_YET:
        reason = own if own.startswith(_NOT_YET) else Sentence.of(f"{_NOT_YET}: ", own)
        return Sentence.of(reason, *(("; ", path) if path else ()))
    if resolved.standing is Standing.NAMED:
        return Sentence.of("named as successor by ", named(view, _naming(view, resolved)), "; itself ", own)
    return Sentence.of("nothing is in force now; this was the last: ", own)


def _naming(view: View, resolved: Resolved) -> str:
    """Return the memory that names the answer as its successor: the one before it on the path, else the first."""
    if len(resolved.via) > 1:
        return resolved.via[-2]
    return next(edge.old for edge in view.edges_into(resolved.memory) if edge.is_full and edge.old in view.known)


def state_reason(view: View, memory_id: str, valid: datetime) -> Sentence:
    """Return a line that explains the state of a memory at an instant."""
    now = state(view, memory_id, valid)
    match now:
        case State.HOLDS:
            piece = containing(view.holding(memory_id), valid) or (BEGINNING, FOREVER)
            return Sentence.of(f"in force {_stretch(piece, is_or_later=starts_or_later(view, memory_id, piece[0]))}")
        case State.RETRACTED:
            return Sentence.of("retracted: not valid at any time")
        case State.CORRECTED:
            return _by(view, [edge for edge in view.edges_out(memory_id) if _is_correction(edge)], valid)
        case State.SUPERSEDED:
            return _by(view, [edge for edge in view.successions(memory_id) if view.covers(edge, valid)], valid)
        case State.NOT_YET:
            return Sentence.of(f"{_NOT_YET}: its first status is from {_first(view, memory_id)}")
        case State.FALLEN:
            return Sentence.of("the memory that it amends is no longer in force")
        case _:
            return _own_state_reason(view, memory_id, valid, now)


def _own_state_reason(view: View, memory_id: str, valid: datetime, now: State) -> Sentence:
    decisive = view.status(memory_id, valid)
    assert decisive is not None, "an own state has a move"  # noqa: S101
    move = decisive.move
    word = (move.source_word or move.status.value).removesuffix(OR_LATER)
    since = f"{now.value} since {day(move.at)}" + (" or later" if move.is_or_later else "")
    if word == now.value:
        return Sentence.of(since)
    return Sentence.of(since, " (in its source: ", Sentence.quoting(repr(word), origin_of(view, memory_id)), ")")


def edge_reason(view: View, edge: EdgeRow, valid: datetime) -> Sentence:
    """Return a sentence about a supersession as of an instant."""
    words = edge_words(view, edge, Side.NEW, valid)
    part = (" (", quoted_of(view, edge, edge.part), ")") if edge.part else ()
    reason = (": ", quoted_of(view, edge, edge.reason)) if edge.reason else ()
    old, new = named(view, edge.old), named(view, edge.new)
    return Sentence.of(new, f" {words.before} ", old, *part, f"{words.after} [change {edge.stamp.seq}]", *reason)


def named(view: View, memory_id: str) -> Sentence:
    """Return a memory's title in quotes, or a description if it is erased or not visible."""
    memory = view.memory(memory_id)
    if memory is None or memory.statement is None:
        return Sentence.of("an erased memory" if memory_id in view.known else "a memory that you cannot see")
    return Sentence.of("'", Sentence.quoting(memory.statement.title, memory.statement.origin), "'")


def _stretch(piece: Span, *, is_or_later: bool) -> str:
    low, high = piece
    start = "" if low == BEGINNING else f"since {day(low)}" + (" or later" if is_or_later else "")
    return start if high == FOREVER else f"{start} until {day(high)}".strip()


def _path(view: View, near: Relation) -> Sentence:
    """Return the relation of an answer to a match, with the titles of all memories in between."""
    title = named(view, near.memory.id)
    if near.through:
        between = [piece for member in near.through for piece in (", ", named(view, member.id))][1:]
        return Sentence.of(f"{near.before} ", title, " through ", *between)
    part = (" (", near.part, ")") if near.part else ()
    return Sentence.of(f"{near.before} ", title, *part, near.after)


def _first(view: View, memory_id: str) -> str:
    moves = view.moves(memory_id)
    return day(moves[0].move.at) if moves else "its first move"


def _is_correction(edge: EdgeRow) -> bool:
    return edge.kind is SupersessionKind.CORRECTION


def _by(view: View, edges: list[EdgeRow], valid: datetime) -> Sentence:
    """Return the superseding or correcting memories: `superseded by 'B' on 2025-09-01 and 'C' on 2025-09-01`."""
    phrases = [edge_words(view, edge, Side.OLD, valid) for edge in edges]
    names = [
        piece
        for edge, words in zip(edges, phrases, strict=True)
        for piece in (" and ", named(view, edge.new), words.after)
    ]
    return Sentence.of(f"{phrases[0].before} ", *names[1:])
