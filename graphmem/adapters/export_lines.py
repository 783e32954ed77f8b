"""The lines of an export: a header, then one sealed ledger entry each, the same for every engine."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from graphmem.errors import CorruptStore, InvalidInput
from graphmem.ledger import Entry, from_micros, to_micros, verify
from graphmem.store import ModelCard

FORMAT = 1

Numbered = Iterator[tuple[int, str]]


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


@dataclass(frozen=True, slots=True)
class Place:
    """Where a ledger stands to which lines are added."""

    seq: int
    recorded_at: datetime | None
    head: str


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


def read_header(lines: Numbered, tenant: str) -> Header:
    """The header of an export into a tenant.

    Raises:
        InvalidInput: It is no header, or one of another tenant.
    """
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


def read_entry(number: int, text: str, after: Place) -> Exported:
    """The entry on a line, checked to follow the ones before it.

    Raises:
        InvalidInput: The line is no entry; it is named.
        CorruptStore: It does not follow, or was altered.
    """
    raw = _parsed(number, text)
    try:
        names = ("op_id", "body", "salt", "digest", "commitment", "previous", "hash")
        entry = Entry(raw["seq"], from_micros(raw["recorded_at"]), **{name: raw[name] for name in names})
        for spelt in (entry.salt, entry.digest, entry.commitment, entry.hash):
            bytes.fromhex(spelt or "")
        fault = verify(entry, after.head)
        vector = base64.b64decode(raw["vector"]) if "vector" in raw else None
    except (KeyError, TypeError, ValueError, OverflowError) as exc:
        raise InvalidInput(f"line {number}: not an entry of an export ({exc!r})") from exc
    is_late = after.recorded_at is None or entry.recorded_at > after.recorded_at
    if entry.seq != after.seq + 1 or not is_late:
        fault = f"entry {entry.seq} stands after entry {after.seq}"
    if fault is not None:
        raise CorruptStore(f"line {number}: {fault}")
    return Exported(entry, vector, raw.get("tombstone"))


def refuse_short(header: Header, end: Place) -> None:
    """Fail if an export ended before its header said.

    Raises:
        CorruptStore: Entries are missing, or the last is another.
    """
    if (end.seq, end.head) != (header.entries, header.head):
        raise CorruptStore(f"the export ends after {end.seq} of {header.entries} entries; get the whole file")


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
