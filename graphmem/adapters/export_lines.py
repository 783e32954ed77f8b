"""The lines of an export: a header, then one sealed ledger entry each, the same for every engine."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import islice
from tempfile import TemporaryFile
from typing import Any, TextIO

from graphmem.errors import Conflict, CorruptStore, InvalidInput
from graphmem.ledger import GENESIS, Entry, change_of, from_micros, to_micros, verify
from graphmem.model import Add
from graphmem.store import ModelCard

FORMAT = 1
#: So many entries are restored in one transaction.
PART = 500

_SPELT = ("op_id", "body", "salt", "digest", "commitment", "previous", "hash")
_HASH_BYTES = 32


@dataclass(frozen=True, slots=True)
class Header:
    """What an export says of itself: whose ledger, its key, how many entries, its last hash, whose vectors."""

    tenant: str
    key: str
    entries: int
    head: str
    model: ModelCard | None


@dataclass(frozen=True, slots=True)
class Exported:
    """One line: an entry, with the vector and the tombstone of the memory that it recorded."""

    entry: Entry
    vector: bytes | None = None
    tombstone: str | None = None


def header_line(header: Header) -> str:
    """The first line."""
    return _line(
        {
            "graphmem": FORMAT,
            "tenant": header.tenant,
            "key": header.key,
            "entries": header.entries,
            "head": header.head,
            "model": None if header.model is None else asdict(header.model),
        }
    )


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

    def refuse_unfit(self, key: str, seq: int, head: str, *, is_restoring: bool) -> None:
        """Fail unless the tenant is empty, or was left by a restore of this ledger that did not finish.

        Raises:
            InvalidInput: It holds something else; the message says what to do.
        """
        if not seq or (is_restoring and self.continues(key, seq, head)):
            return
        tenant = self.header.tenant
        if is_restoring:
            raise InvalidInput(
                f"tenant {tenant!r} holds the first {seq} entries of another export, whose restore was not finished:"
                " restore that one again, or this one into another store"
            )
        raise InvalidInput(f"tenant {tenant!r} already has {seq} changes: restore into an empty one")

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
def verified(lines: Iterable[str], tenant: str) -> Iterator[VerifiedExport]:
    """An export into a tenant, read to its end before anything is done with it.

    Raises:
        InvalidInput: It is none, or one of another tenant; the line is named.
        CorruptStore: It was altered, or is not whole.
    """
    with TemporaryFile("w+", encoding="utf-8", newline="\n") as kept:
        numbered = enumerate(lines, 1)
        header, place = _read_header(numbered, tenant), _Place(0, None, GENESIS)
        has_vectors, hashes = False, bytearray()
        for number, text in numbered:
            one = _read_entry(number, text, place, tenant)
            place = _Place(one.entry.seq, one.entry.recorded_at, one.entry.hash)
            has_vectors |= one.vector is not None
            hashes += bytes.fromhex(place.head)
            kept.write(text.rstrip("\n") + "\n")
        if (place.seq, place.head) != (header.entries, header.head):
            raise CorruptStore(f"the export ends after {place.seq} of {header.entries} entries; get the whole file")
        yield VerifiedExport(header, has_vectors, hashes, kept)


def refuse_unfinished(tenant: str) -> None:
    """Refuse a write to a tenant that is being restored.

    Raises:
        Conflict: Always; the message says what to do.
    """
    raise Conflict(f"tenant {tenant!r} is being restored: wait, or if that was broken off, run the same command again")


def unfinished(tenant: str, seq: int) -> str:
    """What `check` says of a tenant whose restore has not finished."""
    return f"tenant {tenant!r}: its restore has not finished, {seq} entries are there; run the same command again"


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a ledger stands to which lines are added."""

    seq: int
    recorded_at: datetime | None
    head: str


def _read_header(lines: Iterator[tuple[int, str]], tenant: str) -> Header:
    _, text = next(lines, (1, ""))
    raw = _parsed(1, text)
    if raw.get("graphmem") != FORMAT:
        raise InvalidInput(f"line 1: not the header of an export of format {FORMAT}: {text[:80]!r}")
    if missing := {"tenant", "key", "entries", "head", "model"} - set(raw):
        raise InvalidInput(f"line 1: the header lacks {', '.join(sorted(missing))}")
    if raw["tenant"] != tenant:
        raise InvalidInput(f"line 1: the export is of tenant {raw['tenant']!r}; restore it into one of that name")
    model = None if raw["model"] is None else ModelCard(**raw["model"])
    return Header(tenant, raw["key"], raw["entries"], raw["head"], model)


def strange(entry: Entry, tenant: str) -> str | None:
    """What is wrong with an entry of a tenant's ledger that speaks of another tenant, which hashes cannot tell."""
    try:
        change = change_of(entry)
    except CorruptStore as fault:
        return str(fault)
    memory = change.operation.memory if isinstance(change.operation, Add) else None
    homes = {change.writer.tenant, tenant if memory is None else memory.scope.tenant}
    told = [f"entry {entry.seq} is of tenant {one!r}, in the ledger of {tenant!r}" for one in sorted(homes - {tenant})]
    return told[0] if told else None


def _read_entry(number: int, text: str, after: _Place, tenant: str) -> Exported:
    """The entry on a line, checked to follow the ones before it."""
    raw = _parsed(number, text)
    try:
        one = _exported(raw)
        entry = one.entry
        for spelt in (entry.salt, entry.digest, entry.commitment, entry.hash):
            bytes.fromhex(spelt or "")
        fault = verify(entry, after.head) or strange(entry, tenant)
    except (KeyError, TypeError, ValueError, OverflowError) as exc:
        raise InvalidInput(f"line {number}: not an entry of an export ({exc!r})") from exc
    is_late = after.recorded_at is None or entry.recorded_at > after.recorded_at
    if entry.seq != after.seq + 1 or not is_late:
        fault = f"entry {entry.seq} stands after entry {after.seq}"
    if fault is not None:
        raise CorruptStore(f"line {number}: {fault}")
    return one


def _exported(raw: Mapping[str, Any]) -> Exported:
    entry = Entry(raw["seq"], from_micros(raw["recorded_at"]), **{name: raw[name] for name in _SPELT})
    vector = base64.b64decode(raw["vector"]) if "vector" in raw else None
    return Exported(entry, vector, raw.get("tombstone"))


def _parsed(number: int, text: str) -> Mapping[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as exc:
        raise InvalidInput(f"line {number}: not JSON ({exc}): {text[:80]!r}") from exc
    if not isinstance(value, dict):
        raise InvalidInput(f"line {number}: not an object: {text[:80]!r}")
    return value


def _line(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
