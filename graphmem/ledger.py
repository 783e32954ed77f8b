"""Encoding of ledger entries: operations as JSON, salted commitments to them, and a hash chain of commitments.

The chain hashes commitments, not contents, so that every link stays verifiable after an erasure::

    commitment = sha256(salt ‖ digest ‖ body)      hash = sha256(previous hash ‖ head of the entry ‖ commitment)
"""

from __future__ import annotations

import hmac
import json
from datetime import datetime
from typing import Any

from graphmem.canonical_json import Codec, json_text
from graphmem.deferred_dataclass import dataclass
from graphmem.digests import sha256
from graphmem.errors import CorruptStore, InvalidInput
from graphmem.instants import to_micros
from graphmem.model import (
    Add,
    Change,
    Memory,
    Move,
    Operation,
    Provenance,
    Request,
    Scope,
    Statement,
)
from graphmem.rows import GENESIS as GENESIS
from graphmem.statement_json import encode_statement, taken_source_key
from graphmem.temporal.operations import RULES, rules_of
from graphmem.temporal.operations import operation_name as operation_name


@dataclass(frozen=True, slots=True)
class Entry:
    """A ledger entry as it is stored and exported.

    Attributes:
        body: Canonical JSON of the operation, writer and provenance; without free text once the content is erased.
        salt: Random hex; None once the content is erased, so that the commitment cannot be recomputed.
        digest: Keyed hash of the original request, which distinguishes a retry from a reused `op_id`; None once erased.
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
    """The entry of a change, chained to the previous entry's hash."""
    body = encode(change.operation, change.writer, change.provenance)
    committed = commitment(salt, digest, body)
    link = chain(previous, change.seq, change.recorded_at, change.op_id, committed)
    return Entry(change.seq, change.recorded_at, change.op_id, body, salt, digest, committed, previous, link)


def commitment(salt: str, digest: str, body: str) -> str:
    """Hash that commits to a body and the digest of its request without revealing them."""
    return sha256(f"{salt}\x1f{digest}\x1f{body}".encode("utf-8", "surrogatepass")).hexdigest()


def _is_committed(entry: Entry, salt: str) -> bool:
    if entry.digest is not None and entry.commitment == commitment(salt, entry.digest, entry.body):
        return True
    # Entries of the first releases do not commit to the digest. A body begins with a brace, a digest never does.
    alone = sha256(f"{salt}\x1f{entry.body}".encode("utf-8", "surrogatepass")).hexdigest()
    return entry.body.startswith("{") and entry.commitment == alone


def chain(previous: str, seq: int, recorded_at: datetime, op_id: str, committed: str) -> str:
    """The hash of an entry, which includes the previous entry's hash."""
    head = f"{previous}\x1f{seq}\x1f{to_micros(recorded_at)}\x1f{op_id}\x1f{committed}"
    return sha256(head.encode("utf-8", "surrogatepass")).hexdigest()


def request_digest(key: str, request: Request) -> str:
    """Keyed hash of a request, equal for equal requests.

    Raises:
        InvalidInput: A text in it holds half of a surrogate pair, which cannot be stored.
    """
    body = encode(request.operation, request.writer, request.provenance)
    try:
        request.op_id.encode()
        return keyed_hash(key, body.encode())
    except UnicodeEncodeError as exc:
        where = _unwritable({"op_id": request.op_id, **json.loads(body)})
        raise InvalidInput(f"{where} holds half of a surrogate pair, which is no text: remove or replace it") from exc


def content_digest(key: str, statement: Statement) -> str:
    """Keyed hash of a statement's content, for its tombstone."""
    return keyed_hash(key, statement.content_hash.encode())


def keyed_hash(key: str, text: bytes) -> str:
    """Return the HMAC-SHA256 of a text in hexadecimal."""
    return hmac.digest(key.encode(), text, "sha256").hex()


def verify(entry: Entry, previous: str) -> str | None:
    """Verify an entry that follows the hash `previous`; return the fault, or None if it is sound."""
    if entry.previous != previous:
        return f"entry {entry.seq} does not follow the one before it"
    if entry.hash != chain(previous, entry.seq, entry.recorded_at, entry.op_id, entry.commitment):
        return f"the head of entry {entry.seq} was altered"
    if entry.salt is not None and not _is_committed(entry, entry.salt):
        return f"the content of entry {entry.seq} was altered"
    return None


def blank(body: str, memory: str) -> str:
    """The body without free text about an erased memory: its statement, reasons, and parts superseded."""
    operation, writer, provenance = decode(body)
    blanked = rules_of(operation).blanked(operation, memory)
    return encode(blanked, writer, Provenance(provenance.actor, origin=provenance.origin))


def change_of(entry: Entry) -> Change:
    """The change that an entry encodes.

    Raises:
        CorruptStore: The body was not written by graphmem.
    """
    operation, writer, provenance = decode(entry.body)
    return Change(entry.seq, entry.recorded_at, entry.op_id, operation, writer, provenance)


# ---- JSON

_KINDS: dict[str, type[Operation]] = {rules.name: kind for kind, rules in RULES.items()}
_codec = Codec(_KINDS)


def encode(operation: Operation, writer: Scope, provenance: Provenance) -> str:
    """Canonical JSON of an operation with writer and provenance: sorted keys, no blanks, no default values."""
    if isinstance(operation, Add):
        head, tail = _add_parts(operation, writer, provenance)
        return head + tail if operation.may_confirm else f'{head}"may_confirm":false,{tail}'
    return _operation_text(operation, writer, provenance)


def decode(body: str) -> tuple[Operation, Scope, Provenance]:
    """The operation, writer and provenance in a body written by `encode`.

    Raises:
        CorruptStore: The body cannot be read.
    """
    try:
        raw = json.loads(body)
        writer, provenance = _codec.read(Scope, raw.pop("writer")), _codec.read(Provenance, raw.pop("by"))
        kind = _KINDS[raw.pop("do")]
        if kind is Add and (key := taken_source_key(raw["memory"]["statement"] or {})):
            raw["source_key"] = raw.get("source_key") or key
        return _codec.read(kind, raw), writer, provenance
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError, InvalidInput) as exc:
        raise CorruptStore(f"a ledger entry cannot be read ({exc!r}): {body[:80]!r}; restore from a backup") from exc


# Cache of the last add's text, which is used for the digest and for the body.
_last_add: tuple[Memory | None, tuple[Move, ...], str | None, Scope | None, Provenance | None, tuple[str, str]] = (
    None,
    (),
    None,
    None,
    None,
    ("", ""),
)


def _add_parts(operation: Add, writer: Scope, provenance: Provenance) -> tuple[str, str]:
    """The canonical JSON of an add in two halves; a false `may_confirm` goes between them."""
    global _last_add  # noqa: PLW0603 - a cache with a single entry
    memory, moves, key = operation.memory, operation.moves, operation.source_key
    of_memory, of_moves, of_key, by_writer, by_provenance, parts = _last_add
    is_same = of_memory is memory and of_moves is moves and of_key is key
    if is_same and by_writer is writer and by_provenance is provenance:
        return parts
    statement = "null" if memory.statement is None else encode_statement(memory.statement)
    memory_text = f'{{"id":{json_text(memory.id)},"scope":{_codec.kept_text(memory.scope)},"statement":{statement}}}'
    moves_text = ",".join([_move_text(move) for move in moves])
    source = "" if key is None else f'"source_key":{json_text(key)},'
    parts = (
        f'{{"by":{_codec.kept_text(provenance)},"do":"add",',
        f'"memory":{memory_text},"moves":[{moves_text}],{source}"writer":{_codec.kept_text(writer)}}}',
    )
    _last_add = (memory, moves, key, writer, provenance, parts)
    return parts


# Cache of the last text of another operation, for the same two uses.
_last_text: tuple[Operation | None, Scope | None, Provenance | None, str] = (None, None, None, "")


def _operation_text(operation: Operation, writer: Scope, provenance: Provenance) -> str:
    global _last_text  # noqa: PLW0603 - a cache with a single entry
    of_operation, by_writer, by_provenance, text = _last_text
    if of_operation is operation and by_writer is writer and by_provenance is provenance:
        return text
    by, home = f'"by":{_codec.kept_text(provenance)}', f'"writer":{_codec.kept_text(writer)}'
    text = _codec.text(operation, by, f'"do":"{operation_name(operation)}"', home)
    _last_text = (operation, writer, provenance, text)
    return text


def _move_text(move: Move) -> str:
    if move.ordinal or move.source_word is not None:
        return _codec.text(move)
    return f'{{"at":{to_micros(move.at)},"status":"{move.status}"}}'


def _unwritable(value: Any) -> str | None:  # noqa: ANN401 - JSON is free-form
    """The path of the first field whose text cannot be encoded; None if all can."""
    if isinstance(value, dict):
        for name, item in value.items():
            if (inner := _unwritable(item)) is not None:
                return f"{name}.{inner}" if inner else name
    elif isinstance(value, list):
        return next((inner for item in value if (inner := _unwritable(item)) is not None), None)
    elif isinstance(value, str) and any("\ud800" <= letter <= "\udfff" for letter in value):
        return ""
    return None
