"""Why a memory stands as it does, in sentences that name the dates and the other side."""

from __future__ import annotations

from datetime import datetime

from graphmem.answers import State
from graphmem.model import BEGINNING, FOREVER, SupersessionKind
from graphmem.retrieval.cards import state
from graphmem.rows import EdgeRow
from graphmem.temporal import Resolved, Span, Standing, View
from graphmem.temporal.spans import containing


def because(view: View, resolved: Resolved, valid: datetime) -> str:
    """One line on why a resolved memory is the answer."""
    key = resolved.memory
    if resolved.standing is Standing.HOLDS:
        within = containing(view.holding(key), valid)
        since = "" if within is None else f" {_stretch(within)}"
        if len(resolved.via) == 1:
            return f"in force{since}"
        return f"in force{since}; {_path(view, resolved.via)}"
    if resolved.standing is Standing.NOT_YET:
        if len(resolved.via) == 1:
            return f"not yet in force: {state_reason(view, key, valid)}"
        return f"declared to take over from {named(view, resolved.via[0])}, but not yet in force"
    if resolved.standing is Standing.NAMED:
        return f"named as successor by {named(view, _naming(view, resolved))}; itself {state_reason(view, key, valid)}"
    return f"nothing holds here now: {state_reason(view, key, valid)}"


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
            return f"corrected by {_others(view, _corrections(view, key))}"
        case State.SUPERSEDED:
            return f"superseded by {_others(view, _covering(view, key, valid))}"
        case State.NOT_YET:
            return f"nothing is known of it before {_first(view, key)}"
        case State.FALLEN:
            return "what it amends no longer holds"
        case _:
            return _own_state_reason(view, key, valid, now)


def _own_state_reason(view: View, key: str, valid: datetime, now: State) -> str:
    decisive = view.status(key, valid)
    assert decisive is not None, "an own state has a move"  # noqa: S101
    word = decisive.move.source_word or decisive.move.status.value
    return f"{now.value} since {day(decisive.move.at)}" + (f" (in its source: {word!r})" if word != now.value else "")


def edge_reason(view: View, edge: EdgeRow) -> str:
    """One supersession as a sentence."""
    old, new = named(view, edge.old), named(view, edge.new)
    until = "" if edge.until is None else f" until {day(edge.until)}"
    at = "" if edge.at is None else f" on {day(edge.at)}"
    verb = {
        SupersessionKind.UPDATE: "took over from",
        SupersessionKind.CORRECTION: "corrected",
        SupersessionKind.AMENDMENT: "amended",
    }[edge.kind]
    part = f" ({edge.part})" if edge.part else ""
    said = f": {edge.reason}" if edge.reason else ""
    return f"{new} {verb} {old}{part}{at}{until} [change {edge.stamp.seq}]{said}"


def named(view: View, key: str) -> str:
    """A memory's title in quotes, or what can be said of it without one."""
    memory = view.memory(key)
    if memory is None or memory.statement is None:
        return "an erased memory" if key in view.known else "a memory that you cannot see"
    return f"'{memory.statement.title}'"


def day(moment: datetime) -> str:
    """A date if the moment is a midnight, else to the second."""
    if moment in (BEGINNING, FOREVER):
        return "the open end"
    text = moment.isoformat(sep=" ", timespec="seconds").replace("+00:00", "Z")
    return text[:10] if text.endswith("00:00:00Z") else text


def _stretch(piece: Span) -> str:
    low, high = piece
    start = "" if low == BEGINNING else f"since {day(low)}"
    return start if high == FOREVER else f"{start} until {day(high)}".strip()


def _path(view: View, via: tuple[str, ...]) -> str:
    return "reached from " + " → ".join(named(view, key) for key in via[:-1])


def _first(view: View, key: str) -> str:
    moves = view.moves(key)
    return day(moves[0].move.at) if moves else "its first move"


def _covering(view: View, key: str, valid: datetime) -> list[EdgeRow]:
    return [edge for edge in view.edges_out(key) if edge.is_full and view.covers(edge, valid)]


def _corrections(view: View, key: str) -> list[EdgeRow]:
    return [edge for edge in view.edges_out(key) if edge.kind is SupersessionKind.CORRECTION]


def _others(view: View, edges: list[EdgeRow]) -> str:
    return ", ".join(named(view, edge.new) + ("" if edge.at is None else f" since {day(edge.at)}") for edge in edges)
