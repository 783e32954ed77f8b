"""Whether any memory of a file has some words, names or ids, looked up without opening the store.

A hook imports this module: it imports little. It reads without verifying checksums, changes nothing, and answers for
all tenants and readers together: "no" is certain, "yes" is not.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable

import apsw

from graphmem.adapters.sqlite.keyed_hashes import hashes_of, names
from graphmem.adapters.sqlite.packed_segment import DamagedSegment, PackedSegment
from graphmem.adapters.sqlite.schema_steps import SCHEMA_VERSION

_VERSION = "SELECT value FROM meta WHERE key = 'schema_version'"
_KEYS = "SELECT key FROM tenant"
_SEGMENTS = "SELECT first, data FROM segment"
_BEGINNING = "SELECT 1 FROM memory WHERE id >= ?1 AND id < ?2 LIMIT 1"
_BUSY_MS = 200


class HeldWords:
    """The words that the memories of a file have.

    Args:
        path: The file.

    Raises:
        OSError: The file cannot be read, or is of another schema.
    """

    def __init__(self, path: str) -> None:
        try:
            self._connection = _opened(path)
            version = self._connection.execute(_VERSION).get
            if sys.byteorder == "big" or version != str(SCHEMA_VERSION):
                raise OSError(f"{path!r} has schema {version!r}")
            self._hashes = [hashes_of(str(key)) for (key,) in self._connection.execute(_KEYS)]
            self._segments = [PackedSegment(*row) for row in self._connection.execute(_SEGMENTS)]
        except (apsw.Error, DamagedSegment) as problem:
            raise OSError(f"{path!r} cannot be read: {problem}") from problem

    def has_term(self, terms: Iterable[str]) -> bool:
        """Return True if a memory may have one of the terms (`graphmem.terms`)."""
        every = set(terms)
        return any(self._has_hash(hashes[term]) for hashes in self._hashes for term in every)

    def has_name(self, keys: Iterable[str]) -> bool:
        """Return True if a memory may have one of the name keys (`graphmem.words.name_key`)."""
        every = set(keys)
        return any(self._has_hash(term) for hashes in self._hashes for term in names(every, hashes))

    def has_id(self, beginnings: Iterable[str]) -> bool:
        """Return True if the id of a memory begins with one of the words."""
        words = [word for word in beginnings if word]
        return any(self._connection.execute(_BEGINNING, (word, f"{word}\U0010ffff")).get is not None for word in words)

    def _has_hash(self, term: int) -> bool:
        return any(segment.frequency(term) for segment in self._segments)


def _opened(path: str) -> apsw.Connection:
    connection = apsw.Connection(path, flags=apsw.SQLITE_OPEN_READWRITE)
    connection.set_busy_timeout(_BUSY_MS)
    # Another connection than the last that closes must leave the log as it is.
    connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
    connection.execute("PRAGMA query_only = ON")
    connection.execute("BEGIN")
    return connection
