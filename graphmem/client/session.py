"""The parts that all requests of a remote memory share: the server, the default scope, and the writer."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime

from graphmem.client.server_connection import Connection, Query, ServerRequest
from graphmem.deferred_dataclass import dataclass
from graphmem.model import At, Scope, ScopeParts, scope_with
from graphmem.service import Write
from graphmem.store import Filter
from graphmem.wire.json_documents import document

#: Default tenant. A server replaces it with the tenant of the caller's key.
DEFAULT_TENANT = Scope().tenant


@dataclass(frozen=True, slots=True)
class Session:
    """A server with the scope and the writer of requests that name none."""

    connection: Connection
    scope: Scope
    actor: str | None

    def scope_with(self, scope: Scope | None, parts: ScopeParts) -> Scope:
        """The scope given or the default, with some parts replaced."""
        return scope_with(scope or self.scope, parts)

    def query(self, scope: Scope | None, at: At | None = None) -> dict[str, str | int | list[str] | None]:
        """The query parameters of a scope and a point."""
        reader_scope = scope or self.scope
        return {
            "tenant": None if reader_scope.tenant == DEFAULT_TENANT else reader_scope.tenant,
            "repo": reader_scope.repo,
            "user": reader_scope.user,
            "branch": reader_scope.branch,
            "environment": reader_scope.environment,
            "related_repos": list(reader_scope.related_repos),
            **point_query(at or At()),
        }

    def write_request(
        self, path: str, write: Write | None, body: Mapping[str, object], *, is_named: bool
    ) -> ServerRequest:
        """The request of a write.

        Args:
            path: The path of the route.
            write: Who writes; None for the defaults of the session.
            body: The fields of the verb.
            is_named: Whether the write gets an `op_id`, so that it may be sent again if its answer is lost.
        """
        writer = write or Write()
        signed: dict[str, object] = {
            "actor": writer.actor or self.actor,
            "source": writer.source,
            "reason": writer.reason,
            "seen": writer.seen,
        }
        if writer.origin is not None:
            signed["origin"] = writer.origin
        sent = {name: document(value) for name, value in {**signed, **body}.items()}
        op_id = writer.op_id if writer.op_id is not None or not is_named else secrets.token_hex(12)
        query = {name: value for name, value in self.query(writer.scope).items() if name != "related_repos"}
        return ServerRequest("POST", path, query, sent, op_id=op_id, is_repeatable=is_named)


def point_query(point: At, valid: str = "as_of", known: str = "known_at") -> dict[str, str | int | None]:
    """The query parameters of a point, under the names of its valid and its recorded time."""
    moments = {valid: point.as_of, known: point.known_at}
    return {name: at.isoformat() if isinstance(at, datetime) else at for name, at in moments.items()}


def filter_query(where: Filter | None) -> Query:
    """The query parameters of the parts of a filter that narrow."""
    if where is None:
        return {}
    default = Filter()
    values = {field.name: getattr(where, field.name) for field in fields(Filter)}
    narrowing = {name: value for name, value in values.items() if value != getattr(default, name)}
    return {name: list(map(str, value)) if isinstance(value, tuple) else value for name, value in narrowing.items()}
