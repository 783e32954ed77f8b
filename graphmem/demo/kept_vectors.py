"""Vectors that the demo keeps between runs: computing them takes most of its time."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from graphmem.retrieval.embedder import Embedder, EmbedderMissing, question_vector

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_QUESTION, _DOCUMENT = "question", "document"


class KeptVectors:
    """Vectors of texts, by a hash of the model's weights and the text; read from a file and saved to it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kept = _read(path)
        self._used: dict[str, NDArray[np.float32]] = {}

    def around(self, find: Callable[[], Embedder | EmbedderMissing]) -> Callable[[], Embedder | EmbedderMissing]:
        """Return a function that finds an embedder as `find` does, and lets it compute only what is not kept."""

        def find_caching() -> Embedder | EmbedderMissing:
            backend = find()
            return backend if isinstance(backend, EmbedderMissing) else _KeptEmbedder(backend, self)

        return find_caching

    def vector(self, key: str) -> NDArray[np.float32] | None:
        """Return the vector of a key, None if there is none."""
        vector = self._used.get(key, self._kept.get(key))
        if vector is not None:
            self._used[key] = vector
        return vector

    def keep(self, key: str, vector: NDArray[np.float32]) -> None:
        """Keep a vector for the next run."""
        self._used[key] = vector

    def save(self) -> None:
        """Write the vectors that this run used to the file; other ones are forgotten."""
        import numpy as np

        if self._used:
            np.savez(self._path, keys=np.array(list(self._used)), vectors=np.stack(list(self._used.values())))


class _KeptEmbedder:
    """An embedder that looks texts up before it computes their vectors."""

    def __init__(self, backend: Embedder, vectors: KeptVectors) -> None:
        self._backend = backend
        self._kept = vectors
        self.name, self.dimension, self.weights_hash = backend.name, backend.dimension, backend.weights_hash

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors of the texts."""
        import numpy as np

        keys = [self._key(_DOCUMENT, text) for text in texts]
        missing = {key: text for key, text in zip(keys, texts, strict=True) if self._kept.vector(key) is None}
        if missing:
            for key, vector in zip(missing, self._backend.embed(list(missing.values())), strict=True):
                self._kept.keep(key, vector)
        rows = [vector for key in keys if (vector := self._kept.vector(key)) is not None]
        return np.stack(rows) if rows else self._backend.embed([])

    def embed_question(self, text: str) -> NDArray[np.float32]:
        """Return the unit vector of a query."""
        key = self._key(_QUESTION, text)
        vector = self._kept.vector(key)
        if vector is None:
            vector = question_vector(self._backend, text)
            self._kept.keep(key, vector)
        return vector

    def _key(self, role: str, text: str) -> str:
        return hashlib.sha256(f"{self.weights_hash}\n{role}\n{text}".encode()).hexdigest()


def _read(path: Path) -> dict[str, NDArray[np.float32]]:
    """The vectors in a file; none if it is not there or damaged."""
    import numpy as np

    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as content:
            return dict(zip(content["keys"].tolist(), content["vectors"], strict=True))
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile):
        return {}
