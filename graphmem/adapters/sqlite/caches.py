"""In-memory caches of an open store."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from graphmem.adapters.sqlite.row_cache import LatestRowCache
from graphmem.adapters.sqlite.text_index import TextIndex

if TYPE_CHECKING:
    from graphmem.adapters.sqlite.vectors import VectorCache

_VECTOR_SPACE_BYTES = 600 * 1024 * 1024


class StoreCaches:
    """Term postings, vectors and rows read from the file.

    Args:
        vectors: The vectors; a cache that is made when it is used if not given.
    """

    def __init__(self, vectors: VectorCache | None = None) -> None:
        if vectors is not None:
            self.vectors = vectors
        self.texts = TextIndex()
        self.rows_cache = LatestRowCache()

    @cached_property
    def vectors(self) -> VectorCache:
        """The vectors; a process that compares none does not import their module."""
        from graphmem.adapters.sqlite.vectors import VectorCache

        return VectorCache(_VECTOR_SPACE_BYTES)

    def forget(self) -> None:
        """Drop everything: content was erased, or the store is being closed."""
        self.texts.forget()
        if "vectors" in vars(self):
            self.vectors.forget()
        self.rows_cache.forget()
