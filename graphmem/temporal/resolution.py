"""From a memory that merely matched to what holds at the asked point (MODEL section 5)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from graphmem.model import Status
from graphmem.temporal.view import View


class Standing(StrEnum):
    """How a resolved memory stands at the asked point.

    `NAMED`: a memory that has ended by its own word names this one as its successor, and this one is not in force
    itself: it is only proposed, deferred, rejected, or ended before it was ever active.
    """

    HOLDS = "holds"
    NOT_YET = "not yet in force"
    NAMED = "named as successor, not in force itself"
    LAST = "nothing holds now; last was this"


@dataclass(frozen=True, slots=True)
class Resolved:
    """Where a match leads: the memory, how it stands, and the chain of ids from the match to it."""

    memory: str
    standing: Standing
    via: tuple[str, ...]


def resolve(view: View, key: str, valid: datetime) -> list[Resolved]:
    """What a matched memory stands for at an instant.

    Follows edges in force forward, else back to what held before or resumed. If nothing holds that way: the declared
    successors that are not yet in force, and those that are named by what has ended by its own word, whatever their own
    state; or the match itself if it is one of these; else the last of the chain that once held.

    Returns:
        Nearest first, ties by id, each memory once; empty only for a memory that the reader does not see.
    """
    if view.memory(key) is None:
        return []
    if view.holds(key, valid):
        return [Resolved(key, Standing.HOLDS, (key,))]
    met = _walk(view, key, valid)
    holding = [one for one in met if view.holds(one, valid)]
    if holding:
        return [_resolved(view, one, Standing.HOLDS, met) for one in holding]
    declared = _declared(view, key, valid)
    ahead = {one: _prospect(view, one, valid) for one in declared}
    found = [(one, how) for one, how in ahead.items() if one != key and how is not None]
    if not found and (own := ahead[key]) is not None:
        found = [(key, own)]
    if found:
        return [_resolved(view, one, how, declared) for one, how in found]
    return [_resolved(view, _last(view, met, valid), Standing.LAST, met)]


class Resolver:
    """Resolves memories of one view at one instant, walking no stretch of a chain twice.

    Args:
        view: What the reader sees.
        valid: The instant.
    """

    def __init__(self, view: View, valid: datetime) -> None:
        self._view = view
        self._valid = valid
        #: For memories on the way to the one that holds: the answer of one before them, and where theirs begins in it.
        self._passed: dict[str, tuple[Resolved, int]] = {}

    def resolve(self, key: str) -> list[Resolved]:
        """As the function of this name."""
        view, valid = self._view, self._valid
        if view.memory(key) is None:
            return []
        if key not in self._passed and view.holds(key, valid):
            return [Resolved(key, Standing.HOLDS, (key,))]
        path, seen, here = [], {key}, key
        while here not in self._passed and not view.holds(here, valid):
            path.append(here)
            steps = _steps(view, here, valid)
            if len(steps) != 1 or steps[0] in seen:
                return resolve(view, key, valid)
            here = steps[0]
            seen.add(here)
        if here in self._passed:
            ahead, place = self._passed[here]
            rest = ahead.via[place:]
        else:
            rest = (here,)
        visible = [one for one in path if view.memory(one) is not None]
        found = Resolved(rest[-1], Standing.HOLDS, (*visible, *rest))
        places = iter(range(len(visible) + 1))
        place = next(places)
        for one in path:
            self._passed[one] = (found, place)
            if place < len(visible) and visible[place] == one:
                place = next(places)
        return [found]


def standing(view: View, key: str, valid: datetime) -> Standing:
    """How a memory stands by itself at an instant, wherever its chain leads."""
    if view.holds(key, valid):
        return Standing.HOLDS
    return _prospect(view, key, valid) or Standing.LAST


#: What was met, nearest first, each with the memory from which it was reached; the match itself with None.
_Met = dict[str, str | None]


def _resolved(view: View, key: str, standing: Standing, met: _Met) -> Resolved:
    via: list[str] = []
    here: str | None = key
    while here is not None:
        via.append(here)
        here = met[here]
    return Resolved(key, standing, tuple(one for one in reversed(via) if view.memory(one) is not None))


def _walk(view: View, key: str, valid: datetime) -> _Met:
    """Everything met on the way, breadth first; a path stops where something holds."""
    return _met(key, lambda one: [] if view.holds(one, valid) else _steps(view, one, valid))


def _met(key: str, steps: Callable[[str], list[str]]) -> _Met:
    met: _Met = {key: None}
    queue = deque([key])
    while queue:
        here = queue.popleft()
        for step in steps(here):
            if step not in met:
                met[step] = here
                queue.append(step)
    return met


def _steps(view: View, key: str, valid: datetime) -> list[str]:
    forward = {edge.new for edge in view.successions(key) if view.covers(edge, valid)}
    into = [] if forward else view.edges_into(key)
    back = {edge.old for edge in into if edge.is_full and edge.old in view.known and not view.covers(edge, valid)}
    # An amendment that fell with what it amended leads on through that. Sorted: the ledger's order tells nothing.
    return sorted(forward or back or view.amended(key))


def _declared(view: View, key: str, valid: datetime) -> _Met:
    """Declared successors, breadth first; a path stops where one is yet to come or named."""

    def steps(one: str) -> list[str]:
        if one != key and _prospect(view, one, valid) is not None:
            return []
        open_ended = [edge for edge in view.successions(one) if edge.until is None or valid < edge.until]
        return sorted({edge.new for edge in open_ended if edge.new in view.known})

    return _met(key, steps)


def _prospect(view: View, key: str, valid: datetime) -> Standing | None:
    """How a memory that does not hold stands as a successor; None if it has had its time."""
    if view.memory(key) is None or view.is_never(key):
        return None
    reached = view.status(key, valid)
    status = None if reached is None else reached.move.status
    start = view.start(key)  # what was replaced in the instant of its start never held, and yet has had its time
    if status is None or (start is not None and valid < start):
        return None if status in _OVER else Standing.NOT_YET
    if status is not Status.ACTIVE and (start is None or status is not Status.ENDED) and _is_named(view, key, valid):
        return Standing.NAMED
    return Standing.NOT_YET if start is None and status not in _OVER else None


_OVER = (Status.REJECTED, Status.ENDED)


def _is_named(view: View, key: str, valid: datetime) -> bool:
    """Whether a memory that has ended by its own word declares this one its successor."""
    return any(
        edge.is_full
        and (edge.until is None or valid < edge.until)
        and edge.old in view.known
        and not view.is_never(edge.old)
        and (own := view.status(edge.old, valid)) is not None
        and own.move.status is Status.ENDED
        for edge in view.edges_into(key)
    )


def _last(view: View, met: Iterable[str], valid: datetime) -> str:
    """Of the visible memories met, the one whose time in force ended latest; the match itself if none ever held."""

    def ended(key: str) -> tuple[bool, datetime]:
        past = [high for low, high in view.holding(key) if low <= valid]
        return (bool(past), past[-1] if past else valid)

    return max((key for key in met if view.memory(key) is not None), key=ended)
