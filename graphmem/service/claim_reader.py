"""Reads claims: those in force at a point, their overlaps, and their histories."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import cached_property
from itertools import islice

from graphmem.answers import Card, Interval, State
from graphmem.claims.claim_statement import CLAIM_LABEL, EXPIRED, files_of, holder_of, is_claim
from graphmem.claims.work_claim import WorkClaim
from graphmem.deferred_dataclass import replace
from graphmem.instants import to_micros
from graphmem.model import Kind, LinkKind, Point, Scope
from graphmem.repository.path_patterns import is_glob
from graphmem.retrieval.cards import card
from graphmem.service.chunks import chunks
from graphmem.service.context import ServiceContext
from graphmem.store import Filter
from graphmem.temporal import View

CLAIMS = Filter(kinds=(Kind.TASK,), labels=(CLAIM_LABEL,))


class ClaimReader:
    """Reads claims as a reader sees them at a point.

    Args:
        context: The dependencies of the verb.
        reader: The reader's scope.
        point: The point.
        is_latest: True if the point's ledger position is the latest.
    """

    def __init__(self, context: ServiceContext, reader: Scope, point: Point, *, is_latest: bool) -> None:
        self._context = context
        self._reader = reader
        self._point = point
        self._is_latest = is_latest

    @cached_property
    def in_force(self) -> tuple[WorkClaim, ...]:
        """The claims in force at the point, the first to expire first, ties by id."""
        valid = self._point.valid
        cards = self._cards(valid if self._is_latest else None)
        claims = [claim_of(view, shown, valid) for view, shown in cards if shown.state is State.HOLDS]
        return tuple(sorted(self._with_visible_tasks(claims), key=_expiry))

    def expired(self) -> list[WorkClaim]:
        """Return the claims that expired before the point and were neither ended nor taken over, the last first.

        Only the last recorded claims are looked at.
        """
        valid = self._point.valid
        cards = self._cards(None, chunk_limit=1)
        claims = [claim_of(view, shown, valid) for view, shown in cards if is_expired(shown)]
        return sorted(claims, key=_expiry, reverse=True)

    def named(self, memory_id: str) -> WorkClaim | None:
        """Return a claim, in force or not; None if the memory is no claim or not visible."""
        view = self._context.view(self._reader, [memory_id], self._point.seq)
        shown = card(view, memory_id, self._point.valid)
        if shown is None or not is_claim(shown.statement):
            return None
        (claim,) = self._with_visible_tasks([claim_of(view, shown, self._point.valid)])
        return claim

    def overlapping(self, claim: WorkClaim) -> list[WorkClaim]:
        """Return the claims of other actors in force with which a claim has a path in common."""
        paths = self.names_of(claim.paths)
        return [rival for rival in self.in_force if _is_rival(claim, rival) and rival.touches(paths)]

    def with_overlaps(self, claim: WorkClaim) -> WorkClaim:
        """Return a claim with the ids of the claims that it overlaps."""
        return replace(claim, overlaps=tuple(rival.id for rival in self.overlapping(claim)))

    def with_steps(self, claim: WorkClaim) -> WorkClaim:
        """Return a claim with its history."""
        from graphmem.service.claim_steps import steps_of

        return replace(claim, steps=steps_of(self._context, self._reader, self._point, claim))

    def names_of(self, paths: Iterable[str]) -> tuple[str, ...]:
        """Return paths, and the other paths that their files had or have, as far as the repository was read."""
        history = self._context.mainlines.at(self._reader, self._reader.repo, self._point.seq)
        names: dict[str, None] = {}
        for path in paths:
            names[path] = None
            if not path.endswith("/") and not is_glob(path):
                lineage = history.binding(path, to_micros(self._point.valid))
                if lineage is not None:
                    names.update(dict.fromkeys(segment.path for segment in history.life(lineage)))
        return tuple(names)

    def on_paths(self, paths: Sequence[str]) -> list[tuple[WorkClaim, str]]:
        """Return the claims in force that a path touches, each with the first such path.

        Args:
            paths: Files, folders/ or globs of the reader's repository.
        """
        aliases = {name: path for path in reversed(paths) for name in self.names_of((path,))}
        ordered = [*paths, *(name for name in aliases if name not in paths)]
        touched: list[tuple[WorkClaim, str]] = []
        for claim in self.in_force:
            name = next((name for name in ordered if claim.is_of(self._reader.repo) and claim.touches((name,))), None)
            if name is not None:
                touched.append((claim, aliases[name]))
        return touched

    def _with_visible_tasks(self, claims: Sequence[WorkClaim]) -> list[WorkClaim]:
        """Return claims without the ids of tasks that the reader does not see."""
        tasks = [claim.works_on for claim in claims if claim.works_on is not None]
        if not tasks:
            return list(claims)
        view = self._context.content_view(self._reader, tasks, self._point.seq)
        visible = {task for task in tasks if view.memory(task) is not None}
        return [claim if claim.works_on in visible else replace(claim, works_on=None) for claim in claims]

    def _cards(self, hint: datetime | None, *, chunk_limit: int | None = None) -> Iterator[tuple[View, Card]]:
        """Yield claims with the view in which they were read, last recorded first."""
        read = chunks(self._context, CLAIMS, self._reader, self._point.seq, hint)
        for ids in islice(read, chunk_limit):
            view = self._context.view(self._reader, ids, self._point.seq)
            for memory_id in ids:
                shown = card(view, memory_id, self._point.valid)
                if shown is not None and is_claim(shown.statement):
                    yield view, shown


def claim_of(view: View, shown: Card, valid: datetime) -> WorkClaim:
    """Return the claim that a memory is."""
    statement, home = shown.statement, shown.memory.scope
    within = _within(shown.holding, valid)
    files = files_of(statement)
    tasks = (link.target for link in view.links_from(shown.id) if link.kind is LinkKind.IMPLEMENTS)
    return WorkClaim(
        id=shown.id,
        task=statement.title,
        actor=holder_of(statement),
        paths=tuple(anchor.name for anchor in files),
        since=within.start,
        until=within.end,
        origin=statement.origin,
        scope=home,
        repo=next((anchor.repo for anchor in files if anchor.repo is not None), home.repo),
        works_on=next(tasks, None),
    )


def is_expired(shown: Card) -> bool:
    """Return True if a claim is over because its time has passed."""
    return shown.state is State.ENDED and shown.told is not None and shown.told.word == EXPIRED


def _within(holding: Sequence[Interval], valid: datetime) -> Interval:
    """Return the interval in force at an instant, else the last."""
    for interval in holding:
        if interval.end is None or valid < interval.end:
            return interval
    return holding[-1] if holding else Interval(None, None)


def _is_rival(claim: WorkClaim, rival: WorkClaim) -> bool:
    is_same_repo = claim.repo is None or rival.is_of(claim.repo)
    return claim.id != rival.id and claim.actor != rival.actor and is_same_repo


def _expiry(claim: WorkClaim) -> tuple[bool, datetime | None, str]:
    return (claim.until is None, claim.until, claim.id)
