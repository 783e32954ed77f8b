"""The lines of an export: a header, then one sealed ledger entry per line, in the same format for every store."""

from __future__ import annotations

import base64
import json
import math
import struct
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime, timedelta
from itertools import islice
from tempfile import TemporaryFile
from typing import Any, TextIO

from graphmem.adapters.ledger_check import LedgerCheck, is_digest, misspelt
from graphmem.adapters.value_types import mistyped
from graphmem.deferred_dataclass import dataclass
from graphmem.errors import Conflict, CorruptStore, InvalidInput
from graphmem.instants import from_micros, to_micros
from graphmem.ledger import GENESIS, Entry, change_of
from graphmem.model import Add
from graphmem.rows import LAST_RECORDABLE
from graphmem.store import Clock, ModelCard

#: Commitments of format 1 do not cover the request digest.
FORMAT = 2
#: The number of entries per transaction of a restore.
PART = 500

_TEXT_FIELDS = ("op_id", "body", "salt", "digest", "commitment", "previous", "hash")
_HASH_BYTES = 32
_FLOAT_BYTES = 4
#: The clock skew between machines that a restore accepts.
_AHEAD = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Header:
    """The first line of an export: tenant, key, number of entries, last hash, embedding model.

    `answered_to` is the latest known-at time of an answer; None if no answer was given for a time after the last entry.
    """

    tenant: str
    key: str
    entries: int
    head: str
    model: ModelCard | None
    answered_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class Exported:
    """A line: an entry, with the vector and the tombstone of the memory that it recorded."""

    entry: Entry
    vector: bytes | None = None
    tombstone: str | None = None


def header_line(header: Header) -> str:
    """Return the first line of an export."""
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


def entry_line(exported: Exported) -> str:
    """Return the line of an entry."""
    plain: dict[str, Any] = {**asdict(exported.entry), "recorded_at": to_micros(exported.entry.recorded_at)}
    if exported.vector is not None:
        plain["vector"] = base64.b64encode(exported.vector).decode()
    if exported.tombstone is not None:
        plain["tombstone"] = exported.tombstone
    return _line(plain)


# ---- reading


@dataclass(frozen=True, slots=True)
class VerifiedExport:
    """An export whose lines are all verified, stored in a temporary file and read again in parts.

    Attributes:
        header: The first line.
        has_vectors: Whether any memory has a vector.
    """

    header: Header
    has_vectors: bool
    _hashes: bytearray
    _lines: TextIO

    def parts(self, after: int) -> Iterator[list[Exported]]:
        """Yield the entries after a ledger position, in lists for one transaction each."""
        self._lines.seek(0)
        lines = islice(self._lines, after, None)
        while page := list(islice(lines, PART)):
            yield [_exported(json.loads(text)) for text in page]

    def continues(self, key: str, seq: int, head: str) -> bool:
        """Return whether a ledger with this key, position and last hash is a prefix of the export."""
        return key == self.header.key and seq <= self.header.entries and head == self._hash_at(seq)

    def is_done(self, key: str, seq: int, head: str, *, is_restoring: bool) -> bool:
        """Return whether the tenant has exactly this ledger; False if it is empty or its restore is not finished.

        Raises:
            InvalidInput: The tenant has another ledger; the message names the fix.
        """
        if not seq or (is_restoring and self.continues(key, seq, head)):
            return False
        if not is_restoring and seq == self.header.entries and self.continues(key, seq, head):
            return True
        tenant = self.header.tenant
        if is_restoring:
            raise InvalidInput(
                f"tenant {tenant!r} has the first {seq} entries of another export, whose restore did not finish:"
                " restore the other export again, or this export into another store"
            )
        raise InvalidInput(
            f"tenant {tenant!r} already has {seq} changes of another ledger: restore into an empty store"
        )

    def refuse_strange(self, key: str, seq: int, head: str) -> None:
        """Refuse to continue if the tenant's ledger is no longer a prefix of the export.

        Raises:
            Conflict: Another export was restored into the tenant.
        """
        if not self.continues(key, seq, head):
            raise Conflict(
                f"tenant {self.header.tenant!r} was restored from another export at the same time: check its content"
            )

    def _hash_at(self, seq: int) -> str:
        return self._hashes[(seq - 1) * _HASH_BYTES : seq * _HASH_BYTES].hex() if seq else GENESIS


@contextmanager
def verified(lines: Iterable[str], tenant: str, *, clock: Clock | None = None) -> Iterator[VerifiedExport]:
    """Read and verify an export to its end, then yield it.

    Args:
        lines: As `export` wrote them.
        tenant: The tenant that the export must be of.
        clock: Entries recorded more than a day after its time are refused: later writes would have to follow them.
            None refuses only times that leave no room for later entries.

    Raises:
        InvalidInput: A line is not part of an export, or the export is of another tenant; the message names the line.
        CorruptStore: The export was altered or cut, or no accepted writes lead to it; the message names the line.
    """
    with TemporaryFile("w+", encoding="utf-8", newline="\n") as file:
        numbered = enumerate(lines, 1)
        last = LAST_RECORDABLE if clock is None else min(clock() + _AHEAD, LAST_RECORDABLE)
        header = _read_header(numbered, tenant, last)
        check = LedgerCheck(tenant, header.key)
        reader = _Reader(header, check, last)
        for number, text in numbered:
            reader.read(number, text)
            file.write(text.rstrip("\n") + "\n")
        if (check.seq, check.head) != (header.entries, header.head):
            raise CorruptStore(f"the export ends after {check.seq} of {header.entries} entries; get the whole file")
        for fault in check.faults_at_end():
            raise CorruptStore(f"line {fault.seq + 1}: {fault.what}")
        yield VerifiedExport(header, reader.has_vectors, reader.hashes, file)


def refuse_unfinished(tenant: str) -> None:
    """Refuse a write to a tenant that is being restored.

    Raises:
        Conflict: Always; the message names the fix.
    """
    raise Conflict(
        f"tenant {tenant!r} is being restored: wait, or if the restore was interrupted, run the same command again"
    )


def unfinished(tenant: str, seq: int) -> str:
    """Return the message of `check` for a tenant whose restore has not finished."""
    return f"tenant {tenant!r}: its restore has not finished ({seq} entries so far); run the same restore again"


def _read_header(lines: Iterator[tuple[int, str]], tenant: str, last: datetime) -> Header:
    _, text = next(lines, (1, ""))
    raw = _parsed(1, text)
    if raw.get("graphmem") not in (1, FORMAT) or isinstance(raw["graphmem"], bool):
        raise InvalidInput(f"line 1: not the header of an export of format 1 to {FORMAT}: {text[:80]!r}")
    if missing := {"tenant", "key", "entries", "head", "model"} - set(raw):
        raise InvalidInput(f"line 1: the header lacks {', '.join(sorted(missing))}")
    if raw["tenant"] != tenant:
        raise InvalidInput(f"line 1: the export is of tenant {raw['tenant']!r:.80}; use that tenant's name")
    try:
        model = None if raw["model"] is None else ModelCard(**raw["model"])
        answered_to = from_micros(raw["answered_to"]) if "answered_to" in raw else None
    except (TypeError, OverflowError) as exc:
        raise InvalidInput(f"line 1: model {raw['model']!r:.80} or answered_to is invalid ({exc})") from exc
    header = Header(tenant, raw["key"], raw["entries"], raw["head"], model, answered_to)
    if answered_to is not None and answered_to > last:
        raise InvalidInput(f"line 1: answered_to {answered_to.isoformat()} is after {last.isoformat()}")
    wrong = mistyped(header)
    has_key = bool(header.key) or not header.entries
    if wrong is None and not (header.entries >= 0 and has_key and (model is None or model.dimension > 0)):
        wrong = f"entries is {header.entries}, key is {header.key!r:.80}, model is {model!r:.80}"
    if wrong is not None:
        raise InvalidInput(f"line 1: {wrong}: not a valid value in an export")
    return header


class _Reader:
    """Reads and checks the entries of an export.

    Attributes:
        has_vectors: Whether any memory has a vector.
        hashes: The hashes of all entries, concatenated.
    """

    def __init__(self, header: Header, check: LedgerCheck, last: datetime) -> None:
        self.has_vectors = False
        self.hashes = bytearray()
        self._check = check
        self._last = last
        self._vector_bytes = None if header.model is None else header.model.dimension * _FLOAT_BYTES

    def read(self, number: int, text: str) -> None:
        """Check the next line.

        Raises:
            InvalidInput: The line is not an entry, or its entry cannot be stored.
            CorruptStore: The entry cannot follow the earlier entries.
        """
        exported = _read_entry(number, text)
        if exported.entry.recorded_at > self._last:
            late = (
                f"line {number}: recorded_at {exported.entry.recorded_at.isoformat()} is after {self._last.isoformat()}"
            )
            raise InvalidInput(
                f"{late}: later writes would have to be recorded after it; check the clock of this machine"
            )
        fault = self._check.fault_of(exported.entry)
        if fault is not None:
            raise CorruptStore(f"line {number}: {fault}")
        self.hashes += bytes.fromhex(exported.entry.hash)
        self._check_attachments(number, exported)

    def _check_attachments(self, number: int, exported: Exported) -> None:
        """Check the vector and the tombstone: they belong to a memory that the entry recorded."""
        if exported.vector is None and exported.tombstone is None:
            return
        operation = change_of(exported.entry).operation
        memory = operation.memory if isinstance(operation, Add) else None
        if exported.vector is not None:
            self.has_vectors = True
            self._vector_bytes = self._vector_bytes or len(exported.vector)
            if memory is None or memory.statement is None:
                raise InvalidInput(f"line {number}: a vector comes with an entry that recorded no live memory")
            if len(exported.vector) != self._vector_bytes or not _is_finite(exported.vector):
                raise InvalidInput(
                    f"line {number}: the vector does not have {self._vector_bytes // _FLOAT_BYTES} finite numbers"
                )
        is_of_erased = memory is not None and memory.statement is None
        if exported.tombstone is not None and not (is_of_erased and is_digest(exported.tombstone)):
            raise InvalidInput(
                f"line {number}: tombstone {exported.tombstone!r:.80} does not belong to an erased memory"
            )


def _is_finite(vector: bytes) -> bool:
    count = len(vector) // _FLOAT_BYTES
    return len(vector) % _FLOAT_BYTES == 0 and math.isfinite(sum(struct.unpack(f"<{count}f", vector)))


def _read_entry(number: int, text: str) -> Exported:
    raw = _parsed(number, text)
    try:
        exported = _exported(raw)
    except (KeyError, TypeError, ValueError, OverflowError) as exc:
        raise InvalidInput(f"line {number}: not an entry of an export ({exc!r:.200})") from exc
    if (wrong := mistyped(exported)) is not None:
        raise InvalidInput(f"line {number}: {wrong}: not a valid value in an export")
    if (wrong := misspelt(exported.entry)) is not None:
        raise InvalidInput(f"line {number}: not an entry of an export ({wrong})")
    return exported


def _exported(raw: Mapping[str, Any]) -> Exported:
    entry = Entry(raw["seq"], from_micros(raw["recorded_at"]), **{name: raw[name] for name in _TEXT_FIELDS})
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
