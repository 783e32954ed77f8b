"""Exports as JSON lines: a header, then every ledger entry as it is sealed, with vector and tombstone beside it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from graphmem.errors import CorruptStore, InvalidInput
from graphmem.instants import from_micros, to_micros
from graphmem.ledger import GENESIS, Entry, change_of, verify
from graphmem.model import Add
from graphmem.store import ModelCard

if TYPE_CHECKING:
    from graphmem.store import Vector


@dataclass
class Export:
    """What an export carries; vectors and tombstones by id of their memory."""

    key: str
    model: ModelCard | None = None
    entries: list[Entry] = field(default_factory=list)
    vectors: dict[str, Vector] = field(default_factory=dict)
    tombstones: dict[str, str] = field(default_factory=dict)
    answered_to: datetime | None = None


def write(tenant: str, export: Export) -> Iterator[str]:
    """The lines of an export."""
    head = export.entries[-1].hash if export.entries else GENESIS
    model = None if export.model is None else asdict(export.model)
    count = len(export.entries)
    header = {"graphmem": 2, "tenant": tenant, "key": export.key, "entries": count, "head": head, "model": model}
    asked = {} if export.answered_to is None else {"answered_to": to_micros(export.answered_to)}
    yield _line(header | asked)
    for entry in export.entries:
        operation = change_of(entry).operation
        key = operation.memory.id if isinstance(operation, Add) else None
        plain = {**asdict(entry), "recorded_at": to_micros(entry.recorded_at)}
        if key in export.vectors:
            plain["vector"] = base64.b64encode(np.asarray(export.vectors[key], dtype="<f4").tobytes()).decode()
        if key in export.tombstones:
            plain["tombstone"] = export.tombstones[key]
        yield _line(plain)


def read(lines: Iterable[str], tenant: str) -> Export:
    """What lines carry; refused if they are not the whole of one unbroken ledger of that tenant."""
    try:
        raws = [json.loads(text) for text in lines]
        header = raws[0]
        card = header["model"] and ModelCard(**header["model"])
        export = Export(header["key"], card, [_entry(raw) for raw in raws[1:]])
        export.answered_to = from_micros(header["answered_to"]) if "answered_to" in header else None
        expected = (header["graphmem"], header["tenant"])
        promised = (header["entries"], header["head"])
    except (ValueError, KeyError, TypeError, IndexError) as exc:
        raise InvalidInput(f"no export: {exc!r}") from exc
    if expected not in ((1, tenant), (2, tenant)):
        raise InvalidInput(f"{expected} is no header of an export of {tenant!r}")
    _verify(export.entries, promised)
    if any(change_of(one).writer.tenant != tenant for one in export.entries):
        raise CorruptStore("written by another tenant")
    _read_beside(export, raws[1:])
    return export


def _entry(raw: Mapping[str, Any]) -> Entry:
    known = {spec.name: raw[spec.name] for spec in fields(Entry)}
    return Entry(**{**known, "recorded_at": from_micros(known["recorded_at"])})


def _verify(entries: Sequence[Entry], promised: tuple[int, str]) -> None:
    previous = GENESIS
    for number, entry in enumerate(entries, 1):
        if entry.seq != number or verify(entry, previous) is not None:
            raise CorruptStore(f"entry {number}")
        previous = entry.hash
    if promised != (len(entries), previous):
        raise CorruptStore("the export is not whole")


def _read_beside(export: Export, raws: Sequence[Mapping[str, Any]]) -> None:
    for entry, raw in zip(export.entries, raws, strict=True):
        operation = change_of(entry).operation
        if isinstance(operation, Add) and "vector" in raw:
            export.vectors[operation.memory.id] = np.frombuffer(base64.b64decode(raw["vector"]), dtype="<f4")
        if isinstance(operation, Add) and "tombstone" in raw:
            export.tombstones[operation.memory.id] = raw["tombstone"]


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
