"""Where a match leads: MODEL section 5, over `OracleView`, path by path."""

from __future__ import annotations

from datetime import datetime

from graphmem.model import Status
from tests.oracle.view import OracleView

HOLDS = "holds"
NOT_YET = "not yet in force"
NAMED = "named as successor, not in force itself"
LAST = "nothing holds now; last was this"

Path = tuple[str, ...]
Answer = tuple[str, str, Path]


def resolve(view: OracleView, key: str, valid: datetime) -> list[Answer]:
    """(memory, how it stands, chain of visible ids from the match), nearest first, ties by id."""
    if view.memory(key) is None:
        return []
    met = _walk(view, key, valid)
    holding = [path for path in met if view.holds(path[-1], valid)]
    if holding:
        return [_answer(view, path, HOLDS) for path in holding]
    to_come = _declared(view, key, valid)
    if to_come:
        return [_answer(view, path, _flag(view, path[-1], valid)) for path in to_come]
    if _flag(view, key, valid):
        return [_answer(view, (key,), _flag(view, key, valid))]
    visible = [path for path in met if view.memory(path[-1]) is not None]
    return [_answer(view, max(visible, key=lambda path: _ended(view, path[-1], valid)), LAST)]


def _answer(view: OracleView, path: Path, standing: str) -> Answer:
    return path[-1], standing, tuple(key for key in path if view.memory(key) is not None)


def _walk(view: OracleView, key: str, valid: datetime) -> list[Path]:
    met: list[Path] = [(key,)]
    for path in met:
        here = path[-1]
        if view.holds(here, valid):
            continue
        onward = {edge.new for edge in view.out(here) if view.covers(edge, valid)}
        onward = onward or {
            edge.old for edge in view.into(here) if edge.old in view.known and not view.covers(edge, valid)
        }
        onward = onward or set(view.amended(here))
        met += [(*path, step) for step in sorted(onward) if step not in {one[-1] for one in met}]
    return met


def _declared(view: OracleView, key: str, valid: datetime) -> list[Path]:
    met: list[Path] = [(key,)]
    found: list[Path] = []
    for path in met:
        if path in found:
            continue
        ahead = [edge.new for edge in view.out(path[-1]) if edge.until is None or valid < edge.until]
        onward = {key for key in ahead if key in view.known}
        for step in sorted(onward - {one[-1] for one in met}):
            met.append((*path, step))
            found += [(*path, step)] if _flag(view, step, valid) else []
    return found


def _flag(view: OracleView, key: str, valid: datetime) -> str:
    """In which way a memory is still a successor; empty if it is none, or has had its time."""
    if _is_named(view, key, valid):
        return NAMED
    return NOT_YET if _is_to_come(view, key, valid) else ""


def _is_named(view: OracleView, key: str, valid: datetime) -> bool:
    """Something says of itself that it has ended, and that this follows; and this is not in force, nor dated to be."""
    if view.memory(key) is None or view.is_never(key):
        return False
    start, own = view.start(key), view.status(key, valid)
    is_dated = start is not None and start > valid
    is_past = start is not None and own is Status.ENDED
    if is_dated or is_past or own in (None, Status.ACTIVE):
        return False
    naming = [edge.old for edge in view.into(key) if edge.until is None or edge.until > valid]
    believed = [old for old in naming if old in view.known and not view.is_never(old)]
    return any(view.status(old, valid) is Status.ENDED for old in believed)


def _is_to_come(view: OracleView, key: str, valid: datetime) -> bool:
    is_over = view.status(key, valid) in (Status.REJECTED, Status.ENDED)
    start = view.start(key)
    has_begun = start is not None and start <= valid
    return view.memory(key) is not None and not view.is_never(key) and not is_over and not has_begun


def _ended(view: OracleView, key: str, valid: datetime) -> tuple[bool, datetime]:
    ends = [high for low, high in view.holding(key) if low <= valid]
    return bool(ends), max(ends, default=valid)
