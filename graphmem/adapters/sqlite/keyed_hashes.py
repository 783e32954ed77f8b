"""Keyed hashes of words and names. A hook imports this module: it imports little."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from graphmem.digests import blake2b

TYPE_CHECKING = False  # typing takes milliseconds to import
if TYPE_CHECKING:
    from typing import TypeVar

    _Hash = TypeVar("_Hash")

HASH_BYTES = 8
_MOST_HASHES = 131_072


class TermBytes(dict[str, bytes]):
    """The hashes of recent terms under a tenant's key, as segments have them: little-endian."""

    def __init__(self, key: str) -> None:
        self._key = blake2b(key.encode(), digest_size=32).digest()

    def __missing__(self, term: str) -> bytes:
        if len(self) >= _MOST_HASHES:
            self.clear()
        data = term.encode("utf-8", "surrogatepass")
        hashed = self[term] = blake2b(data, digest_size=HASH_BYTES, key=self._key).digest()
        return hashed


class Hashes(dict[str, int]):
    """The hashes of recent terms under a tenant's key."""

    def __init__(self, key: str) -> None:
        self._bytes_of = TermBytes(key).__missing__

    def __missing__(self, term: str) -> int:
        if len(self) >= _MOST_HASHES:
            self.clear()
        hashed = self[term] = int.from_bytes(self._bytes_of(term), "little")
        return hashed


@lru_cache(maxsize=16)
def hashes_of(key: str) -> Hashes:
    """Return the hashes under a tenant's key; the latest 16 keys are cached."""
    return Hashes(key)


def names(keys: Iterable[str], hashes: dict[str, _Hash]) -> list[_Hash]:
    """Return the terms of names, for exact lookup (`graphmem.ranking.name_key`)."""
    return [hashes[f"\0n{key}"] for key in keys]
