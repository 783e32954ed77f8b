"""The claims of a context block: the reader's own, and those of other actors that touch the task."""

from __future__ import annotations

from graphmem.claims.work_claim import WorkClaim
from graphmem.model import Point, Scope
from graphmem.service.claim_reader import ClaimReader
from graphmem.service.context import ServiceContext
from graphmem.service.task_evidence import Task, TaskEvidence


class ClaimEvidence:
    """Adds claims to the evidence for a task.

    Args:
        context: The dependencies of the verb.
        reader: The reader's scope.
        point: The point of the block.
        actor: The reader as an actor, whose own claims are told from those of others.
        is_latest: True if the point's ledger position is the latest.
    """

    def __init__(self, context: ServiceContext, reader: Scope, point: Point, *, actor: str, is_latest: bool) -> None:
        self._claims = ClaimReader(context, reader, point, is_latest=is_latest)
        self._actor = actor

    def add(self, found: TaskEvidence, task: Task) -> None:
        """Note the reader's claims, and those of others on the paths of the task; other claims are left out.

        If the task names no path, others' claims are in the block if they share a word with it.
        """
        on_path = {claim.id: path for claim, path in self._claims.on_paths(task.paths)} if task.paths else {}
        for claim in self._claims.in_force:
            is_own = claim.actor == self._actor
            if is_own:
                found.own_claims.add(claim.id)
            if not is_own and claim.id not in on_path and not _shares_words(found, claim, task):
                _leave_out(found, claim)
                continue
            found.claims[claim.id] = self._with_history(claim) if is_own else claim
            if is_own or claim.id in on_path:
                found.table.note(claim.id, claimed=1.0)
            if claim.id in on_path:
                found.on_path[claim.id] = on_path[claim.id]

    def _with_history(self, claim: WorkClaim) -> WorkClaim:
        """Return a claim of the reader with its overlaps and its history."""
        return self._claims.with_steps(self._claims.with_overlaps(claim))


def _shares_words(found: TaskEvidence, claim: WorkClaim, task: Task) -> bool:
    evidence = found.table.found.get(claim.id)
    return not task.paths and evidence is not None and max(evidence.words, evidence.name) > 0.0


def _leave_out(found: TaskEvidence, claim: WorkClaim) -> None:
    found.table.found.pop(claim.id, None)
    found.on_path.pop(claim.id, None)
