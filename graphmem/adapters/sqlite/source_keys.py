"""Rows that tell under which key a source has the statement of a memory: found by key, by memory and by path."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from graphmem.adapters.sqlite.snapshot import Snapshot
from graphmem.adapters.sqlite.values import Row, ints
from graphmem.instants import from_micros
from graphmem.repository.path_patterns import fixed_part, is_glob, path_test
from graphmem.rows import SourceRow, Stamp

_BY_KEY = """
    SELECT memory.id, source_key.key, seq, source_key.recorded_at, source_key.branch, home
    FROM source_key JOIN memory ON number = source_key.memory
    WHERE source_key.tenant = ?1 AND key = ?2
"""
_BELOW = """
    SELECT memory.id, source_key.key, seq, source_key.recorded_at, source_key.branch, home
    FROM source_key JOIN memory ON number = source_key.memory
    WHERE source_key.tenant = ?1 AND key >= ?2 AND (?3 IS NULL OR key < ?3)
"""
_BY_MEMORY = """
    SELECT memory.id, source_key.key, seq, source_key.recorded_at, source_key.branch, home
    FROM json_each(?1) AS wanted CROSS JOIN source_key ON source_key.memory = wanted.value
    CROSS JOIN memory ON number = source_key.memory
"""
_NUMBERS = """
    SELECT memory, source_key.key FROM json_each(?2) AS input CROSS JOIN source_key
    WHERE tenant = ?1 AND source_key.key >= json_extract(input.value, '$[0]')
      AND source_key.key < coalesce(json_extract(input.value, '$[1]'), x'')
"""


def sources(snapshot: Snapshot, homes: frozenset[int], keys: Sequence[str], numbers: Sequence[int]) -> list[SourceRow]:
    """The rows with some keys, and those of some memories, of memories that live at one of the homes."""
    connection = snapshot.connection
    rows: list[Row] = connection.execute(_BY_MEMORY, (ints(numbers),)).fetchall() if numbers else []
    for key in keys:
        if key and not key.endswith("/"):
            rows += connection.execute(_BY_KEY, (snapshot.tenant.number, key))
        else:
            rows += connection.execute(_BELOW, (snapshot.tenant.number, *_span(key)))
    found = {row[:5]: None for row in rows if row[5] in homes}
    return [
        SourceRow(memory, key, Stamp(seq, from_micros(at), branch))
        for memory, key, seq, at, branch in sorted(found, key=lambda row: (row[2], row[1]))
    ]


def numbers_on(snapshot: Snapshot, paths: Sequence[str]) -> Iterator[int]:
    """Numbers of the memories with a source key that one of the paths asks for."""
    is_on, bounds = path_test(paths), json.dumps(list(map(_bounds, paths)))
    for number, key in snapshot.connection.execute(_NUMBERS, (snapshot.tenant.number, bounds)):
        if is_on(key):
            yield number


def _bounds(path: str) -> tuple[str, str | None]:
    """The least key that a path may mean, and a key behind all of them; None if no key is."""
    is_exact = not is_glob(path) and not path.endswith("/")
    return (path, f"{path}\x01") if is_exact else _span(fixed_part(path))


def _span(folder: str) -> tuple[str, str | None]:
    """The least key below a folder, and the least key behind it; "" is the folder of all."""
    return (folder, f"{folder[:-1]}0") if folder else ("", None)
