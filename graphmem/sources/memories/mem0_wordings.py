"""The wordings of a memory of mem0 over time: its history as rows, in JSON or in the SQLite file of mem0."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from graphmem.deferred_dataclass import dataclass
from graphmem.errors import InvalidInput
from graphmem.sources.memories.clock import Clock
from graphmem.sources.memories.export import Gathered
from graphmem.sources.memories.text_files import checked, file_text

UNDATED = "a former wording without a date: it has no place in time"
NO_EVENT = "a history entry of no memory"
_MAGIC = b"SQLite format 3\x00"
_COLUMNS = ("memory_id", "old_memory", "new_memory", "event", "created_at", "updated_at")
_ROWS = "SELECT memory_id, old_memory, new_memory, event, created_at, updated_at FROM history ORDER BY rowid"


@dataclass(frozen=True, slots=True)
class Wording:
    """The text of a memory from a moment on; None if it was deleted then."""

    text: str | None
    since: datetime | None


#: Wordings by the memory's id, first to last.
Wordings = Mapping[str, list[Wording]]


def is_history(record: object) -> bool:
    """True if a value looks like a row of a history."""
    return isinstance(record, dict) and "memory_id" in record and "event" in record


def is_sqlite(path: Path) -> bool:
    """True if a file is an SQLite database."""
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return stream.read(len(_MAGIC)) == _MAGIC


def rows_in(path: Path) -> list[Mapping[str, Any]]:
    """The rows of a history file: SQLite, or JSON as a list, or as lists by memory id.

    Raises:
        InvalidInput: It is none of these.
    """
    if is_sqlite(checked(path)):
        return list(_sqlite_rows(path))
    try:
        result = json.loads(file_text(path))
    except (ValueError, RecursionError) as exc:
        raise InvalidInput(f"{str(path)!r} is neither an SQLite file nor JSON: give mem0's history.db") from exc
    return flattened(result)


def flattened(result: object) -> list[Mapping[str, Any]]:
    """Rows in a list, or in lists by memory id."""
    if isinstance(result, dict):
        return [row for rows in result.values() for row in flattened(rows)]
    return [row for row in result if isinstance(row, dict)] if isinstance(result, list) else []


def wordings(rows: Iterable[Mapping[str, Any]], clock: Clock, gathered: Gathered, path: str) -> Wordings:
    """The wordings of each memory, from the rows of a history."""
    by_memory: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        key = row.get("memory_id")
        if isinstance(key, str) and key:
            by_memory[key].append(row)
        else:
            gathered.lose(path, 1, NO_EVENT, row)
    return {key: list(_life(own, clock, gathered, path)) for key, own in by_memory.items()}


def _life(rows: list[Mapping[str, Any]], clock: Clock, gathered: Gathered, path: str) -> Iterator[Wording]:
    dated = [(_at(row, clock, path), row) for row in rows]
    last = max((at for at, _ in dated if at is not None), default=None)
    ordered = sorted(dated, key=lambda event: (event[0] is None, event[0] or last))
    current: str | None = None
    for index, (at, row) in enumerate(ordered):
        old, new = row.get("old_memory"), row.get("new_memory")
        if index == 0 and isinstance(old, str) and old:
            yield Wording(old, clock.moment(row.get("created_at"), path, 1))
            current = old
        is_gone = row.get("event") == "DELETE"
        if not is_gone and (not isinstance(new, str) or not new or new == current):
            continue
        if at is None and index:
            gathered.lose(path, 1, UNDATED, row.get("memory_id"))
            continue
        current = None if is_gone else new
        yield Wording(current, at)


def _at(row: Mapping[str, Any], clock: Clock, path: str) -> datetime | None:
    """The time of an event; an update and a deletion also have the time at which the memory began."""
    is_first = row.get("event") == "ADD"
    written = row.get("created_at") if is_first else row.get("updated_at") or row.get("created_at")
    return clock.moment(written, path, 1)


def _sqlite_rows(path: Path) -> Iterator[Mapping[str, Any]]:
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            for row in connection.execute(_ROWS):
                yield dict(zip(_COLUMNS, row, strict=True))
    except sqlite3.Error as exc:
        raise InvalidInput(f"{str(path)!r} holds no history of mem0 ({exc}): give its history.db") from exc
