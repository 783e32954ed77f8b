"""Converts domain values to and from the properties of nodes and relationships."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any

from graphmem.adapters.lazy_statement import unread
from graphmem.deferred_dataclass import dataclass
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
#: Greater than every ledger position, and within the server's 64-bit integers.
END = 2**62


@dataclass(slots=True)
class LedgerHead:
    """A tenant's `Ledger` node; `seq` is 0 before the first entry."""

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


def head_of(tenant: str, fields: Fields | None) -> LedgerHead:
    """Return the head in the list of `HEAD_FIELDS`."""
    if fields is None or fields[0] is None:
        return LedgerHead(tenant)
    seq, recorded_at, chain_hash, key, documents, tokens, vectors, epoch, *states = fields
    is_restoring, answered_to = states
    totals = (documents, tokens, vectors)
    return LedgerHead(tenant, seq, recorded_at, chain_hash, key, *totals, epoch, bool(is_restoring), answered_to)


def micros_of(name: str) -> str:
    """Return Cypher for the microseconds since 1970 of a time property; null for null."""
    return f"{name}.epochSeconds * 1000000 + {name}.microsecond"


#: The list that `card_of` reads, of a model node `e`.
CARD_FIELDS = "[e.name, e.dimension, e.weights_hash]"


def card_of(fields: Fields) -> ModelCard | None:
    """Return the model in the list of `CARD_FIELDS`; None without a model."""
    return None if fields[0] is None else ModelCard(*fields)


# ---- search tokens


@lru_cache(maxsize=65_536)
def token(letter: str, *parts: str) -> str:
    """Return a filter token for any values: a hash of lower-case letters and digits."""
    text = "\x1f".join(parts).encode("utf-8", "surrogatepass")
    return letter + hashlib.blake2b(text, digest_size=10).hexdigest()


@lru_cache(maxsize=1_024)
def prefix(tenant: str) -> str:
    """Return the prefix of each word of a tenant; it separates the word statistics of tenants."""
    return hashlib.blake2b(tenant.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest() + "_"


def home_token(tenant: str, repo: str | None, user: str | None, environment: str | None) -> str:
    """Return the filter token of a home scope, branches aside."""
    # A missing level becomes a character that no name may contain.
    return token("h", tenant, repo or "\x00", user or "\x00", environment or "\x00")


def admitted_homes(reader: Scope) -> tuple[str, ...]:
    """Return the tokens of every home whose memories the reader may see, by the rules of `Scope.admits`."""
    repos = dict.fromkeys((None, reader.repo))
    users = dict.fromkeys((None, reader.user))
    environments = dict.fromkeys((None, reader.environment))
    homes = [(repo, user, env) for repo in repos for user in users for env in environments]
    homes += [(repo, None, env) for repo in reader.related_repos for env in environments]
    return tuple(dict.fromkeys(home_token(reader.tenant, *home) for home in homes))


def any_of(tokens: Iterable[str]) -> str:
    """Return a full-text clause that requires any of the filter tokens and adds nothing to scores."""
    return "+facets:(" + " ".join(tokens) + ")^0"


# ---- rows


@lru_cache(maxsize=16_384)
def stamp(seq: int, recorded_at: int, branch: str | None) -> Stamp:
    """Return the stamp on a node or relationship."""
    return Stamp(seq, from_micros(recorded_at), branch)


def moment(micros: int | None) -> datetime | None:
    """Return `from_micros`, or None for None."""
    return None if micros is None else from_micros(micros)


def memory_row(tenant: str, fields: Fields) -> MemoryRow:
    """Read [id, repo, user, branch, environment, kind, origin, confidence, subject, text, seq, recorded at, on]."""
    memory_id, repo, user, branch, environment, kind, origin, confidence, subject, text, *stamped = fields
    statement = None if text is None else unread(memory_id, kind, origin, confidence, subject, text)
    return MemoryRow(Memory(memory_id, Scope(tenant, repo, user, branch, environment), statement), stamp(*stamped))


def move_row(memory_id: str, fields: Fields) -> MoveRow:
    """Read [status, at, ordinal, source word, index, seq, recorded at, branch]."""
    status, at, ordinal, word, index, *stamped = fields
    return MoveRow(memory_id, Move(Status(status), from_micros(at), ordinal, word), index, stamp(*stamped))


def edge_row(fields: Fields) -> EdgeRow:
    """Read [old, new, kind, at, until, part, reason, seq, recorded at, branch]."""
    old, new, kind, at, until, part, reason, *stamped = fields
    return EdgeRow(old, new, SupersessionKind(kind), moment(at), moment(until), part, reason, stamp(*stamped))


def retract_row(memory_id: str, fields: Fields) -> RetractRow:
    """Read [seq, recorded at, branch]."""
    return RetractRow(memory_id, stamp(*fields))


def confirm_row(memory_id: str, fields: Fields) -> ConfirmRow:
    """Read [seq, recorded at, branch]."""
    return ConfirmRow(memory_id, stamp(*fields))


def link_row(fields: Fields) -> LinkRow:
    """Read [source, target, relationship type, seq, recorded at, branch]."""
    source, target, kind, *stamped = fields
    return LinkRow(source, target, LinkKind(kind.lower()), stamp(*stamped))


def revoke_row(fields: Fields) -> RevokeRow:
    """Read [change, move, seq, recorded at, branch]."""
    change, move, *stamped = fields
    return RevokeRow(change, move, stamp(*stamped))


def branch_row(fields: Fields) -> BranchRow:
    """Read [key, parent, opened, closed, is merged]."""
    key, parent, opened, closed, is_merged, merged_at = fields
    time = None if merged_at is None else from_micros(merged_at)
    return BranchRow(key, parent, opened, closed, is_merged=bool(is_merged), merged_at=time)


def entry_of(fields: Fields, previous: str) -> Entry:
    """Read [seq, recorded at, op id, body, salt, digest, commitment, hash]."""
    seq, recorded_at, op_id, body, salt, digest, committed, chain_hash = fields
    return Entry(seq, from_micros(recorded_at), op_id, body, salt, digest, committed, previous, chain_hash)
