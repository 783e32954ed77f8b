"""Notes on a write about a claim: overlapping and expired claims, who sees it, and the task that stays open."""

from __future__ import annotations

from collections.abc import Sequence

from graphmem.answers import Sentence
from graphmem.claims.claim_statement import files_of
from graphmem.claims.work_claim import WorkClaim
from graphmem.model import LinkKind, Statement
from graphmem.service.claim_sentences import described
from graphmem.service.claim_writer import ClaimWriter, NamedMemory

_MOST_NOTES = 3


def expired_on(writer: ClaimWriter, statement: Statement) -> list[WorkClaim]:
    """Return the expired claims of other actors that have a path in common with a new claim, or no paths as it has."""
    reader = writer.reader()
    paths = reader.names_of(anchor.name for anchor in files_of(statement))
    repo = writer.request.writer.repo
    others = (claim for claim in reader.expired() if claim.actor != writer.actor and claim.is_of(repo))
    return [claim for claim in others if claim.touches(paths) or not (paths or claim.paths)]


def scope_notes(writer: ClaimWriter, named: NamedMemory | None = None) -> tuple[str, ...]:
    """Return the notes on a claim that other actors do not see."""
    home = writer.request.writer if named is None else named.card.memory.scope
    notes = []
    if home.user is not None:
        notes.append(f"private to {home.user!r}: nobody else sees this claim; make it without a user to show it")
    if home.branch is not None:
        notes.append(f"only readers of branch {home.branch!r} see this claim; make it without a branch to show it")
    if not writer.origin.is_trusted:
        notes.append(f"only proposed, since {writer.origin.value!r} is not trusted to claim; `review` accepts it")
    return tuple(notes)


def stale_notes(writer: ClaimWriter, statement: Statement, before: Sequence[WorkClaim]) -> tuple[str, ...]:
    """Return the notes on expired claims of other tasks on the same paths, which nobody released."""
    if writer.earlier is not None:
        return ()
    taken = {claim.id for claim in before}
    stale = [claim for claim in expired_on(writer, statement) if claim.id not in taken and claim.paths]
    hint = f"; to go on with it, hand it over to {writer.actor}"
    return tuple(
        Sentence.of(described(claim), " had expired and was not released", hint) for claim in stale[:_MOST_NOTES]
    )


def open_task_notes(named: NamedMemory) -> tuple[str, ...]:
    """Return the note on the task of a claim that is done: the task has a status of its own."""
    tasks = [link.target for link in named.view.links_from(named.id) if link.kind is LinkKind.IMPLEMENTS]
    return tuple(f"the task {task!r} has a status of its own; `end` closes it if it is done too" for task in tasks)
