"""One memory on a server with all its verbs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from graphmem.client.connection import Asked, Connection
from graphmem.client.reading import RemoteReader
from graphmem.client.recording import RemoteRecorder
from graphmem.client.stands import Stand
from graphmem.errors import Unsupported
from graphmem.model import At, Scope
from graphmem.service import GraphMemory, IngestReport, Write
from graphmem.sources.observations import Reading
from graphmem.store import Finding, Progress, StoreInfo, silent
from graphmem.wire.envelopes import Findings, Reindexed, Restored, Seen

if TYPE_CHECKING:
    import networkx as nx


class RemoteMemory(RemoteRecorder, RemoteReader, GraphMemory):
    """A memory that a server keeps: every verb of `GraphMemory`, with the same answers and errors.

    Safe to use from several threads. Use it in a `with` block, or call `close`.

    Args:
        connection: The server; the memory closes it.
        scope: Where a reader or writer stands who does not say.
        actor: Who writes who does not say; None for the name of the key.
    """

    def __init__(self, connection: Connection, *, scope: Scope | None = None, actor: str | None = None) -> None:
        self._stand = Stand(connection, scope or Scope(), actor)

    @property
    def scope(self) -> Scope:
        """Where a reader or writer stands who does not say."""
        return self._stand.scope

    def close(self) -> None:
        """Close the connections to the server; safe to call twice."""
        self._stand.connection.close()

    def to_networkx(
        self, *, at: At | None = None, scope: Scope | None = None, progress: Progress = silent
    ) -> nx.MultiDiGraph[str]:
        """A server hands out no whole graph.

        Raises:
            Unsupported: Always.
        """
        del at, scope, progress
        raise Unsupported(
            "a server hands out no whole graph: open the store that it serves,"
            " or a file that its export (graphmem export) was restored into"
        )

    # ---- bringing in and keeping

    def ingest(self, reading: Reading, *, write: Write | None = None, progress: Progress = silent) -> IngestReport:
        """See `GraphMemory.ingest`; progress is told once, at the end."""
        asked = self._stand.writing("/v1/ingest/reading", write, {"reading": reading}, is_named=False)
        asked = replace(asked, is_long=True)
        report = self._stand.connection.ask(IngestReport, asked)
        total = len(reading.observations) + len(reading.replacements) + len(reading.relations)
        progress(total, total)
        return report

    def export(self, *, scope: Scope | None = None) -> Iterator[str]:
        """See `GraphMemory.export`."""
        with self._stand.connection.lines("/v1/export", self._stand.query(scope)) as lines:
            yield from lines

    def backup(self, target: Path) -> None:
        """A server copies no file to its callers.

        Raises:
            Unsupported: Always.
        """
        raise Unsupported(f"{str(target)!r} cannot be written by a server: export, or run graphmem backup where it is")

    def restore(self, lines: Iterable[str], *, progress: Progress = silent, scope: Scope | None = None) -> int:
        """See `GraphMemory.restore`; progress is told once, at the end."""
        asked = Asked("POST", "/v1/restore", self._stand.query(scope), lines=lines, is_repeatable=False, is_long=True)
        count = self._stand.connection.ask(Restored, asked).entries
        progress(count, count)
        return count

    def check(self) -> list[Finding]:
        """See `GraphMemory.check`; refused to who holds a key, since it is about all tenants."""
        asked = Asked("GET", "/v1/check", self._stand.query(None), is_long=True)
        return list(self._stand.connection.ask(Findings, asked).findings)

    def status(self, *, scope: Scope | None = None) -> StoreInfo:
        """See `GraphMemory.status`."""
        return self._stand.connection.ask(Seen, Asked("GET", "/v1/status", self._stand.query(scope))).store

    def reindex(self, *, progress: Progress = silent, scope: Scope | None = None) -> int:
        """See `GraphMemory.reindex`; progress is told once, at the end."""
        asked = Asked("POST", "/v1/reindex", self._stand.query(scope), is_long=True)
        count = self._stand.connection.ask(Reindexed, asked).vectors
        progress(count, count)
        return count
