"""Checks which op_ids, memory ids and contents a tenant already has, for a whole chunk of requests at once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from contextlib import suppress

from graphmem.adapters.sqlite.snapshot import Snapshot
from graphmem.adapters.sqlite.values import ints
from graphmem.model import Add, Request
from graphmem.rows import Needs

_ALL = """
    SELECT 0, op_id FROM json_each(?2) AS input CROSS JOIN entry ON op_id = value AND tenant = ?1
    UNION ALL SELECT 1, memory.id FROM json_each(?3) AS input CROSS JOIN memory ON memory.id = value AND tenant = ?1
    UNION ALL SELECT 2, content FROM json_each(?4) AS input CROSS JOIN memory ON content = value AND tenant = ?1
"""
_SINGLE = (
    "SELECT (SELECT 1 FROM entry WHERE op_id = ?2 AND tenant = ?1),"
    " (SELECT 1 FROM memory WHERE id = ?3 AND tenant = ?1),"
    " (SELECT 1 FROM memory WHERE content = ?4 AND tenant = ?1 LIMIT 1)"
)
_OP_ID = "SELECT op_id FROM entry WHERE op_id = ? AND tenant = ?"
_ID = "SELECT id FROM memory WHERE id = ? AND tenant = ?"


class ExistingKeys:
    """The op_ids, memory ids and content numbers that are stored or pending in the current batch."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._connection = snapshot.connection
        self._tenant = snapshot.tenant
        self._op_ids: set[str] = set()
        self._ids: set[str] = set()
        self._contents: set[int] = set()

    def look_up(self, requests: Sequence[Request], needs: Sequence[Needs]) -> None:
        """Query the stored keys among those of these requests."""
        op_ids = [request.op_id for request in requests]
        ids = [request.operation.memory.id for request in requests if isinstance(request.operation, Add)]
        contents = [number for need in needs if (number := content_number(need.content)) is not None]
        if len(requests) == 1:
            # For a single request this takes a tenth of the time of the array query.
            with suppress(UnicodeEncodeError):  # invalid UTF-8 cannot be stored; the write is refused by name later
                self._look_up_single(op_ids[0], ids[0] if ids else None, contents[0] if contents else None)
        else:
            self._look_up_all(op_ids, ids, contents)

    def has_op_id(self, op_id: str) -> bool:
        """Return whether an entry of this `op_id` is stored or pending."""
        return op_id in self._op_ids

    def is_fresh(self, operation: Add, content: int | None) -> bool:
        """Return whether the memory's id is new, and its content too if the plan needs that."""
        return operation.memory.id not in self._ids and content not in self._contents

    def note(self, op_id: str) -> None:
        """Record the op_id of a pending entry."""
        self._op_ids.add(op_id)

    def note_memory(self, memory_id: str, content: int | None) -> None:
        """Record the id and content of a pending memory."""
        self._ids.add(memory_id)
        if content is not None:
            self._contents.add(content)

    def forget(self) -> None:
        """Drop all keys: every pending row is written and can be queried."""
        self._op_ids.clear()
        self._ids.clear()
        self._contents.clear()

    def _look_up_single(self, op_id: str, memory_id: str | None, content: int | None) -> None:
        parameters = (self._tenant.number, op_id, memory_id, content)
        has_op_id, has_id, has_content = self._connection.execute(_SINGLE, parameters).fetchone() or (None, None, None)
        if has_op_id:
            self._op_ids.add(op_id)
        if has_id and memory_id is not None:
            self._ids.add(memory_id)
        if has_content and content is not None:
            self._contents.add(content)

    def _look_up_all(self, op_ids: Sequence[str], ids: Sequence[str], contents: Sequence[int]) -> None:
        existing: tuple[set[str], set[str], set[int]] = (self._op_ids, self._ids, self._contents)
        parameters = (self._tenant.number, _texts(op_ids), _texts(ids), ints(contents))
        for kind, value in self._connection.execute(_ALL, parameters):
            existing[kind].add(value)
        # SQLite's JSON truncates strings at a NUL character.
        for op_id in filter(_has_nul, op_ids):
            if self._connection.execute(_OP_ID, (op_id, self._tenant.number)).get is not None:
                self._op_ids.add(op_id)
        for memory_id in filter(_has_nul, ids):
            if self._connection.execute(_ID, (memory_id, self._tenant.number)).get is not None:
                self._ids.add(memory_id)


def content_number(content_hash: str | None) -> int | None:
    """Return the first eight bytes of a content hash as a signed integer."""
    if content_hash is None:
        return None
    number = int(content_hash[:16], 16)
    return number - (1 << 64) if number >> 63 else number


def _has_nul(value: str) -> bool:
    return "\0" in value


def _texts(values: Iterable[str]) -> str:
    """Return a JSON array of the strings without NUL characters: SQLite would truncate the others."""
    return json.dumps([value for value in values if not _has_nul(value)])
