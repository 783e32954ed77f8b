"""Export, restore, backup and check."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import apsw

from graphmem import ledger
from graphmem.adapters.sqlite import reading, writing
from graphmem.adapters.sqlite.connection import load_checksums
from graphmem.adapters.sqlite.values import Tenant, place_of
from graphmem.errors import CorruptStore, InvalidInput
from graphmem.ledger import Entry, from_micros, to_micros
from graphmem.store import Finding, ModelCard

FORMAT = 1

_VECTOR = "SELECT data FROM vector WHERE memory = ?"
_TOMBSTONE = "SELECT tombstone FROM memory WHERE number = ?"


def export(connection: apsw.Connection, tenant: Tenant, model: ModelCard | None) -> Iterator[str]:
    """The tenant's ledger as JSON lines, with vectors and digests of what was erased beside the entries."""
    header = {
        "graphmem": FORMAT,
        "tenant": tenant.name,
        "key": tenant.key,
        "entries": tenant.seq,
        "head": tenant.head,
        "model": None if model is None else asdict(model),
    }
    yield _line(header)
    for entry in reading.entries(connection, tenant, 0):
        place = place_of(tenant.number, entry.seq)
        yield _line(_entry_json(entry, connection.execute(_VECTOR, (place,)).get, connection.execute(_TOMBSTONE, (place,)).get))


def restore(connection: apsw.Connection, lines: Iterable[str], tenant: str) -> int:
    raise NotImplementedError


def backup(connection: apsw.Connection, target: Path) -> None:
    raise NotImplementedError


def check(connection: apsw.Connection) -> list[Finding]:
    raise NotImplementedError


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _entry_json(entry: Entry, vector: Any, tombstone: Any) -> dict[str, Any]:
    raise NotImplementedError
