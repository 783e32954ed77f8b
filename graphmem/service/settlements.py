"""The verb that settles an open conflict in one ledger entry."""

from __future__ import annotations

from graphmem.answers import Written
from graphmem.conflicts import FoundBy, OpenConflict, Settlement
from graphmem.errors import Conflict, InvalidInput, NotFound
from graphmem.model import LinkKind, Operation, Point, Request, Revoke, Supersede, SupersessionKind
from graphmem.parameters import ConflictId, MemoryRef
from graphmem.service.conflicts import open_conflicts
from graphmem.service.context import ServiceContext, Write, WriteRequest
from graphmem.service.references import id_among
from graphmem.service.statements import notes_on
from graphmem.temporal import touched
from graphmem.temporal.operations import inner_operation
from graphmem.vocabulary import word_of


class SettleVerb:
    """The verb `settle` of an opened memory."""

    _context: ServiceContext

    def settle(
        self, conflict: ConflictId, how: Settlement, *, winner: MemoryRef | None = None, write: Write | None = None
    ) -> Written:
        """Settle an open conflict in one ledger entry; `conflicts` lists the open ones.

        The id of a conflict changes with its claims: if another claim has come up meanwhile, nothing is settled.

        Args:
            conflict: The id of the conflict.
            how: `supersede` (the winner supersedes the other claims from now on), `correct` (the other claims were
                never right) or `both` (all stay in force; only for a recorded conflict, whose record is revoked).
            winner: The claim that stays in force; none for `both`.
            write: Scope, actor, source and reason of the write; the reason is required.

        Raises:
            NotFound: No conflict with this id is open, or the winner is none of its claims.
            InvalidInput: The reason or the winner is missing, or the conflict cannot be settled in this way.
        """
        chosen = word_of(Settlement, how)
        request = self._context.write_request(write)
        if not (request.provenance.reason or "").strip():
            raise InvalidInput("a settled conflict needs a reason: give `reason` (--reason TEXT)")
        if (winner is None) is not (chosen is Settlement.BOTH):
            fault = "takes no winner: all claims stay in force" if winner else "needs the winner: one of the claims"
            raise InvalidInput(f"{chosen.value!r} {fault}")
        operation = _repeated(request, chosen) or self._operation(request, conflict, chosen, winner)
        entry = Request(request.op_id, operation, request.writer, request.provenance, request.seen)
        change = self._context.apply([entry])[0]
        return Written(change, touched(change.operation), notes=notes_on(change))

    def _operation(self, request: WriteRequest, conflict: str, how: Settlement, winner: str | None) -> Operation:
        point = self._context.point(None, request.writer)
        open_conflict = self._found(conflict, point, request)
        claims = [card.id for card in open_conflict.claims]
        if how is Settlement.BOTH:
            return Revoke(self._record(open_conflict, point, request))
        wins = id_among(self._context, request.writer, winner or "", claims)
        if wins not in claims:
            raise NotFound(f"{winner!r} is no claim of {conflict}; its claims are {', '.join(claims)}")
        losers = tuple(claim for claim in claims if claim != wins)
        if how is Settlement.CORRECT:
            return Supersede(old=losers, new=(wins,), at=None, kind=SupersessionKind.CORRECTION)
        return Supersede(old=losers, new=(wins,), at=point.valid)

    def _found(self, conflict: str, point: Point, request: WriteRequest) -> OpenConflict:
        opened = open_conflicts(self._context, point, request.writer, is_latest=True).conflicts
        for candidate in opened:
            if candidate.id == conflict:
                return candidate
        listed = ", ".join(f"{candidate.id} ({candidate.what})" for candidate in opened[:5]) or "none"
        raise NotFound(f"no conflict {conflict!r} is open; open are: {listed}")

    def _record(self, conflict: OpenConflict, point: Point, request: WriteRequest) -> int:
        """Return the ledger position of the link that records a conflict."""
        if conflict.found_by is not FoundBy.LINK:
            fault = f"{conflict.id} was found by {conflict.found_by}, not recorded"
            raise InvalidInput(f"{fault}: settle it with supersede or correct, or give the claims different subjects")
        ids = [card.id for card in conflict.claims]
        view = self._context.view(request.writer, ids, point.seq)
        links = (row for row in view.links(ids[0]) if row.kind is LinkKind.CONFLICTS_WITH)
        return next(row.stamp.seq for row in links if {row.source, row.target} == set(ids))


def _repeated(request: WriteRequest, how: Settlement) -> Operation | None:
    """Return the operation of the first attempt of a write that is sent again; None for a first attempt.

    Raises:
        Conflict: The first attempt was another operation.
    """
    if request.earlier is None:
        return None
    first_attempt = inner_operation(request.earlier.operation)
    kinds = {Settlement.SUPERSEDE: SupersessionKind.UPDATE, Settlement.CORRECT: SupersessionKind.CORRECTION}
    if isinstance(first_attempt, Revoke) and how is Settlement.BOTH:
        return first_attempt
    if isinstance(first_attempt, Supersede) and first_attempt.kind is kinds.get(how):
        return first_attempt
    raise Conflict(f"op_id {request.op_id!r} was used for another operation: take a new one")
