"""Resolution: from a memory that matched a search to the memories in force at an instant (MODEL section 5)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime
from enum import StrEnum

from graphmem.deferred_dataclass import dataclass
from graphmem.model import Status
from graphmem.temporal.view import View


class Standing(StrEnum):
    """State of a resolved memory at an instant.

    `NAMED`: an ended memory declares this memory as its successor, and this memory is not in force itself: it is
    proposed, deferred, rejected, or ended before it was ever active.
    """

    HOLDS = "holds"
    NOT_YET = "not yet in force"
    NAMED = "named as successor, not in force itself"
    LAST = "nothing holds now; last was this"


@dataclass(frozen=True, slots=True)
class Resolved:
    """A memory that a match resolves to, its state, and the chain of ids from the match to it."""

    memory: str
    standing: Standing
    via: tuple[str, ...]


def resolve(view: View, key: str, valid: datetime) -> list[Resolved]:
    """Resolve a matched memory at an instant.

    Follows the edges in effect to successors, or else back to predecessors that are in force again or still. If no
    memory on these paths is in force, the result is the declared successors that are not yet in force or that an ended
    memory declares, in any state; or the match itself if it is in either state; else the memory of the chain whose
    time in force ended last.

    Returns:
        Nearest first, ties by id, each memory once; empty only for a memory that the reader does not see.
    """
    if view.memory(key) is None:
        return []
    if view.holds(key, valid):
        return [Resolved(key, Standing.HOLDS, (key,))]
    met = _walk(view, key, valid)
    holding = [memory_id for memory_id in met if view.holds(memory_id, valid)]
    if holding:
        return [_resolved(view, memory_id, Standing.HOLDS, met) for memory_id in holding]
    declared = _declared(view, key, valid)
    ahead = {memory_id: _prospect(view, memory_id, valid) for memory_id in declared}
    successors = [(new, state) for new, state in ahead.items() if new != key and state is not None]
    if not successors and (own := ahead[key]) is not None:
        successors = [(key, own)]
    if successors:
        return [_resolved(view, new, state, declared) for new, state in successors]
    return [_resolved(view, _last(view, met, valid), Standing.LAST, met)]


class Resolver:
    """Resolves memories of a view at an instant and walks each stretch of a chain once.

    Args:
        view: The rows that the reader sees.
        valid: The instant.
    """

    def __init__(self, view: View, valid: datetime) -> None:
        self._view = view
        self._valid = valid
        #: For each memory passed on a path: the result of the path's first memory, and the index in its `via` at
        #: which the chain of the passed memory begins.
        self._passed: dict[str, tuple[Resolved, int]] = {}

    def resolve(self, key: str) -> list[Resolved]:
        """Resolve a memory as the function `resolve` does."""
        view, valid = self._view, self._valid
        if view.memory(key) is None:
            return []
        if key not in self._passed and view.holds(key, valid):
            return [Resolved(key, Standing.HOLDS, (key,))]
        path, seen, current = [], {key}, key
        while current not in self._passed and not view.holds(current, valid):
            path.append(current)
            steps = _steps(view, current, valid)
            if len(steps) != 1 or steps[0] in seen:
                return resolve(view, key, valid)
            current = steps[0]
            seen.add(current)
        if current in self._passed:
            ahead, start = self._passed[current]
            rest = ahead.via[start:]
        else:
            rest = (current,)
        visible = [step for step in path if view.memory(step) is not None]
        resolved = Resolved(rest[-1], Standing.HOLDS, (*visible, *rest))
        starts = iter(range(len(visible) + 1))
        start = next(starts)
        for step in path:
            self._passed[step] = (resolved, start)
            if start < len(visible) and visible[start] == step:
                start = next(starts)
        return [resolved]


def standing(view: View, key: str, valid: datetime) -> Standing:
    """State of a memory at an instant, without following its chain."""
    if view.holds(key, valid):
        return Standing.HOLDS
    return _prospect(view, key, valid) or Standing.LAST


#: The memories reached, nearest first, each mapped to the memory before it on the path; the match maps to None.
_Met = dict[str, str | None]


def _resolved(view: View, key: str, state: Standing, met: _Met) -> Resolved:
    via: list[str] = []
    step: str | None = key
    while step is not None:
        via.append(step)
        step = met[step]
    return Resolved(key, state, tuple(each for each in reversed(via) if view.memory(each) is not None))


def _walk(view: View, key: str, valid: datetime) -> _Met:
    """The memories reached along edges in effect, breadth first; a path stops at a memory in force."""
    return _met(key, lambda each: [] if view.holds(each, valid) else _steps(view, each, valid))


def _met(key: str, steps: Callable[[str], list[str]]) -> _Met:
    met: _Met = {key: None}
    queue = deque([key])
    while queue:
        current = queue.popleft()
        for step in steps(current):
            if step not in met:
                met[step] = current
                queue.append(step)
    return met


def _steps(view: View, key: str, valid: datetime) -> list[str]:
    forward = {edge.new for edge in view.successions(key) if view.covers(edge, valid)}
    into = [] if forward else view.edges_into(key)
    back = {edge.old for edge in into if edge.is_full and edge.old in view.known and not view.covers(edge, valid)}
    # An amendment that ended with its base leads on through the base. Sorted by id: ledger order has no meaning here.
    return sorted(forward or back or view.amended(key))


def _declared(view: View, key: str, valid: datetime) -> _Met:
    """Declared successors, breadth first; a path stops at a successor that is not yet in force, or named."""

    def steps(each: str) -> list[str]:
        if each != key and _prospect(view, each, valid) is not None:
            return []
        open_ended = [edge for edge in view.successions(each) if edge.until is None or valid < edge.until]
        return sorted({edge.new for edge in open_ended if edge.new in view.known})

    return _met(key, steps)


def _prospect(view: View, key: str, valid: datetime) -> Standing | None:
    """State, as a successor, of a memory not in force: not yet in force, or named; None if its time is over."""
    if view.memory(key) is None or view.is_never(key):
        return None
    reached = view.status(key, valid)
    status = None if reached is None else reached.move.status
    start = view.start(key)  # a memory superseded at its very start was never in force, yet its time is over
    if status is None or (start is not None and valid < start):
        return None if status in _OVER else Standing.NOT_YET
    if status is not Status.ACTIVE and (start is None or status is not Status.ENDED) and _is_named(view, key, valid):
        return Standing.NAMED
    return Standing.NOT_YET if start is None and status not in _OVER else None


_OVER = (Status.REJECTED, Status.ENDED)


def _is_named(view: View, key: str, valid: datetime) -> bool:
    """Return True if a memory whose own last state is ended declares this memory as its successor."""
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
    """The visible memory whose time in force ended latest; the match itself if none was ever in force."""

    def ended(key: str) -> tuple[bool, datetime]:
        past = [high for low, high in view.holding(key) if low <= valid]
        return (bool(past), past[-1] if past else valid)

    return max((key for key in met if view.memory(key) is not None), key=ended)
