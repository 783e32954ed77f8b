"""What an open store keeps in memory of its file."""

from __future__ import annotations

from dataclasses import dataclass, field

from graphmem.adapters.sqlite.remembering import Memo
from graphmem.adapters.sqlite.text_index import TextIndex
from graphmem.adapters.sqlite.vectors import VectorCache

_VECTOR_SPACE_BYTES = 600 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Caches:
    """Words, vectors and rows that were read."""

    texts: TextIndex = field(default_factory=TextIndex)
    vectors: VectorCache = field(default_factory=lambda: VectorCache(_VECTOR_SPACE_BYTES))
    memo: Memo = field(default_factory=Memo)

    def forget(self) -> None:
        """Drop everything: something was erased, or the store is closed."""
        self.texts.forget()
        self.vectors.forget()
        self.memo.forget()
