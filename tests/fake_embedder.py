"""An embedder for tests: a bag of hashed words, deterministic, with no model."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

import numpy as np

from graphmem.retrieval.embedder import EmbedderMissing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


class FakeEmbedder:
    """Texts that share words point the same way; texts that share none are nearly orthogonal."""

    def __init__(self, name: str = "fake", dimension: int = 32) -> None:
        self.name = name
        self.dimension = dimension
        self.weights_hash = hashlib.sha256(f"{name}/{dimension}".encode()).hexdigest()

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, one row a text; a text without words points along the first axis."""
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        for row, text in zip(vectors, texts, strict=True):
            for word in re.findall(r"\w+", text.lower()):
                digest = hashlib.sha256(word.encode("utf-8", "replace")).digest()
                row[int.from_bytes(digest[:4]) % self.dimension] += 1 if digest[4] % 2 else -1
            if not row.any():
                row[0] = 1
        lengths: NDArray[np.float32] = np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors / lengths


def no_embedder() -> EmbedderMissing:
    """Return why a test has no embedder: its searches are lexical."""
    return EmbedderMissing("no model in this test")
