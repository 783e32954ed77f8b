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
from typing import Any

from graphmem.errors import CorruptStore, InvalidInput
from graphmem.instants import from_micros, to_micros
from graphmem.model import (
    AbandonBranch,
    Add,
    Change,
    Confirm,
    End,
    Erase,
    Link,
    LinkKind,
    Memory,
    MergeBranch,
    Move,
    OpenBranch,
    Operation,
    Origin,
    Propose,
    Provenance,
    Request,
    Retract,
    Revoke,
    Scope,
    Statement,
    Status,
    Supersede,
    SupersessionKind,
    Transition,
)
from graphmem.statement_json import (
    ORIGINS,
    Plain,
    canonical,
    encode_statement,
    former_source_key,
    given,
    json_text,
    statement_of,
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
        where = _unwritable({"op_id": request.op_id, **json.loads(body)})
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
        case Confirm():
            return Confirm(operation.id)
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


# ---- JSON

_OPERATIONS: dict[str, type[Operation]] = {
    "add": Add,
    "supersede": Supersede,
    "transition": Transition,
    "end": End,
    "retract": Retract,
    "confirm": Confirm,
    "link": Link,
    "revoke": Revoke,
    "open_branch": OpenBranch,
    "merge_branch": MergeBranch,
    "abandon_branch": AbandonBranch,
    "erase": Erase,
    "propose": Propose,
}
#: Every operation but an add, whose text is put together from its parts.
_Short = (
    Supersede
    | Transition
    | End
    | Retract
    | Confirm
    | Link
    | Revoke
    | OpenBranch
    | MergeBranch
    | AbandonBranch
    | Erase
    | Propose
)
_NAMES = {kind: name for name, kind in _OPERATIONS.items()}


def operation_name(operation: Operation) -> str:
    """The operation's word, the same on every surface."""
    return _NAMES[type(operation)]


def encode(operation: Operation, writer: Scope, provenance: Provenance) -> str:
    """Canonical JSON: sorted keys, no blanks, defaults left out."""
    if isinstance(operation, Add):
        head, tail = _add_parts(operation, writer, provenance)
        return head + tail if operation.may_confirm else f'{head}"may_confirm":false,{tail}'
    return _short_text(operation, writer, provenance)


def decode(body: str) -> tuple[Operation, Scope, Provenance]:
    """What `encode` wrote.

    Raises:
        CorruptStore: The text is not such a body.
    """
    try:
        raw = json.loads(body)
        writer, provenance = _scope(raw.pop("writer")), _provenance(raw.pop("by"))
        return _operation(raw.pop("do"), raw), writer, provenance
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError, InvalidInput) as exc:
        raise CorruptStore(f"a ledger entry cannot be read ({exc!r}): {body[:80]!r}; restore from a backup") from exc


# The text of an add is wanted twice, for its digest and as its body, and that of its statement once more.
_last_add: tuple[Memory | None, tuple[Move, ...], str | None, Scope | None, Provenance | None, tuple[str, str]] = (
    None,
    (),
    None,
    None,
    None,
    ("", ""),
)


def _add_parts(operation: Add, writer: Scope, provenance: Provenance) -> tuple[str, str]:
    """The canonical JSON of an add in two halves, between which stands that it may not confirm."""
    global _last_add  # noqa: PLW0603 - a memo of one
    memory, moves, key = operation.memory, operation.moves, operation.source_key
    of_memory, of_moves, of_key, by_writer, by_provenance, parts = _last_add
    is_same = of_memory is memory and of_moves is moves and of_key is key
    if is_same and by_writer is writer and by_provenance is provenance:
        return parts
    statement = "null" if memory.statement is None else encode_statement(memory.statement)
    what = f'{{"id":{json_text(memory.id)},"scope":{_scope_text(memory.scope)},"statement":{statement}}}'
    told = ",".join([_move_text(move) for move in moves])
    source = "" if key is None else f'"source_key":{json_text(key)},'
    parts = (
        f'{{"by":{_provenance_text(provenance)},"do":"add",',
        f'"memory":{what},"moves":[{told}],{source}"writer":{_scope_text(writer)}}}',
    )
    _last_add = (memory, moves, key, writer, provenance, parts)
    return parts


# The text of any other operation is wanted twice as well.
_last_short: tuple[_Short | None, Scope | None, Provenance | None, str] = (None, None, None, "")


def _short_text(operation: _Short, writer: Scope, provenance: Provenance) -> str:
    global _last_short  # noqa: PLW0603 - a memo of one
    of_operation, by_writer, by_provenance, text = _last_short
    if of_operation is operation and by_writer is writer and by_provenance is provenance:
        return text
    if isinstance(operation, Supersede) and operation.part is None:
        text = _supersede_text(operation, writer, provenance)
    else:
        by = _plain_provenance(provenance)
        rest = {"do": operation_name(operation), "writer": _plain_scope(writer), "by": by, **_plain(operation)}
        text = canonical(rest)
    _last_short = (operation, writer, provenance, text)
    return text


def _supersede_text(operation: Supersede, writer: Scope, provenance: Provenance) -> str:
    """Put together from its parts, as that of an add: a batch may have thousands."""
    at, until, kind = operation.at, operation.until, operation.kind
    parts = [
        *(() if at is None else (f'"at":{to_micros(at)}',)),
        f'"by":{_provenance_text(provenance)},"do":"supersede"',
        *(() if kind is SupersessionKind.UPDATE else (f'"kind":"{kind}"',)),
        f'"new":[{",".join(map(json_text, operation.new))}],"old":[{",".join(map(json_text, operation.old))}]',
        *(() if until is None else (f'"until":{to_micros(until)}',)),
        f'"writer":{_scope_text(writer)}',
    ]
    return f"{{{','.join(parts)}}}"


@lru_cache(maxsize=1_024)
def _provenance_text(provenance: Provenance) -> str:
    return canonical(_plain_provenance(provenance))


@lru_cache(maxsize=1_024)
def _scope_text(scope: Scope) -> str:
    return canonical(_plain_scope(scope))


def _move_text(move: Move) -> str:
    if move.ordinal or move.source_word is not None:
        return canonical(_plain_move(move))
    return f'{{"at":{to_micros(move.at)},"status":"{move.status}"}}'


def _plain_provenance(provenance: Provenance) -> Plain:
    return given(
        ("actor", provenance.actor, "unknown"),
        ("source", provenance.source, None),
        ("reason", provenance.reason, None),
        ("origin", provenance.origin, Origin.HUMAN),
    )


def _plain(operation: _Short) -> Plain:
    match operation:
        case Supersede(old=old, new=new, at=at, until=until, kind=kind, part=part):
            bounds = given(("at", _micros(at), None), ("until", _micros(until), None))
            rest = given(("kind", kind, SupersessionKind.UPDATE), ("part", part, None))
            return {"old": list(old), "new": list(new), **bounds, **rest}
        case Transition(key, move):
            return {"id": key, "move": _plain_move(move)}
        case End(key, at, word):
            return {"id": key, "at": to_micros(at), **given(("source_word", word, None))}
        case Link(source, target, kind):
            return {"source": source, "target": target, "kind": kind}
        case Revoke(change, move):
            return {"change": change, **given(("move", move, None))}
        case OpenBranch(name, parent):
            return {"name": name, **given(("parent", parent, None))}
        case MergeBranch(name) | AbandonBranch(name):
            return {"name": name}
        case Confirm(key, source_key):
            return {"id": key, **given(("source_key", source_key, None))}
        case Retract(key) | Erase(key):
            return {"id": key}
        case Propose(asked):  # pragma: no branch - the last there is
            return {"asked": {"do": operation_name(asked), **_plain(asked)}}


def _plain_scope(scope: Scope) -> Plain:
    plain = given(
        ("tenant", scope.tenant, "default"),
        ("repo", scope.repo, None),
        ("user", scope.user, None),
        ("branch", scope.branch, None),
        ("environment", scope.environment, None),
    )
    return {**plain, "related_repos": list(scope.related_repos)} if scope.related_repos else plain


def _plain_move(move: Move) -> Plain:
    return {
        "status": move.status,
        "at": to_micros(move.at),
        **given(("ordinal", move.ordinal, 0), ("source_word", move.source_word, None)),
    }


def _micros(moment: datetime | None) -> int | None:
    return None if moment is None else to_micros(moment)


def _unwritable(value: Any) -> str | None:  # noqa: ANN401 - JSON is free-form
    """The name of the first field whose text cannot be written."""
    if isinstance(value, dict):
        for name, item in value.items():
            if (found := _unwritable(item)) is not None:
                return f"{name}.{found}" if found else name
    elif isinstance(value, list):
        return next((found for item in value if (found := _unwritable(item)) is not None), None)
    elif isinstance(value, str) and any("\ud800" <= letter <= "\udfff" for letter in value):
        return ""
    return None


def _scope(raw: dict[str, Any]) -> Scope:
    return Scope(**{**raw, "related_repos": tuple(raw.get("related_repos", ()))})


def _provenance(raw: dict[str, Any]) -> Provenance:
    return Provenance(**{**raw, "origin": ORIGINS[raw.get("origin", Origin.HUMAN)]})


def _moment(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros)


def _move(raw: dict[str, Any]) -> Move:
    return Move(Status(raw["status"]), from_micros(raw["at"]), raw.get("ordinal", 0), raw.get("source_word"))


def _memory(raw: dict[str, Any]) -> Memory:
    statement = raw.get("statement")
    return Memory(raw["id"], _scope(raw["scope"]), None if statement is None else statement_of(statement))


def _operation(name: str, raw: dict[str, Any]) -> Operation:
    match name:
        case "add":
            moves = tuple(_move(one) for one in raw["moves"])
            key = raw.get("source_key") or former_source_key(raw["memory"].get("statement") or {})
            return Add(_memory(raw["memory"]), moves, raw.get("may_confirm", True), key)
        case "supersede":
            return Supersede(
                old=tuple(raw["old"]),
                new=tuple(raw["new"]),
                at=_moment(raw.get("at")),
                until=_moment(raw.get("until")),
                kind=SupersessionKind(raw.get("kind", SupersessionKind.UPDATE)),
                part=raw.get("part"),
            )
        case "transition":
            return Transition(raw["id"], _move(raw["move"]))
        case "end":
            return End(raw["id"], from_micros(raw["at"]), raw.get("source_word"))
        case "propose":
            asked = dict(raw["asked"])
            return Propose(_operation(asked.pop("do"), asked))  # type: ignore[arg-type]
        case "link":
            return Link(raw["source"], raw["target"], LinkKind(raw["kind"]))
        case _:
            return _OPERATIONS[name](**raw)
