"""The reconciliation of a ledger with a repository: it ends equal to a fresh ingestion, even if events were missed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from graphmem.deferred_dataclass import dataclass
from graphmem.model import Scope
from graphmem.service.branch_merges import merge_branches
from graphmem.service.code_verification import VerificationReport, verify_repository
from graphmem.service.context import Write
from graphmem.service.ingestion import apply_edits
from graphmem.service.local_notes import LocalNotes
from graphmem.service.mainline_ingestion import MainlineReport, ingest_mainline, recorded_mainline
from graphmem.service.memory import GraphMemory, context_of
from graphmem.service.repository_ingestion import (
    FILE_SOURCES,
    KEY_PREFIXES,
    RepositoryReport,
    Start,
    ingest_repository,
    ledger_mark,
)
from graphmem.service.source_state import source_state
from graphmem.sources.edits import IngestReport
from graphmem.sources.git.code_history import read_code_history
from graphmem.sources.git.mainline_reading import MainlineReader
from graphmem.sources.state_comparison import SourcedMemory, StateEdits, state_edits
from graphmem.store import silent


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciliationReport:
    """The result of a reconciliation.

    Attributes:
        mainline: The result of reading the mainline; None for a dry run.
        fresh: The result of the fresh ingestion with which the ledger was compared.
        planned: The number of planned edits of each kind.
        sources: The edits that were applied; None for a dry run.
        kept: Memories that no reading of the repository gives, and that a writer changed: a person decides.
        verification: The verdicts after it; None for a dry run.
    """

    mainline: MainlineReport | None = None
    fresh: RepositoryReport
    planned: dict[str, int]
    sources: IngestReport | None = None
    kept: tuple[str, ...]
    verification: VerificationReport | None = None


def reconcile_repository(  # noqa: PLR0913 - each parameter is about another part
    memory: GraphMemory,
    root: Path,
    *,
    fresh: GraphMemory,
    read_at: datetime,
    ref: str | None = None,
    notes: Path | None = None,
    write: Write | None = None,
    is_rehearsal: bool = False,
    start: Start = lambda _: silent,
) -> ReconciliationReport:
    """Make a ledger believe of a repository the same as a fresh ingestion into an empty memory.

    The mainline, tags and branches are brought up to date; the repository is ingested into the empty memory; memories
    that only the ledger has are retracted, and memories that it lacks are added; merged branches are merged; and every
    memory is verified. Records of writers other than ingestions stay.

    Args:
        memory: The memory, opened on its store.
        root: A folder of the repository.
        fresh: An empty memory, which is filled.
        read_at: The time of reading.
        ref: Where the mainline ends; by default where that of earlier readings did, else the default branch.
        notes: The folder of the notes on how far sources were read; None keeps none.
        write: Scope (its repository), actor and reason.
        is_rehearsal: Plan the edits of the sources alone, and write nothing.
        start: Called for each step; returns its progress.

    Raises:
        GitFailure: There is no repository, or the ref does not exist.
        Unsupported: The memory is on a server.
    """
    given = write or Write()
    home = given.scope or memory.scope
    scope = Scope(home.tenant, home.repo)
    by = replace(given, scope=scope)
    mainline = None
    if not is_rehearsal:
        reader = MainlineReader(root, ref=ref, read_at=read_at)
        mainline = ingest_mainline(memory, reader.batches, write=by, progress=start("git"))
    followed = ref or recorded_mainline(memory, scope).branch
    same = Write(scope=scope, origin=given.origin)
    ingested = ingest_repository(fresh, root, read_at=read_at, ref=followed, write=same, start=start)
    plan = _plan(memory, fresh, by, failed=ingested.failed, read_at=read_at)
    planned = dict(Counter(edit.outcome.name.lower() for edit in plan.edits))
    if mainline is None:
        return ReconciliationReport(fresh=ingested, planned=planned, kept=plan.kept)
    context = context_of(memory)
    by_source = replace(by, source="reconcile")
    sources = apply_edits(context, context.write_request(by_source), plan.edits, start("reconcile"))
    cursors = LocalNotes(notes, "cursors", ledger_mark(memory, scope))
    cursors.values |= ingested.cursors
    cursors.save()
    merges = merge_branches(memory, root, write=by)
    verified = verify_repository(memory, read_code_history(root, ref=followed, read_at=read_at), at=read_at, write=by)
    return ReconciliationReport(
        mainline=replace(mainline, merges=merges),
        fresh=ingested,
        planned=planned,
        sources=sources,
        kept=plan.kept,
        verification=verified,
    )


def _plan(
    memory: GraphMemory, fresh: GraphMemory, write: Write, *, failed: Collection[str], read_at: datetime
) -> StateEdits:
    """Plan the edits of the sources that could be read, in the scope of a write."""
    scope = write.scope or memory.scope
    prefixes = tuple(prefix for prefix in KEY_PREFIXES if _SOURCE_OF[prefix] not in failed)
    context = context_of(memory)
    request = context.write_request(replace(write, op_id=None))
    numbers: dict[str, int] = {}

    def new_id(sourced: SourcedMemory) -> str:
        return request.new_id(numbers.setdefault(sourced.id, len(numbers)))

    present = source_state(context, scope, prefixes)
    wanted = source_state(context_of(fresh), scope, prefixes)
    return state_edits(present, wanted, scope, new_id, read_at=read_at)


#: The source of each beginning of source keys.
_SOURCES = ("rules", "structure", "tasks", "tasks", "tasks", "incidents", "bans", "trailers")
_SOURCE_OF = dict(zip(KEY_PREFIXES, _SOURCES, strict=True))
assert set(_SOURCE_OF.values()) == set(FILE_SOURCES)  # noqa: S101
