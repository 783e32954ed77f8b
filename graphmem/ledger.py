"""The ledger's written form: operations as JSON, salted commitments to them, and the hash chain over those.

The chain runs over commitments, not contents, so that erasing a content leaves every link verifiable::

    commitment = sha256(salt ‖ digest ‖ body)      hash = sha256(previous hash ‖ head of the entry ‖ commitment)
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from graphmem.errors import InvalidInput
from graphmem.ledger_json import decode as decode
from graphmem.ledger_json import decode_statement as decode_statement
from graphmem.ledger_json import encode as encode
from graphmem.ledger_json import encode_statement as encode_statement
from graphmem.ledger_json import from_micros as from_micros
from graphmem.ledger_json import operation_name as operation_name
from graphmem.ledger_json import to_micros as to_micros
from graphmem.ledger_json import unwritable
from graphmem.model import (
    Add,
    Change,
    End,
    Memory,
    Move,
    OpenBranch,
    Operation,
    Propose,
    Provenance,
    Request,
    Statement,
    Supersede,
    Transition,
)

GENESIS = "0" * 64

_BLOCK_BYTES = 64  # of SHA-256


@dataclass(frozen=True, slots=True)
class Entry:
    """One ledger entry as it is stored and exported.

    Attributes:
        body: Canonical JSON of what was done; with the content blanked once it was erased.
        salt: Random hex; None once the content was erased, and the commitment can no longer be recomputed.
        digest: Keyed hash of the request as it came in, which tells a retry from a reused `op_id`; None once erased.
    """

    seq: int
    recorded_at: datetime
    op_id: str
    body: str
    salt: str | None
    digest: str | None
    commitment: str
    previous: str
    hash: str


def seal(change: Change, *, salt: str, digest: str, previous: str) -> Entry:
    """The entry of a change, chained to the hash before it."""
    body = encode(change.operation, change.writer, change.provenance)
    committed = commitment(salt, digest, body)
    link = chain(previous, change.seq, change.recorded_at, change.op_id, committed)
    return Entry(change.seq, change.recorded_at, change.op_id, body, salt, digest, committed, previous, link)


def commitment(salt: str, digest: str, body: str) -> str:
    """Binds to a body and the digest of its request without revealing them."""
    return hashlib.sha256(f"{salt}\x1f{digest}\x1f{body}".encode("utf-8", "surrogatepass")).hexdigest()


def _is_committed(entry: Entry, salt: str) -> bool:
    if entry.digest is not None and entry.commitment == commitment(salt, entry.digest, entry.body):
        return True
    # Entries of the first releases do not bind to the digest. A body never begins as a digest does.
    alone = hashlib.sha256(f"{salt}\x1f{entry.body}".encode("utf-8", "surrogatepass")).hexdigest()
    return entry.body.startswith("{") and entry.commitment == alone


def chain(previous: str, seq: int, recorded_at: datetime, op_id: str, committed: str) -> str:
    """The hash of an entry, over the one before it."""
    head = f"{previous}\x1f{seq}\x1f{to_micros(recorded_at)}\x1f{op_id}\x1f{committed}"
    return hashlib.sha256(head.encode("utf-8", "surrogatepass")).hexdigest()


def request_digest(key: str, request: Request) -> str:
    """Keyed hash of a request, equal for equal requests.

    Raises:
        InvalidInput: A text in it is none: half of a surrogate pair cannot be stored.
    """
    body = encode(request.operation, request.writer, request.provenance)
    try:
        request.op_id.encode()
        return keyed_hash(key, body.encode())
    except UnicodeEncodeError as exc:
        where = unwritable({"op_id": request.op_id, **json.loads(body)})
        raise InvalidInput(f"{where} holds half of a surrogate pair, which is no text: remove or replace it") from exc


def content_digest(key: str, statement: Statement) -> str:
    """Keyed hash of a content, which a tombstone keeps."""
    return keyed_hash(key, statement.content_hash.encode())


def keyed_hash(key: str, text: bytes) -> str:
    """HMAC-SHA256, whose two halves are begun once per key: that takes a third of the time."""
    inner, outer = (begun.copy() for begun in _begun(key))
    inner.update(text)
    outer.update(inner.digest())
    return outer.hexdigest()


@lru_cache(maxsize=64)
def _begun(key: str) -> tuple[hashlib._Hash, hashlib._Hash]:
    secret = key.encode()
    block = (hashlib.sha256(secret).digest() if len(secret) > _BLOCK_BYTES else secret).ljust(_BLOCK_BYTES, b"\0")
    inner, outer = bytes(byte ^ 0x36 for byte in block), bytes(byte ^ 0x5C for byte in block)
    return hashlib.sha256(inner), hashlib.sha256(outer)


def verify(entry: Entry, previous: str) -> str | None:
    """What is wrong with an entry that follows the hash `previous`; None if nothing is."""
    if entry.previous != previous:
        return f"entry {entry.seq} does not follow the one before it"
    if entry.hash != chain(previous, entry.seq, entry.recorded_at, entry.op_id, entry.commitment):
        return f"the head of entry {entry.seq} was altered"
    if entry.salt is not None and not _is_committed(entry, entry.salt):
        return f"the content of entry {entry.seq} was altered"
    return None


def blank(body: str, memory: str) -> str:
    """The body with every free text about an erased memory removed: its statement, and words said of it."""
    operation, writer, provenance = decode(body)
    return encode(_blanked(operation, memory), writer, Provenance(provenance.actor, origin=provenance.origin))


def _blanked(operation: Operation, memory: str) -> Operation:
    match operation:
        case Propose(asked):
            blanked = _blanked(asked, memory)
            assert not isinstance(blanked, Add | OpenBranch | Propose), blanked  # noqa: S101
            return Propose(blanked)
        case Add() if operation.memory.id == memory:
            moves = tuple(Move(move.status, move.at, move.ordinal) for move in operation.moves)
            return Add(Memory(memory, operation.memory.scope, None), moves, may_confirm=False)
        case Transition():
            return Transition(operation.id, Move(operation.move.status, operation.move.at, operation.move.ordinal))
        case End():
            return End(operation.id, operation.at)
        case Supersede():
            return Supersede(
                old=operation.old, new=operation.new, at=operation.at, until=operation.until, kind=operation.kind
            )
        case _:
            return operation


def change_of(entry: Entry) -> Change:
    """The ledger entry as readers see it.

    Raises:
        CorruptStore: The body is not one that graphmem wrote.
    """
    operation, writer, provenance = decode(entry.body)
    return Change(entry.seq, entry.recorded_at, entry.op_id, operation, writer, provenance)
