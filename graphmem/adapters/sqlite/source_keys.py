"""Rows that tell under which key a source has the statement of a memory: found by key, by memory and by path."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from graphmem.adapters.sqlite.snapshot import Snapshot
from graphmem.adapters.sqlite.values import Row, ints
from graphmem.instants import from_micros
from graphmem.repository.path_patterns import fixed_part, path_pattern
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
    SELECT memory, key FROM source_key WHERE tenant = ?1 AND key >= ?2 AND (?3 IS NULL OR key < ?3)
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


def numbers_on(snapshot: Snapshot, paths: Iterable[str]) -> Iterator[int]:
    """Numbers of the memories with a source key that one of the paths asks for."""
    for path in paths:
        pattern, start = path_pattern([path]), fixed_part(path)
        is_exact = pattern is None and not path.endswith("/")
        test = None if pattern is None else re.compile(pattern)
        span = (start, f"{start}\0") if is_exact else _span(start)
        for number, key in snapshot.connection.execute(_NUMBERS, (snapshot.tenant.number, *span)):
            if test is None or test.fullmatch(key):
                yield number


def _span(folder: str) -> tuple[str, str | None]:
    """The least key below a folder, and the least key behind it; "" is the folder of all."""
    return (folder, f"{folder[:-1]}0") if folder else ("", None)
