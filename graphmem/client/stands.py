"""What every request of a memory tells: where its caller stands, for which point, and in whose name."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from urllib.parse import quote

from graphmem.answers import Written
from graphmem.client.connection import Asked, Connection, Query
from graphmem.model import At, Scope, ScopeParts, scope_with
from graphmem.service import Write
from graphmem.store import Filter
from graphmem.wire.documents import document

#: The tenant of who names none: on a server, that of their key.
_UNNAMED = Scope().tenant


@dataclass(frozen=True, slots=True)
class Stand:
    """A server, and where who asks it stands who does not say."""

    connection: Connection
    scope: Scope
    actor: str | None

    def placed(self, scope: Scope | None, parts: ScopeParts) -> Scope:
        """The scope given or the default, with some parts replaced."""
        return scope_with(scope or self.scope, parts)

    def query(self, scope: Scope | None, at: At | None = None) -> dict[str, str | int | list[str] | None]:
        """The parameters of a scope and a point."""
        stands, asked = scope or self.scope, at or At()
        known = asked.known_at
        return {
            "tenant": None if stands.tenant == _UNNAMED else stands.tenant,
            "repo": stands.repo,
            "user": stands.user,
            "branch": stands.branch,
            "environment": stands.environment,
            "related_repos": list(stands.related_repos),
            "as_of": time_text(asked.as_of),
            "known_at": time_text(known) if isinstance(known, datetime) else known,
        }

    def write(self, path: str, write: Write | None, body: Mapping[str, object]) -> Written:
        """Carry out a write of one entry. It is named, so that it may be sent again if its answer is lost."""
        return self.connection.ask(Written, self.writing(path, write, body))

    def writing(self, path: str, write: Write | None, body: Mapping[str, object], *, is_named: bool = True) -> Asked:
        """The request of a write; one that is not named is sent once."""
        asked = write or Write()
        signed: dict[str, object] = {
            "actor": asked.actor or self.actor,
            "source": asked.source,
            "reason": asked.reason,
            "seen": asked.seen,
        }
        if asked.origin is not None:
            signed["origin"] = asked.origin
        sent = {name: document(value) for name, value in {**signed, **body}.items()}
        op_id = asked.op_id if asked.op_id is not None or not is_named else secrets.token_hex(12)
        query = {name: value for name, value in self.query(asked.scope).items() if name != "related_repos"}
        return Asked("POST", path, query, sent, op_id=op_id, is_repeatable=is_named)


def of_memory(key: str, verb: str = "") -> str:
    """The path of a memory, or of a verb on it."""
    return f"/v1/memories/{quote(key, safe='')}{verb and '/'}{verb}"


def time_text(moment: datetime | None) -> str | None:
    """A time as a parameter."""
    return None if moment is None else moment.isoformat()


def filter_query(where: Filter | None) -> Query:
    """The parameters of a filter, those that narrow."""
    if where is None:
        return {}
    default = Filter()
    given = {one.name: getattr(where, one.name) for one in fields(Filter)}
    told = {name: value for name, value in given.items() if value != getattr(default, name)}
    return {name: [str(one) for one in value] if isinstance(value, tuple) else value for name, value in told.items()}
