"""Precedence: the head among the memories of a subject that are in force, and the rule that decides it."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from heapq import heappop, heappush

from graphmem.deferred_dataclass import dataclass
from graphmem.digests import sha256
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
    """The head of a subject, and the other memories in force.

    Attributes:
        head: Id of the memory that leads.
        contested: (id, rule by which the head precedes it) of each other memory in force, best first.
    """

    head: str
    contested: tuple[tuple[str, str], ...]


def rule(view: View, ids: Iterable[str], valid: datetime) -> Ruling | None:
    """Choose the head among the memories of a subject in force at an instant; None if there is none.

    An amendment whose base is in force too does not contest the base and is left out.
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
    """The valid intervals in which each memory of a subject is its head; agrees with `rule` at every instant."""
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
    return {key: union(*((piece,) for piece in spans)) for key, spans in reigning.items()}


@dataclass(frozen=True, slots=True)
class _Bid:
    """A memory that contends for a span; the bid with the least rank wins, and no two have the same."""

    rank: int
    span: Span
    key: str

    def __lt__(self, other: _Bid) -> bool:
        return self.rank < other.rank


def _bids(view: View, ids: set[str]) -> list[_Bid]:
    """Every span in which a memory is in force and the base that it amends, if any, is not; ranked by claim."""
    contenders: list[tuple[tuple[object, ...], Span, str]] = []
    for key in ids:
        amended = union(*(view.holding(base) for base in view.amended(key) if base in ids))
        for piece in view.holding(key):
            claim = _claim(view, key, piece[0])
            contenders += [(claim, part, key) for part in difference((piece,), amended)]
    contenders.sort(reverse=True)
    return [_Bid(rank, part, key) for rank, (_, part, key) in enumerate(contenders)]


def _claim(view: View, key: str, valid: datetime) -> tuple[object, ...]:
    """Sort key in the order of `RULES`; the greatest is the head."""
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
        sha256(key.encode()).hexdigest(),
    )


def _deciding_rule(winner: tuple[object, ...], loser: tuple[object, ...]) -> str:
    return next(name for name, first, second in zip(RULES, winner, loser, strict=True) if first != second)
