"""From a memory that merely matched to what holds at the asked point (MODEL section 5)."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from graphmem.temporal.view import View


class Standing(StrEnum):
    """How a resolved memory stands at the asked point."""

    HOLDS = "holds"
    NOT_YET = "successor not yet in force"
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
    successors that are not yet in force; else the last of the chain that once held.

    Returns:
        Nearest first, each memory once; empty only for a memory that the reader does not see.
    """
    if view.memory(key) is None:
        return []
    paths = _walk(view, key, valid)
    holding = [_resolved(view, via, Standing.HOLDS) for via in paths if view.holds(via[-1], valid)]
    if holding:
        return holding
    pending = _pending(view, key, valid)
    if pending:
        return [_resolved(view, via, Standing.NOT_YET) for via in pending]
    return [_last(view, paths, valid)]


def _resolved(view: View, via: tuple[str, ...], standing: Standing) -> Resolved:
    return Resolved(via[-1], standing, tuple(key for key in via if view.memory(key) is not None))


def _walk(view: View, key: str, valid: datetime) -> list[tuple[str, ...]]:
    """Breadth-first paths from the match; a path stops where something holds."""
    queue: deque[tuple[str, ...]] = deque([(key,)])
    seen, paths = {key}, []
    while queue:
        via = queue.popleft()
        paths.append(via)
        if view.holds(via[-1], valid):
            continue
        for step in _steps(view, via[-1], valid):
            if step not in seen:
                seen.add(step)
                queue.append((*via, step))
    return paths


def _steps(view: View, key: str, valid: datetime) -> list[str]:
    full_out = [edge for edge in view.edges_out(key) if edge.is_full]
    forward = {edge.new for edge in full_out if view.covers(edge, valid)}
    back = {edge.old for edge in view.edges_into(key) if edge.is_full and not view.covers(edge, valid)}
    # An amendment that fell with what it amended leads on through that. Sorted: the ledger's order tells nothing.
    return sorted(forward or back or view.amended(key))


def _pending(view: View, key: str, valid: datetime) -> list[tuple[str, ...]]:
    """Paths to visible declared successors, retracted ones skipped, that are not yet in force."""
    queue: deque[tuple[str, ...]] = deque([(key,)])
    seen, found = {key}, []
    while queue:
        via = queue.popleft()
        full_out = [edge for edge in view.edges_out(via[-1]) if edge.is_full]
        onward = {edge.new for edge in full_out if edge.until is None or valid < edge.until}
        for step in sorted(onward - seen):
            seen.add(step)
            path = (*via, step)
            if _is_to_come(view, step, valid):
                found.append(path)
            else:
                queue.append(path)
    return found


def _is_to_come(view: View, key: str, valid: datetime) -> bool:
    if view.memory(key) is None or view.is_never(key):
        return False
    status = view.status(key, valid)
    is_over = status is not None and status.move.status in {"rejected", "ended"}
    return not is_over and not any(low <= valid for low, _ in view.holding(key))


def _last(view: View, paths: list[tuple[str, ...]], valid: datetime) -> Resolved:
    """Of the visible memories met, the one whose time in force ended latest; the match itself if none ever held."""

    def ended(via: tuple[str, ...]) -> tuple[bool, datetime]:
        past = [high for low, high in view.holding(via[-1]) if low <= valid]
        return (bool(past), past[-1] if past else valid)

    visible = [via for via in paths if view.memory(via[-1]) is not None]
    best = visible[0]
    for via in visible[1:]:
        if ended(via)[0] and (not ended(best)[0] or ended(via) > ended(best)):
            best = via
    return _resolved(view, best, Standing.LAST)
