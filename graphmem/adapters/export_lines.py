"""The lines of an export: a header, then one sealed ledger entry each, the same for every engine."""

from __future__ import annotations

import base64
import json
import math
import struct
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from itertools import islice
from tempfile import TemporaryFile
from typing import Any, TextIO

from graphmem.adapters.ledger_check import LedgerCheck, is_digest, misspelt
from graphmem.adapters.value_types import mistyped
from graphmem.errors import Conflict, CorruptStore, InvalidInput
from graphmem.instants import from_micros, to_micros
from graphmem.ledger import GENESIS, Entry, change_of
from graphmem.model import Add
from graphmem.rows import LAST_RECORDABLE
from graphmem.store import Clock, ModelCard

#: Commitments of format 1 do not bind to the digest of a request.
FORMAT = 2
#: So many entries are restored in one transaction.
PART = 500

_SPELT = ("op_id", "body", "salt", "digest", "commitment", "previous", "hash")
_HASH_BYTES = 32
_FLOAT_BYTES = 4
#: So far may the clock of another machine be ahead.
_AHEAD = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Header:
    """What an export says of itself: whose ledger, its key, how many entries, its last hash, whose vectors.

    `answered_to` is the moment up to which somebody was told what was known; None if nobody asked past the last entry.
    """

    tenant: str
    key: str
    entries: int
    head: str
    model: ModelCard | None
    answered_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class Exported:
    """One line: an entry, with the vector and the tombstone of the memory that it recorded."""

    entry: Entry
    vector: bytes | None = None
    tombstone: str | None = None


def header_line(header: Header) -> str:
    """The first line."""
    plain = {
        "graphmem": FORMAT,
        "tenant": header.tenant,
        "key": header.key,
        "entries": header.entries,
        "head": header.head,
        "model": None if header.model is None else asdict(header.model),
    }
    if header.answered_to is not None:
        plain["answered_to"] = to_micros(header.answered_to)
    return _line(plain)


def entry_line(one: Exported) -> str:
    """The line of an entry."""
    plain: dict[str, Any] = {**asdict(one.entry), "recorded_at": to_micros(one.entry.recorded_at)}
    if one.vector is not None:
        plain["vector"] = base64.b64encode(one.vector).decode()
    if one.tombstone is not None:
        plain["tombstone"] = one.tombstone
    return _line(plain)


# ---- reading them


@dataclass(frozen=True, slots=True)
class VerifiedExport:
    """An export of which every line was verified, kept to be read again part by part.

    Attributes:
        header: Its first line.
        has_vectors: Whether any memory comes with one.
    """

    header: Header
    has_vectors: bool
    _hashes: bytearray
    _lines: TextIO

    def parts(self, after: int) -> Iterator[list[Exported]]:
        """The entries past a position, so many at a time as go into one transaction."""
        self._lines.seek(0)
        lines = islice(self._lines, after, None)
        while page := list(islice(lines, PART)):
            yield [_exported(json.loads(text)) for text in page]

    def continues(self, key: str, seq: int, head: str) -> bool:
        """Whether a ledger that stands there is a beginning of this one."""
        return key == self.header.key and seq <= self.header.entries and head == self._hash_at(seq)

    def is_done(self, key: str, seq: int, head: str, *, is_restoring: bool) -> bool:
        """Whether the tenant is this very ledger; False if it is empty or a restore of this ledger did not finish.

        Raises:
            InvalidInput: It holds something else; the message says what to do.
        """
        if not seq or (is_restoring and self.continues(key, seq, head)):
            return False
        if not is_restoring and seq == self.header.entries and self.continues(key, seq, head):
            return True
        tenant = self.header.tenant
        if is_restoring:
            raise InvalidInput(
                f"tenant {tenant!r} holds the first {seq} entries of another export, whose restore was not finished:"
                " restore that one again, or this one into another store"
            )
        raise InvalidInput(f"tenant {tenant!r} already has {seq} changes of another ledger: restore into an empty one")

    def refuse_strange(self, key: str, seq: int, head: str) -> None:
        """Fail if somebody restored another export into the tenant meanwhile.

        Raises:
            Conflict: Somebody did.
        """
        if not self.continues(key, seq, head):
            raise Conflict(f"tenant {self.header.tenant!r} was restored from another export meanwhile: look what it is")

    def _hash_at(self, seq: int) -> str:
        return self._hashes[(seq - 1) * _HASH_BYTES : seq * _HASH_BYTES].hex() if seq else GENESIS


@contextmanager
def verified(lines: Iterable[str], tenant: str, *, clock: Clock | None = None) -> Iterator[VerifiedExport]:
    """An export into a tenant, read to its end before anything is done with it.

    Args:
        lines: As `export` wrote them.
        tenant: Whose export it must be.
        clock: Entries recorded more than a day after its time are refused: what is written later would follow them.
            None only refuses times after which no ledger could go on.

    Raises:
        InvalidInput: It is none, or one of another tenant; the line is named.
        CorruptStore: It was altered, is not whole, or is no ledger that accepted writes left; the line is named.
    """
    with TemporaryFile("w+", encoding="utf-8", newline="\n") as kept:
        numbered = enumerate(lines, 1)
        last = LAST_RECORDABLE if clock is None else min(clock() + _AHEAD, LAST_RECORDABLE)
        header = _read_header(numbered, tenant, last)
        check = LedgerCheck(tenant, header.key)
        reader = _Reader(header, check, last)
        for number, text in numbered:
            reader.read(number, text)
            kept.write(text.rstrip("\n") + "\n")
        if (check.seq, check.head) != (header.entries, header.head):
            raise CorruptStore(f"the export ends after {check.seq} of {header.entries} entries; get the whole file")
        for fault in check.faults_at_end():
            raise CorruptStore(f"line {fault.seq + 1}: {fault.what}")
        yield VerifiedExport(header, reader.has_vectors, reader.hashes, kept)


def refuse_unfinished(tenant: str) -> None:
    """Refuse a write to a tenant that is being restored.

    Raises:
        Conflict: Always; the message says what to do.
    """
    raise Conflict(f"tenant {tenant!r} is being restored: wait, or if that was broken off, run the same command again")


def unfinished(tenant: str, seq: int) -> str:
    """What `check` says of a tenant whose restore has not finished."""
    return f"tenant {tenant!r}: its restore has not finished, {seq} entries are there; run the same command again"


def _read_header(lines: Iterator[tuple[int, str]], tenant: str, last: datetime) -> Header:
    _, text = next(lines, (1, ""))
    raw = _parsed(1, text)
    if raw.get("graphmem") not in (1, FORMAT) or isinstance(raw["graphmem"], bool):
        raise InvalidInput(f"line 1: not the header of an export of format 1 to {FORMAT}: {text[:80]!r}")
    if missing := {"tenant", "key", "entries", "head", "model"} - set(raw):
        raise InvalidInput(f"line 1: the header lacks {', '.join(sorted(missing))}")
    if raw["tenant"] != tenant:
        raise InvalidInput(f"line 1: the export is of tenant {raw['tenant']!r:.80}; restore it into one of that name")
    try:
        model = None if raw["model"] is None else ModelCard(**raw["model"])
        answered_to = from_micros(raw["answered_to"]) if "answered_to" in raw else None
    except (TypeError, OverflowError) as exc:
        raise InvalidInput(f"line 1: model {raw['model']!r:.80} or a time is not one ({exc})") from exc
    header = Header(tenant, raw["key"], raw["entries"], raw["head"], model, answered_to)
    if answered_to is not None and answered_to > last:
        raise InvalidInput(f"line 1: answered_to {answered_to.isoformat()} is after {last.isoformat()}")
    wrong = mistyped(header)
    has_key = bool(header.key) or not header.entries
    if wrong is None and not (header.entries >= 0 and has_key and (model is None or model.dimension > 0)):
        wrong = f"entries is {header.entries}, key is {header.key!r:.80}, model is {model!r:.80}"
    if wrong is not None:
        raise InvalidInput(f"line 1: {wrong}, which no export has")
    return header


class _Reader:
    """Reads the entries of an export, and keeps what must be known of all of them.

    Attributes:
        has_vectors: Whether any memory comes with one.
        hashes: Those of all entries, one after the other.
    """

    def __init__(self, header: Header, check: LedgerCheck, last: datetime) -> None:
        self.has_vectors = False
        self.hashes = bytearray()
        self._check = check
        self._last = last
        self._vector_bytes = None if header.model is None else header.model.dimension * _FLOAT_BYTES

    def read(self, number: int, text: str) -> None:
        """Take in the next line.

        Raises:
            InvalidInput: It holds no entry, or one that cannot be stored.
            CorruptStore: The entry cannot follow those before it.
        """
        one = _read_entry(number, text)
        if one.entry.recorded_at > self._last:
            told = f"line {number}: recorded_at {one.entry.recorded_at.isoformat()} is after {self._last.isoformat()}"
            raise InvalidInput(f"{told}: every later write would have to follow it; set the clock of this machine")
        fault = self._check.fault_of(one.entry)
        if fault is not None:
            raise CorruptStore(f"line {number}: {fault}")
        self.hashes += bytes.fromhex(one.entry.hash)
        self._read_beside(number, one)

    def _read_beside(self, number: int, one: Exported) -> None:
        """Vector and tombstone belong to a memory that the entry recorded."""
        if one.vector is None and one.tombstone is None:
            return
        operation = change_of(one.entry).operation
        memory = operation.memory if isinstance(operation, Add) else None
        if one.vector is not None:
            self.has_vectors = True
            self._vector_bytes = self._vector_bytes or len(one.vector)
            if memory is None or memory.statement is None:
                raise InvalidInput(f"line {number}: a vector stands beside an entry that recorded no live memory")
            if len(one.vector) != self._vector_bytes or not _is_finite(one.vector):
                raise InvalidInput(f"line {number}: the vector is not {self._vector_bytes // _FLOAT_BYTES} numbers")
        is_of_erased = memory is not None and memory.statement is None
        if one.tombstone is not None and not (is_of_erased and is_digest(one.tombstone)):
            raise InvalidInput(f"line {number}: tombstone {one.tombstone!r:.80} is not one of an erased memory")


def _is_finite(vector: bytes) -> bool:
    count = len(vector) // _FLOAT_BYTES
    return len(vector) % _FLOAT_BYTES == 0 and math.isfinite(sum(struct.unpack(f"<{count}f", vector)))


def _read_entry(number: int, text: str) -> Exported:
    raw = _parsed(number, text)
    try:
        one = _exported(raw)
    except (KeyError, TypeError, ValueError, OverflowError) as exc:
        raise InvalidInput(f"line {number}: not an entry of an export ({exc!r:.200})") from exc
    if (wrong := mistyped(one)) is not None:
        raise InvalidInput(f"line {number}: {wrong}, which no export has")
    if (wrong := misspelt(one.entry)) is not None:
        raise InvalidInput(f"line {number}: not an entry of an export ({wrong})")
    return one


def _exported(raw: Mapping[str, Any]) -> Exported:
    entry = Entry(raw["seq"], from_micros(raw["recorded_at"]), **{name: raw[name] for name in _SPELT})
    vector = base64.b64decode(raw["vector"], validate=True) if "vector" in raw else None
    return Exported(entry, vector, raw.get("tombstone"))


def _parsed(number: int, text: str) -> Mapping[str, Any]:
    try:
        text.encode()
        value = json.loads(text)
    except (ValueError, AttributeError) as exc:
        raise InvalidInput(f"line {number}: not JSON ({exc}): {text[:80]!r}") from exc
    except RecursionError as exc:
        raise InvalidInput(f"line {number}: nested too deeply: {text[:80]!r}") from exc
    if not isinstance(value, dict):
        raise InvalidInput(f"line {number}: not an object: {text[:80]!r}")
    return value


def _line(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
