"""Between the domain's values and what properties hold."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from graphmem.adapters.lazy_statement import unread
from graphmem.instants import from_micros
from graphmem.ledger import GENESIS, Entry
from graphmem.model import LinkKind, Memory, Move, Scope, Status, SupersessionKind
from graphmem.rows import (
    BranchRow,
    ConfirmRow,
    EdgeRow,
    LinkRow,
    MemoryRow,
    MoveRow,
    RetractRow,
    RevokeRow,
    Stamp,
)
from graphmem.store import ModelCard

Fields = list[Any]
#: Beyond every ledger position, and within what the server counts with.
END = 2**62


@dataclass(slots=True)
class Head:
    """A tenant's `Ledger` node; `seq` 0 if nothing was ever written."""

    tenant: str
    seq: int = 0
    recorded_at: int | None = None
    hash: str = GENESIS
    key: str = ""
    documents: int = 0
    tokens: int = 0
    vectors: int = 0
    epoch: int = 0
    is_restoring: bool = False
    answered_to: int | None = None


def head_of(tenant: str, fields: Fields | None) -> Head:
    """From the list that `HEAD_FIELDS` returns."""
    if fields is None or fields[0] is None:
        return Head(tenant)
    seq, recorded_at, link, key, documents, tokens, vectors, epoch, *states = fields
    is_restoring, answered_to = states
    return Head(tenant, seq, recorded_at, link, key, documents, tokens, vectors, epoch, bool(is_restoring), answered_to)


def micros_of(name: str) -> str:
    """Cypher for the microseconds since 1970 of a property that holds a time; null stays null."""
    return f"{name}.epochSeconds * 1000000 + {name}.microsecond"


#: The fields of `card_of`, of a model node `e`.
CARD_FIELDS = "[e.name, e.dimension, e.weights_hash]"


def card_of(fields: Fields) -> ModelCard | None:
    """From the list that `CARD_FIELDS` returns; None if there is no model."""
    return None if fields[0] is None else ModelCard(*fields)


# ---- search tokens


@lru_cache(maxsize=65_536)
def token(letter: str, *parts: str) -> str:
    """A filter token: lower-case letters and digits, whatever the values hold."""
    text = "\x1f".join(parts).encode("utf-8", "surrogatepass")
    return letter + hashlib.blake2b(text, digest_size=10).hexdigest()


@lru_cache(maxsize=1_024)
def prefix(tenant: str) -> str:
    """What stands before each word of a tenant, so that word statistics of tenants stay apart."""
    return hashlib.blake2b(tenant.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest() + "_"


def home_token(tenant: str, repo: str | None, user: str | None, environment: str | None) -> str:
    """The filter token of memories that live at one place, branches aside."""
    # A missing level is told apart from any name by a character that no name may hold.
    return token("h", tenant, repo or "\x00", user or "\x00", environment or "\x00")


def admitted_homes(reader: Scope) -> tuple[str, ...]:
    """The tokens of every place whose memories the reader may see, as `Scope.admits` says."""
    repos = dict.fromkeys((None, reader.repo))
    users = dict.fromkeys((None, reader.user))
    environments = dict.fromkeys((None, reader.environment))
    places = [(repo, user, env) for repo in repos for user in users for env in environments]
    places += [(repo, None, env) for repo in reader.related_repos for env in environments]
    return tuple(dict.fromkeys(home_token(reader.tenant, *place) for place in places))


def any_of(tokens: Iterable[str]) -> str:
    """A clause of the full-text index that one of the filter tokens must satisfy; it adds nothing to scores."""
    return "+facets:(" + " ".join(tokens) + ")^0"


# ---- rows


@lru_cache(maxsize=16_384)
def stamp(seq: int, recorded_at: int, branch: str | None) -> Stamp:
    """The stamp on a node or relationship."""
    return Stamp(seq, from_micros(recorded_at), branch)


def moment(micros: int | None) -> datetime | None:
    """As `from_micros`; None stays."""
    return None if micros is None else from_micros(micros)


def memory_row(tenant: str, fields: Fields) -> MemoryRow:
    """From [id, repo, user, branch, environment, kind, origin, confidence, subject, text, seq, recorded at, on]."""
    key, repo, user, branch, environment, kind, origin, confidence, subject, text, *stamped = fields
    statement = None if text is None else unread(key, kind, origin, confidence, subject, text)
    return MemoryRow(Memory(key, Scope(tenant, repo, user, branch, environment), statement), stamp(*stamped))


def move_row(key: str, fields: Fields) -> MoveRow:
    """From [status, at, ordinal, source word, index, seq, recorded at, branch]."""
    status, at, ordinal, word, index, *stamped = fields
    return MoveRow(key, Move(Status(status), from_micros(at), ordinal, word), index, stamp(*stamped))


def edge_row(fields: Fields) -> EdgeRow:
    """From [old, new, kind, at, until, part, reason, seq, recorded at, branch]."""
    old, new, kind, at, until, part, reason, *stamped = fields
    return EdgeRow(old, new, SupersessionKind(kind), moment(at), moment(until), part, reason, stamp(*stamped))


def retract_row(key: str, fields: Fields) -> RetractRow:
    """From [seq, recorded at, branch]."""
    return RetractRow(key, stamp(*fields))


def confirm_row(key: str, fields: Fields) -> ConfirmRow:
    """From [seq, recorded at, branch]."""
    return ConfirmRow(key, stamp(*fields))


def link_row(fields: Fields) -> LinkRow:
    """From [source, target, relationship type, seq, recorded at, branch]."""
    source, target, kind, *stamped = fields
    return LinkRow(source, target, LinkKind(kind.lower()), stamp(*stamped))


def revoke_row(fields: Fields) -> RevokeRow:
    """From [change, move, seq, recorded at, branch]."""
    change, move, *stamped = fields
    return RevokeRow(change, move, stamp(*stamped))


def branch_row(fields: Fields) -> BranchRow:
    """From [key, parent, opened, closed, is merged]."""
    key, parent, opened, closed, is_merged = fields
    return BranchRow(key, parent, opened, closed, is_merged=bool(is_merged))


def entry_of(fields: Fields, previous: str) -> Entry:
    """From [seq, recorded at, op id, body, salt, digest, commitment, hash]."""
    seq, recorded_at, op_id, body, salt, digest, committed, link = fields
    return Entry(seq, from_micros(recorded_at), op_id, body, salt, digest, committed, previous, link)
