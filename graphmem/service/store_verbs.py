"""The verbs on the store as a whole: export, backup, restore, check, status, reindex."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from graphmem.errors import Unsupported
from graphmem.model import Scope
from graphmem.retrieval.embedder import EmbedderMissing, card_of
from graphmem.service.context import VECTORS_AT_ONCE, ServiceContext
from graphmem.store import Finding, Progress, StoreInfo, silent


class StoreVerbs:
    """Verbs on the store of an opened memory as a whole."""

    _context: ServiceContext

    def export(self, *, scope: Scope | None = None) -> Iterator[str]:
        """Export the tenant's complete ledger as JSON lines for `restore`.

        A restored memory gives the same answers at every point on both time axes.
        """
        return self._context.store.export(self._context.reader(scope))

    def backup(self, target: Path) -> None:
        """Copy the complete store to a new file; other processes can go on writing during the copy.

        Args:
            target: The new file.
        """
        self._context.store.backup(target)

    def restore(self, lines: Iterable[str], *, progress: Progress = silent, scope: Scope | None = None) -> int:
        """Restore an export into an empty tenant, with its recorded times and erasures.

        An interrupted restore continues when the same export is restored again; until it is complete, the tenant
        accepts no other writes. If the tenant already has the complete ledger, nothing is written.

        Args:
            lines: The lines of an export, header first.
            progress: Called with the number of restored entries and their total.
            scope: The scope whose tenant is restored.

        Returns:
            The number of ledger entries of the tenant.

        Raises:
            InvalidInput: The tenant has another ledger, or a line was not written by `export`.
            CorruptStore: The hash chain of the export is broken, or an entry is not the result of any write.
        """
        tenant = self._context.reader(scope).tenant
        entries = self._context.store.restore(lines, tenant=tenant, progress=progress, clock=self._context.clock)
        if self._context.projector is not None:
            self._context.projector.catch_up(tenant)
        return entries

    def check(self) -> list[Finding]:
        """Verify the hash chains of the ledgers and recompute every derived value.

        Returns:
            The problems; empty if there are none.
        """
        return self._context.store.check()

    def status(self, *, scope: Scope | None = None) -> StoreInfo:
        """Return the kind of store, its address, and the numbers of entries, memories and vectors."""
        return self._context.store.info(self._context.reader(scope))

    def reindex(self, *, progress: Progress = silent, scope: Scope | None = None) -> int:
        """Compute the vectors of all memories that have none of the installed embedding model.

        An interrupted run continues when it is called again.

        Args:
            progress: Called with the number of computed vectors and their total.
            scope: The scope whose tenant is reindexed.

        Returns:
            The number of vectors computed.

        Raises:
            Unsupported: No embedding model is installed.
            Conflict: Another process has set another model for the store in the meantime.
        """
        backend = self._context.installed_embedder()
        if isinstance(backend, EmbedderMissing):
            raise Unsupported(f"vectors cannot be made: {backend.reason}")
        reader, store = self._context.reader(scope), self._context.store
        store.adopt_model(card_of(backend), reader)
        info, done = store.info(reader), 0
        total = info.memories - info.vectors
        # Memories that were erased since they were listed are not listed again.
        while batch := store.without_vector(reader, VECTORS_AT_ONCE):
            done += self._context.save_vectors(reader, batch, backend)
            progress(done, total)
        if self._context.projector is not None:
            self._context.projector.renew(reader.tenant)
        return done
