"""A tenant's ledger as JSON lines, and back."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

import apsw

from graphmem.adapters.sqlite import reading, writing
from graphmem.adapters.sqlite.places import Kept
from graphmem.adapters.sqlite.values import Tenant, optional_moment, place_of
from graphmem.errors import CorruptStore, InvalidInput
from graphmem.ledger import Entry, change_of, from_micros, to_micros, verify
from graphmem.model import Add
from graphmem.store import ModelCard

FORMAT = 1

_BESIDE = "SELECT (SELECT data FROM vector WHERE memory = ?1), (SELECT tombstone FROM memory WHERE number = ?1)"
_SET_TOMBSTONE = "UPDATE memory SET tombstone = ? WHERE number = ?"
_SET_KEY = "UPDATE tenant SET key = ? WHERE number = ?"


def export(connection: apsw.Connection, tenant: Tenant, model: ModelCard | None) -> Iterator[str]:
    """The header, then every entry as it is sealed, with the vector and tombstone of the memory that it recorded."""
    yield _line(
        {
            "graphmem": FORMAT,
            "tenant": tenant.name,
            "key": tenant.key,
            "entries": tenant.seq,
            "head": tenant.head,
            "model": None if model is None else asdict(model),
        }
    )
    for entry in reading.entries(connection, tenant, 0):
        vector, tombstone = connection.execute(_BESIDE, (place_of(tenant.number, entry.seq),)).fetchone() or (
            None,
            None,
        )
        plain = {**asdict(entry), "recorded_at": to_micros(entry.recorded_at)}
        if vector is not None:
            plain["vector"] = base64.b64encode(vector).decode()
        if tombstone is not None:
            plain["tombstone"] = tombstone
        yield _line(plain)


def restore(
    connection: apsw.Connection, lines: Iterable[str], tenant: str, model: ModelCard | None
) -> ModelCard | None:
    """Write the entries of an export into an empty tenant; returns the model whose vectors came with them, if any.

    Vectors of another model than the store's own are left out.
    """
    numbered = enumerate(lines, 1)
    header = _header(numbered, tenant)
    theirs = None if header["model"] is None else ModelCard(**header["model"])
    vectors: dict[str, bytes] = {}
    row = writing.open_tenant(connection, tenant)
    if row.seq:
        raise InvalidInput(f"tenant {tenant!r} already has {row.seq} changes: restore into an empty one")
    row.key = header["key"]
    connection.execute(_SET_KEY, (row.key, row.number))
    batch = writing.Batch(connection, row, vectors.get, Kept())
    tombstones = []
    for number, text in numbered:
        raw = _parsed(number, text)
        entry = _entry(number, raw, row)
        if "tombstone" in raw:
            tombstones.append((raw["tombstone"], place_of(row.number, entry.seq)))
        _replay(batch, entry, vectors, raw.get("vector") if model in (None, theirs) else None)
    batch.flush()
    if (row.seq, row.head) != (header["entries"], header["head"]):
        raise CorruptStore(f"the export ends after {row.seq} of {header['entries']} entries; get the whole file")
    connection.executemany(_SET_TOMBSTONE, tombstones)
    return theirs if model is None and row.vectors else model


def _replay(batch: writing.Batch, entry: Entry, vectors: dict[str, bytes], vector: str | None) -> None:
    change = change_of(entry)
    vectors.clear()
    if vector is not None and isinstance(change.operation, Add):
        vectors[change.operation.memory.id] = base64.b64decode(vector)
    try:
        batch.replay(change, entry)
    except (KeyError, InvalidInput) as exc:
        raise CorruptStore(f"entry {entry.seq} names what was not recorded before it ({exc})") from exc


def _header(lines: Iterator[tuple[int, str]], tenant: str) -> dict[str, Any]:
    _, text = next(lines, (1, ""))
    header = _parsed(1, text)
    if header.get("graphmem") != FORMAT:
        raise InvalidInput(f"line 1: not the header of an export of format {FORMAT}: {text[:80]!r}")
    if missing := {"tenant", "key", "entries", "head", "model"} - set(header):
        raise InvalidInput(f"line 1: the header lacks {', '.join(sorted(missing))}")
    if header["tenant"] != tenant:
        raise InvalidInput(f"line 1: the export is of tenant {header['tenant']!r}; restore it into one of that name")
    return header


def _parsed(number: int, text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as exc:
        raise InvalidInput(f"line {number}: not JSON ({exc}): {text[:80]!r}") from exc
    if not isinstance(value, dict):
        raise InvalidInput(f"line {number}: not an object: {text[:80]!r}")
    return value


def _entry(number: int, raw: dict[str, Any], tenant: Tenant) -> Entry:
    try:
        names = ("op_id", "body", "salt", "digest", "commitment", "previous", "hash")
        entry = Entry(raw["seq"], from_micros(raw["recorded_at"]), **{name: raw[name] for name in names})
        for text in (entry.salt, entry.digest, entry.commitment, entry.hash):
            bytes.fromhex(text or "")
        fault = verify(entry, tenant.head)
    except (KeyError, TypeError, ValueError, OverflowError) as exc:
        raise InvalidInput(f"line {number}: not an entry of an export ({exc!r})") from exc
    last = optional_moment(tenant.recorded_at)
    if entry.seq != tenant.seq + 1 or (last is not None and entry.recorded_at <= last):
        fault = f"entry {entry.seq} stands after entry {tenant.seq}"
    if fault is not None:
        raise CorruptStore(f"line {number}: {fault}")
    return entry


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
