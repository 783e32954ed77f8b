"""In-memory caches of an open store."""

from __future__ import annotations

from graphmem.adapters.sqlite.row_cache import LatestRowCache
from graphmem.adapters.sqlite.text_index import TextIndex
from graphmem.adapters.sqlite.vectors import VectorCache
from graphmem.deferred_dataclass import dataclass, field

_VECTOR_SPACE_BYTES = 600 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class StoreCaches:
    """Term postings, vectors and rows read from the file."""

    texts: TextIndex = field(default_factory=TextIndex)
    vectors: VectorCache = field(default_factory=lambda: VectorCache(_VECTOR_SPACE_BYTES))
    rows_cache: LatestRowCache = field(default_factory=LatestRowCache)

    def forget(self) -> None:
        """Drop everything: content was erased, or the store is being closed."""
        self.texts.forget()
        self.vectors.forget()
        self.rows_cache.forget()
