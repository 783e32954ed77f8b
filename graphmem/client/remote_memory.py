"""A memory on a server, with every verb of the library."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from graphmem.client.server_connection import Connection, ServerRequest
from graphmem.client.session import Session
from graphmem.client.verb_methods import with_verbs
from graphmem.errors import InvalidInput, Unsupported
from graphmem.model import At, Change, Scope
from graphmem.parameters import Limit, Position
from graphmem.service import GraphMemory, IngestReport, Write
from graphmem.service.entries import LedgerPage
from graphmem.sources.observations import Reading
from graphmem.store import Progress, silent
from graphmem.wire.envelopes import Restored

if TYPE_CHECKING:
    import networkx as nx

_CHANGES_PER_REQUEST = 1_000


@with_verbs
class RemoteMemory(GraphMemory):
    """A memory on a server: every verb of `GraphMemory`, with the same answers and errors.

    Verbs that this class does not define are made from their contracts. Safe to use from several threads. Use it in a
    `with` block, or call `close`.

    Args:
        connection: The server; the memory closes it.
        scope: Scope of requests that name none.
        actor: Writer of requests that name none; None for the name of the key.
    """

    def __init__(self, connection: Connection, *, scope: Scope | None = None, actor: str | None = None) -> None:
        self.session = Session(connection, scope or Scope(), actor)

    @property
    def scope(self) -> Scope:
        """Scope of requests that name none."""
        return self.session.scope

    def close(self) -> None:
        """Close the connections to the server; safe to call twice."""
        self.session.connection.close()

    def changes(self, *, after: Position = 0, limit: Limit = 100, scope: Scope | None = None) -> Sequence[Change]:
        """See `GraphMemory.changes`; more than the server's limit is read in several requests."""
        if limit < 1:
            raise InvalidInput(f"limit {limit!r} is not at least 1")
        entries: list[Change] = []
        while len(entries) < limit:
            position = entries[-1].seq if entries else after
            query = {"after": position, "limit": min(limit - len(entries), _CHANGES_PER_REQUEST)}
            request = ServerRequest("GET", "/v1/changes", {**self.session.query(scope), **query})
            page = self.session.connection.send(LedgerPage, request).changes
            if not page:
                break
            entries += page
        return tuple(entries)

    def to_networkx(
        self, *, at: At | None = None, scope: Scope | None = None, progress: Progress = silent
    ) -> nx.MultiDiGraph[str]:
        """Refuse: a server does not export whole graphs.

        Raises:
            Unsupported: Always.
        """
        del at, scope, progress
        raise Unsupported(
            "a server does not export whole graphs: open its store directly,"
            " or restore its export (graphmem export) into a file"
        )

    def ingest(self, reading: Reading, *, write: Write | None = None, progress: Progress = silent) -> IngestReport:
        """See `GraphMemory.ingest`; progress is reported once, at the end."""
        request = self.session.write_request("/v1/ingest/reading", write, {"reading": reading}, is_named=False)
        report = self.session.connection.send(IngestReport, replace(request, is_long=True))
        total = len(reading.observations) + len(reading.replacements) + len(reading.relations)
        progress(total, total)
        return report

    def export(self, *, scope: Scope | None = None) -> Iterator[str]:
        """See `GraphMemory.export`."""
        with self.session.connection.lines("/v1/export", self.session.query(scope)) as lines:
            yield from lines

    def backup(self, target: Path) -> None:
        """Refuse: a server does not copy files to its callers.

        Raises:
            Unsupported: Always.
        """
        raise Unsupported(
            f"a server cannot write {str(target)!r}: use graphmem export, or graphmem backup on its machine"
        )

    def restore(self, lines: Iterable[str], *, progress: Progress = silent, scope: Scope | None = None) -> int:
        """See `GraphMemory.restore`; progress is reported once, at the end."""
        query = self.session.query(scope)
        request = ServerRequest("POST", "/v1/restore", query, lines=lines, is_repeatable=False, is_long=True)
        count = self.session.connection.send(Restored, request).entries
        progress(count, count)
        return count
