"""The verbs that keep a memory well: export, backup, restore, check, reindex, status."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from graphmem.errors import Unsupported
from graphmem.model import Scope
from graphmem.retrieval.embedder import card_of
from graphmem.service.desk import VECTORS_AT_ONCE, Desk
from graphmem.store import Finding, Progress, StoreInfo, silent


class Keeper:
    """Verbs that keep one opened memory well."""

    _desk: Desk

    def export(self, *, scope: Scope | None = None) -> Iterator[str]:
        """The tenant's whole ledger as JSON lines; `restore` of them gives equal answers at every point."""
        return self._desk.store.export(self._desk.reader(scope))

    def backup(self, target: Path) -> None:
        """A consistent copy of the whole store in a new file, while others go on writing."""
        self._desk.store.backup(target)

    def restore(self, lines: Iterable[str], *, progress: Progress = silent, scope: Scope | None = None) -> int:
        """Copy an export into the empty tenant verbatim, recorded times and erasures included.

        A run that was broken off goes on when the same export is restored again; until it has finished, the tenant
        takes no other writes. If the tenant already is the ledger of the export, nothing is written.

        Args:
            lines: The lines of an export, header first.
            progress: Called with the number of entries done and their total.
            scope: Its tenant is restored.

        Returns:
            The number of ledger entries.

        Raises:
            InvalidInput: The tenant holds another ledger, or a line is not one that `export` wrote.
            CorruptStore: The export's hash chain is broken, or a line is none that a write left.
        """
        tenant = self._desk.reader(scope).tenant
        entries = self._desk.store.restore(lines, tenant=tenant, progress=progress, clock=self._desk.clock)
        if self._desk.projector is not None:
            self._desk.projector.catch_up(tenant)
        return entries

    def check(self) -> list[Finding]:
        """Verify the hash chains and recompute every derived value; empty if there is no problem."""
        return self._desk.store.check()

    def status(self, *, scope: Scope | None = None) -> StoreInfo:
        """What the store is and how much it holds."""
        return self._desk.store.info(self._desk.reader(scope))

    def reindex(self, *, progress: Progress = silent, scope: Scope | None = None) -> int:
        """Give every memory a vector of the installed model; goes on where an interrupted run stopped.

        Returns:
            How many vectors were made.

        Raises:
            Unsupported: No embedding model is installed.
            Conflict: Another process gave the store another model meanwhile.
        """
        backend = self._desk.installed_embedder()
        if isinstance(backend, str):
            raise Unsupported(f"vectors cannot be made: {backend}")
        reader, store = self._desk.reader(scope), self._desk.store
        store.adopt_model(card_of(backend), reader)
        info, done = store.info(reader), 0
        total = info.memories - info.vectors
        # What was erased since it was listed is not listed again.
        while batch := store.without_vector(reader, VECTORS_AT_ONCE):
            done += self._desk.keep_vectors(reader, batch, backend)
            progress(done, total)
        if self._desk.projector is not None:
            self._desk.projector.renew(reader.tenant)
        return done
