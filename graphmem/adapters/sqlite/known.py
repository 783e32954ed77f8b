"""What the store knows of requests before they are planned, looked up for a whole chunk at once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from contextlib import suppress

import apsw

from graphmem.adapters.sqlite.values import Tenant, ints
from graphmem.model import Add, Request
from graphmem.rows import Needs

_ALL = """
    SELECT 0, op_id FROM json_each(?2) AS asked CROSS JOIN entry ON op_id = value AND tenant = ?1
    UNION ALL SELECT 1, memory.id FROM json_each(?3) AS asked CROSS JOIN memory ON memory.id = value AND tenant = ?1
    UNION ALL SELECT 2, content FROM json_each(?4) AS asked CROSS JOIN memory ON content = value AND tenant = ?1
"""
_ONE = (
    "SELECT (SELECT 1 FROM entry WHERE op_id = ?2 AND tenant = ?1),"
    " (SELECT 1 FROM memory WHERE id = ?3 AND tenant = ?1),"
    " (SELECT 1 FROM memory WHERE content = ?4 AND tenant = ?1 LIMIT 1)"
)
_OP_ID = "SELECT op_id FROM entry WHERE op_id = ? AND tenant = ?"
_ID = "SELECT id FROM memory WHERE id = ? AND tenant = ?"


class Known:
    """Which of the requests at hand the tenant may have met before: by `op_id`, by a memory's id, by its content.

    What a batch records without writing it yet is noted here too.
    """

    def __init__(self, connection: apsw.Connection, tenant: Tenant) -> None:
        self._connection = connection
        self._tenant = tenant
        self._op_ids: set[str] = set()
        self._ids: set[str] = set()
        self._contents: set[int] = set()

    def look_up(self, requests: Sequence[Request], needs: Sequence[Needs]) -> None:
        """Learn what is written of these requests."""
        op_ids = [request.op_id for request in requests]
        ids = [one.operation.memory.id for one in requests if isinstance(one.operation, Add)]
        contents = [number for one in needs if (number := content_number(one.content)) is not None]
        if len(requests) == 1:
            # Alone, a request is asked for in a tenth of the time that an array takes.
            with suppress(UnicodeEncodeError):  # what is no text is not known, and is refused by name later
                self._look_up_one(op_ids[0], ids[0] if ids else None, contents[0] if contents else None)
        else:
            self._look_up_all(op_ids, ids, contents)

    def has_op_id(self, op_id: str) -> bool:
        """Whether an entry of this `op_id` is written or on its way."""
        return op_id in self._op_ids

    def is_fresh(self, operation: Add, content: int | None) -> bool:
        """Whether nothing is known of a memory's id, nor of its content if that matters to the plan."""
        return operation.memory.id not in self._ids and content not in self._contents

    def note(self, op_id: str) -> None:
        """An entry is on its way."""
        self._op_ids.add(op_id)

    def note_memory(self, key: str, content: int | None) -> None:
        """A memory is on its way."""
        self._ids.add(key)
        if content is not None:
            self._contents.add(content)

    def forget(self) -> None:
        """All is written: from here on it can be looked up."""
        self._op_ids.clear()
        self._ids.clear()
        self._contents.clear()

    def _look_up_one(self, op_id: str, key: str | None, content: int | None) -> None:
        asked = (self._tenant.number, op_id, key, content)
        has_op_id, has_id, has_content = self._connection.execute(_ONE, asked).fetchone() or (None, None, None)
        if has_op_id:
            self._op_ids.add(op_id)
        if has_id and key is not None:
            self._ids.add(key)
        if has_content and content is not None:
            self._contents.add(content)

    def _look_up_all(self, op_ids: Sequence[str], ids: Sequence[str], contents: Sequence[int]) -> None:
        found: tuple[set[str], set[str], set[int]] = (self._op_ids, self._ids, self._contents)
        asked = (self._tenant.number, _texts(op_ids), _texts(ids), ints(contents))
        for which, value in self._connection.execute(_ALL, asked):
            found[which].add(value)
        # SQLite's JSON cuts texts off at a NUL character.
        for op_id in filter(_has_nul, op_ids):
            if self._connection.execute(_OP_ID, (op_id, self._tenant.number)).get is not None:
                self._op_ids.add(op_id)
        for key in filter(_has_nul, ids):
            if self._connection.execute(_ID, (key, self._tenant.number)).get is not None:
                self._ids.add(key)


def content_number(content_hash: str | None) -> int | None:
    """The first eight bytes of a content hash as a signed integer."""
    if content_hash is None:
        return None
    number = int(content_hash[:16], 16)
    return number - (1 << 64) if number >> 63 else number


def _has_nul(value: str) -> bool:
    return "\0" in value


def _texts(values: Iterable[str]) -> str:
    """A JSON array of those texts that SQLite reads whole."""
    return json.dumps([value for value in values if not _has_nul(value)])
