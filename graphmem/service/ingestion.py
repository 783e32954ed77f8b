"""The ingestion of readings: edits planned by `graphmem.sources`, applied in batches, each in its own transaction.

An interrupted ingestion keeps the batches that were applied. Ingesting the same reading again applies the rest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence

from graphmem.deferred_dataclass import replace
from graphmem.errors import Conflict, Forbidden, InvalidInput, NotFound
from graphmem.model import Change, End, Propose, Request
from graphmem.service.context import ServiceContext, Write, WriteRequest
from graphmem.sources.comparison import EditPlanner
from graphmem.sources.edits import Edit, EditKind, IngestReport
from graphmem.sources.existing_memories import (
    ExistingMemories,
    Words,
    existing_below,
    existing_of,
    unique,
    words_of,
)
from graphmem.sources.history_comparison import is_end_only
from graphmem.sources.move_comparison import GONE
from graphmem.sources.observations import DeclaredLink, Inventory, Observation, Problem, Reading, Replacement
from graphmem.sources.supersession_comparison import link_edits, revocation_edits, supersession_edits, undeclared
from graphmem.store import Progress, silent

#: Errors that refuse a single edit; the ingestion goes on.
REFUSALS = (Conflict, Forbidden, InvalidInput, NotFound)
#: Observations that are compared together, and edits that are applied in a single transaction.
BATCH = 200

#: The ids of ledger entries that ingestions write begin with this.
OP_PREFIX = "ingest/"


class IngestVerb:
    """The verb `ingest`."""

    _context: ServiceContext

    def ingest(self, reading: Reading, *, write: Write | None = None, progress: Progress = silent) -> IngestReport:
        """Update the memories to match a source; only changes since the last ingestion are written.

        Args:
            reading: The content of the source, as a reader in `graphmem.sources` returns it.
            write: Scope, actor and reason of the memories; `source` names the source in the ledger.
            progress: Called after every batch with the number of processed statements and links, and their total.

        Returns:
            The added, changed, ended and unchanged memories, and the edits that were refused.
        """
        return _Ingestion(self._context, self._context.write_request(write), progress).run(reading)


def ingested(context: ServiceContext, request: WriteRequest, reading: Reading) -> IngestReport:
    """Return the result of ingesting a reading with the fields of a write; see `IngestVerb.ingest`."""
    return _Ingestion(context, request, silent).run(reading)


def apply_edits(
    context: ServiceContext, request: WriteRequest, edits: Sequence[Edit], progress: Progress = silent
) -> IngestReport:
    """Apply edits in batches as an ingestion does; a refused edit is reported, and stops no other.

    Args:
        context: The context of the memory.
        request: Its writer is the scope of the edits; its id is the beginning of theirs.
        edits: In order.
        progress: Called after every batch.
    """
    return _Ingestion(context, request, progress).apply_all(edits)


class _Ingestion:
    """The ingestion of a single reading."""

    def __init__(self, context: ServiceContext, request: WriteRequest, progress: Progress) -> None:
        self._context = context
        self._request = request
        self._progress = progress
        now = context.clock()
        self._comparison = EditPlanner(request.writer, request.provenance.origin, now, self._new_id)
        self._report = IngestReport()
        self._gone: dict[Words, str] | None = None
        self._done = self._total = 0

    def run(self, reading: Reading) -> IngestReport:
        self._report.problems.extend(reading.problems)
        observations = [self._comparison.in_scope(observation) for observation in reading.observations]
        self._total = reading.size
        self._progress(0, self._total)
        for batch in _batches(observations):
            self._apply(self._compared(batch, reading))
            self._advance(len(batch))
        self._supersede(reading.replacements)
        self._relate(reading.relations)
        if reading.inventory is not None:
            self._settle_missing(reading.inventory)
        self._add_vectors()
        return self._report

    def apply_all(self, edits: Sequence[Edit]) -> IngestReport:
        self._total = len(edits)
        self._apply_in_batches(edits, len(edits))
        self._add_vectors()
        return self._report

    def _advance(self, count: int) -> None:
        self._done += count
        self._progress(self._done, self._total)

    def _add_vectors(self) -> None:
        """Compute the vectors of the ingested memories; a failure is reported and undoes nothing."""
        ids, total = set(self._report.ids.values()), self._total

        def advance(done: int, count: int) -> None:
            self._progress(total + done, total + count)

        try:
            self._context.add_missing_vectors(self._request.writer, ids, advance)
        except Conflict as refusal:
            self._report.problems.append(Problem("", 0, f"no vectors were made: {refusal}"))

    # ---- observations

    def _compared(self, batch: Sequence[Observation], reading: Reading) -> list[Edit]:
        """Return the edits that a batch of observations needs."""
        existing = self._existing_below([observation.key for observation in batch])
        unknown = [observation for observation in batch if observation.key not in existing.by_key]
        renamed, former = self._renamed(unknown, reading)
        edits: list[Edit] = []
        for observation in batch:
            memory_id, compared = existing.by_key.get(observation.key), existing
            if memory_id is None and former is not None:
                memory_id, compared = renamed.get(observation.key), former
            if memory_id is not None:
                edits += self._updates(observation, memory_id, compared)
            elif not reading.is_update_only and not is_end_only(observation):
                edits += self._additions(observation)
        return edits

    def _additions(self, observation: Observation) -> list[Edit]:
        try:
            return [self._comparison.addition(observation)]
        except InvalidInput as refusal:
            self._report.problems.append(Problem(observation.path, observation.line, f"not applied: {refusal}"))
            return []

    def _updates(self, observation: Observation, memory_id: str, existing: ExistingMemories) -> list[Edit]:
        self._report.ids[observation.key] = memory_id
        try:
            edits = self._comparison.update(observation, memory_id, existing)
        except InvalidInput as refusal:
            self._report.problems.append(Problem(observation.path, observation.line, f"not applied: {refusal}"))
            return []
        self._report.unchanged += not edits
        return edits

    def _existing_below(self, keys: Sequence[str]) -> ExistingMemories:
        return existing_below(self._context.store, self._request.writer, keys)

    def _renamed(
        self, unknown: Sequence[Observation], reading: Reading
    ) -> tuple[dict[str, str], ExistingMemories | None]:
        """Return the memories whose words are now found under an unknown key: their files were renamed.

        Only folders that were read completely are compared. Words shared by several files, now or before, identify no
        file.

        Returns:
            The ids of the memories by their new keys, and the existing memories; None if nothing was compared.
        """
        if not unknown or not reading.folders:
            return {}, None
        if self._gone is None:
            self._gone = self._gone_words(reading)
        observed = unique((words_of(observation.statement), observation.key) for observation in unknown)
        renamed = {key: self._gone.pop(words) for words, key in observed.items() if words in self._gone}
        return renamed, existing_of(self._context.store, self._request.writer, renamed.values())

    def _gone_words(self, reading: Reading) -> dict[Words, str]:
        """Return the ids of the memories in the read folders whose files are gone, by their words."""
        observed = {observation.key for observation in reading.observations}
        folders = [f"{folder}/" if folder else "" for folder in reading.folders]
        existing = self._existing_below(folders)
        memories = ((key, existing.view.memory(memory_id)) for key, memory_id in existing.by_key.items())
        return unique(
            (words_of(memory.statement), memory.id)
            for key, memory in memories
            if key not in observed and memory is not None and memory.statement is not None
        )

    # ---- supersessions and links

    def _supersede(self, replacements: Sequence[Replacement]) -> None:
        ids = self._ids_of({key for pair in replacements for key in (pair.old, pair.new)})
        usable = [
            pair for pair in replacements if pair.old in ids and pair.new in ids and ids[pair.old] != ids[pair.new]
        ]
        existing = existing_of(self._context.store, self._request.writer, ids.values())
        declared = {(ids[pair.old], ids[pair.new]) for pair in usable}
        read = set(self._report.ids.values())
        ingested = {seq: self._is_ingested(seq) for seq in undeclared(existing, read, declared)}
        self._apply(list(revocation_edits(existing, read, declared, ingested)))
        edits = list(supersession_edits(usable, existing, ids))
        self._apply_in_batches(edits, len(replacements))

    def _relate(self, relations: Sequence[DeclaredLink]) -> None:
        if relations:
            ids = self._ids_of({key for link in relations for key in (link.source, link.target)})
            existing = existing_of(self._context.store, self._request.writer, ids.values())
            self._apply_in_batches(list(link_edits(relations, existing, ids)), len(relations))

    def _ids_of(self, keys: set[str]) -> dict[str, str]:
        """Return the ids of the ingested keys, and of the given keys that the reading names but does not contain."""
        unread = sorted(keys - self._report.ids.keys())
        return (self._existing_below(unread).by_key if unread else {}) | self._report.ids

    def _is_ingested(self, seq: int) -> bool:
        changes = self._context.store.changes(self._request.writer, after=seq - 1, limit=1)
        return changes[0].op_id.startswith(OP_PREFIX)

    # ---- the inventory

    def _settle_missing(self, inventory: Inventory) -> None:
        """Report the memories in force that the source no longer has, or end them if the reading says so."""
        present, existing = set(inventory.keys), self._existing_below([inventory.folder])
        missing = [
            (key, memory_id)
            for key, memory_id in existing.by_key.items()
            if key not in present
            and not any(f"{key}/".startswith(folder) for folder in inventory.unread)
            and existing.view.holds(memory_id, self._comparison.now)
        ]
        if not inventory.ends_missing:
            self._report.missing += [memory_id for _, memory_id in missing]
            return
        edits = [self._end(key, memory_id, existing) for key, memory_id in missing]
        self._apply_in_batches(edits, 0)
        ended = set(self._report.ended)
        self._report.missing += [memory_id for _, memory_id in missing if memory_id not in ended]

    def _end(self, key: str, memory_id: str, existing: ExistingMemories) -> Edit:
        memory = existing.view.memory(memory_id)
        assert memory is not None, "a memory in force is visible"  # noqa: S101
        assert memory.statement is not None, "a memory in force is not erased"  # noqa: S101
        return Edit(
            operations=(End(memory_id, self._comparison.now, GONE),),
            speaker=memory.statement.origin,
            path=key,
            outcome=EditKind.ENDED,
            ids=(memory_id,),
        )

    # ---- writing

    def _apply_in_batches(self, edits: Sequence[Edit], steps: int) -> None:
        """Apply edits, and advance the progress by the given number of steps."""
        for start in range(0, len(edits), BATCH):
            self._apply(edits[start : start + BATCH])
            done = min(start + BATCH, len(edits)) * steps // len(edits)
            self._progress(self._done + done, self._total)
        self._advance(steps)

    def _apply(self, edits: Sequence[Edit]) -> None:
        """Apply edits in a transaction; if it is refused, apply each half separately, down to the refused edit."""
        if not edits:
            return
        try:
            changes = self._context.record([request for edit in edits for request in self._requests(edit)])
        except REFUSALS as refusal:
            self._refused(edits, refusal)
            return
        results = iter(changes)
        for edit in edits:
            self._enter(edit, [next(results) for _ in edit.operations])

    def _refused(self, edits: Sequence[Edit], refusal: Exception) -> None:
        if len(edits) > 1:
            middle = len(edits) // 2
            self._apply(edits[:middle])
            self._apply(edits[middle:])
        else:
            self._report.problems.append(Problem(edits[0].path, 1, f"not applied: {refusal}"))
            self._apply(edits[0].fallback)

    def _enter(self, edit: Edit, changes: Iterable[Change]) -> None:
        proposed = [change.seq for change in changes if isinstance(change.operation, Propose)]
        if proposed:
            reason = f"only a proposal (change {proposed[0]}): {edit.speaker.value!r} is not trusted enough for it"
            self._report.problems.append(Problem(edit.path, 1, reason))
        else:
            self._report.enter(edit)

    def _requests(self, edit: Edit) -> list[Request]:
        """Return the requests of an edit; their `op_id`s are derived from their content, so a retry is safe."""
        by = self._request.limited_to(edit.speaker).provenance
        source = f"{self._request.provenance.source or 'document'}: {edit.provenance or edit.path}"
        provenance = replace(by, source=source, reason=edit.reason or by.reason)
        requests = []
        for operation in edit.operations:
            part = f"{_number(repr(operation), source, provenance.reason or ''):x}"
            op_id = f"{OP_PREFIX}{self._request.op_id}/{part}"
            requests.append(Request(op_id, operation, self._request.writer, provenance))
        return requests

    def _new_id(self, observation: Observation, after: str) -> str:
        return self._request.new_id(_number(observation.key, observation.statement.content_hash, after))


def _batches(observations: Sequence[Observation]) -> Iterator[Sequence[Observation]]:
    """The observations in order, in parts that have each key once: each is compared with the rows recorded before."""
    batch: dict[str, Observation] = {}
    for observation in observations:
        if len(batch) == BATCH or observation.key in batch:
            yield list(batch.values())
            batch = {}
        batch[observation.key] = observation
    if batch:
        yield list(batch.values())


def _number(*parts: str) -> int:
    """Return a hash of the parts as a number, the same in every process."""
    text = "".join(f"{len(part)}:{part}" for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:8], "big")
