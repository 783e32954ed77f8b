"""Who leads when several memories hold for one subject, and by which rule."""

from __future__ import annotations

import hashlib
import itertools
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from heapq import heappop, heappush

from graphmem.model import BEGINNING
from graphmem.temporal.spans import Span, Spans, containing, difference, union
from graphmem.temporal.trust import is_mandatory
from graphmem.temporal.view import View

RULES = (
    "class of trust",
    "mandatory",
    "mandatory width",
    "branch",
    "scope",
    "trust of origin",
    "start",
    "observed at",
    "digest of id",
)


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


def reigns(view: View, ids: Iterable[str]) -> dict[str, Spans]:
    """When each of the memories of one subject leads it: what `rule` says at every instant, in one pass."""
    reigning: dict[str, list[Span]] = defaultdict(list)
    bids = _bids(view, set(ids))
    instants = sorted({edge for bid in bids for edge in bid.span})
    live: list[_Bid] = []
    following = iter([*sorted(bids, key=lambda bid: bid.span), None])
    waiting = next(following)
    for low, high in itertools.pairwise(instants):
        while waiting is not None and waiting.span[0] <= low:
            heappush(live, waiting)
            waiting = next(following)
        while live and live[0].span[1] <= low:
            heappop(live)
        if live:
            reigning[live[0].key].append((low, high))
    return {key: union(*((one,) for one in spans)) for key, spans in reigning.items()}


@dataclass(frozen=True, slots=True, order=True)
class _Bid:
    """A memory that may lead throughout a span; the one of the least rank does."""

    rank: int
    span: Span
    key: str


def _bids(view: View, ids: set[str]) -> list[_Bid]:
    """Every span in which a memory holds without amending one that holds too, ranked by claim."""
    found: list[tuple[tuple[object, ...], Span, str]] = []
    for key in ids:
        amended = union(*(view.holding(base) for base in view.amended(key) if base in ids))
        for piece in view.holding(key):
            claim = _claim(view, key, piece[0])
            found += [(claim, part, key) for part in difference((piece,), amended)]
    found.sort(reverse=True)
    return [_Bid(rank, part, key) for rank, (_, part, key) in enumerate(found)]


def _claim(view: View, key: str, valid: datetime) -> tuple[object, ...]:
    """Sort key in the order of `RULES`; the greatest leads."""
    row = view.known[key]
    scope, statement = row.memory.scope, row.memory.statement
    assert statement is not None, "only what holds is ruled on, and what was erased does not"  # noqa: S101
    since = containing(view.holding(key), valid)
    width, is_bound = scope.width, is_mandatory(statement)
    return (
        statement.origin.is_trusted,
        is_bound,
        tuple(not level for level in width) if is_bound else (),
        view.lineage.nearness(row.stamp),
        width,
        statement.origin.trust,
        since[0] if since else BEGINNING,
        statement.observed_at or BEGINNING,
        hashlib.sha256(key.encode()).hexdigest(),
    )


def _deciding_rule(winner: tuple[object, ...], loser: tuple[object, ...]) -> str:
    return next(name for name, one, other in zip(RULES, winner, loser, strict=True) if one != other)
