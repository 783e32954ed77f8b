"""Who leads when several memories hold for one subject, and by which rule."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from graphmem.model import BEGINNING
from graphmem.temporal.spans import containing
from graphmem.temporal.view import View

RULES = ("mandatory", "mandatory width", "branch", "scope", "trust of origin", "start", "observed at", "digest of id")


@dataclass(frozen=True, slots=True)
class Ruling:
    """The head of a subject, and who also holds.

    Attributes:
        head: Id of the memory that leads.
        contested: (id, rule that put it behind the head) of the others, best first.
    """

    head: str
    contested: tuple[tuple[str, str], ...]


def rule(view: View, ids: Iterable[str], valid: datetime) -> Ruling | None:
    """Choose the head among memories of one subject that hold; None if none does.

    Amendments of a memory that is itself among those holding do not contest it and are left out.
    """
    holding = {key for key in ids if view.holds(key, valid)}
    rivals = [key for key in holding if holding.isdisjoint(view.amended(key))]
    if not rivals:
        return None
    claims = {key: _claim(view, key, valid) for key in rivals}
    ranked = sorted(rivals, key=claims.__getitem__, reverse=True)
    head = ranked[0]
    return Ruling(head, tuple((key, _deciding_rule(claims[head], claims[key])) for key in ranked[1:]))


def _claim(view: View, key: str, valid: datetime) -> tuple[object, ...]:
    """Sort key in the order of `RULES`; the greatest leads."""
    row = view.known[key]
    scope, statement = row.memory.scope, row.memory.statement
    assert statement is not None, "only what holds is ruled on, and what was erased does not"  # noqa: S101
    since = containing(view.holding(key), valid)
    width = scope.width
    return (
        statement.is_mandatory,
        tuple(not level for level in width) if statement.is_mandatory else (),
        view.lineage.nearness(row.stamp),
        width,
        statement.origin.trust,
        since[0] if since else BEGINNING,
        statement.observed_at or BEGINNING,
        hashlib.sha256(key.encode()).hexdigest(),
    )


def _deciding_rule(winner: tuple[object, ...], loser: tuple[object, ...]) -> str:
    return next(name for name, one, other in zip(RULES, winner, loser, strict=True) if one != other)
