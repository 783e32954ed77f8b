"""Vectors kept on disk between runs, so that every engine compares the same ones and a second run makes none."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path

import apsw
import numpy as np
from numpy.typing import NDArray

from graphmem.retrieval.embedder import Embedder

_CHUNK = 256
_WAIT_MS = 60_000


class Kept:
    """An embedder that looks up what it was asked before.

    Args:
        real: Makes the vectors that are not there yet.
        connection: A database of its own.
    """

    def __init__(self, real: Embedder, connection: apsw.Connection) -> None:
        self.name, self.dimension, self.weights_hash = real.name, real.dimension, real.weights_hash
        self._real = real
        self._file = connection
        self._file.execute("CREATE TABLE IF NOT EXISTS vectors (text BLOB PRIMARY KEY, vector BLOB) WITHOUT ROWID")
        self._known: dict[bytes, NDArray[np.float32]] = {}

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of the texts, in their order."""
        keys = [blake2b(text.encode(), digest_size=16).digest() for text in texts]
        self._look_up(keys)
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._known}
        self._make(list(missing.items()))
        found = [self._known[key] for key in keys]
        return np.stack(found) if found else np.zeros((0, self.dimension), np.float32)

    def _look_up(self, keys: Sequence[bytes]) -> None:
        for key in keys:
            if key not in self._known:
                for (vector,) in self._file.execute("SELECT vector FROM vectors WHERE text = ?", (key,)):
                    self._known[key] = np.frombuffer(vector, np.float32)

    def _make(self, texts: Sequence[tuple[bytes, str]]) -> None:
        for start in range(0, len(texts), _CHUNK):
            part = texts[start : start + _CHUNK]
            vectors = np.asarray(self._real.embed([text for _, text in part]), np.float32)
            rows = [(key, vector.tobytes()) for (key, _), vector in zip(part, vectors, strict=True)]
            with self._file:
                self._file.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)
            self._known.update(zip((key for key, _ in part), vectors, strict=True))


@contextmanager
def kept(real: Embedder, folder: Path | None = None) -> Iterator[Kept]:
    """The embedder with its file, by its weights; in the folder for temporary files unless told otherwise."""
    place = folder or Path(tempfile.gettempdir()) / "graphmem-truth"
    place.mkdir(parents=True, exist_ok=True)
    connection = apsw.Connection(str(place / f"{real.weights_hash[:16]}.db"))
    connection.set_busy_timeout(_WAIT_MS)
    try:
        yield Kept(real, connection)
    finally:
        connection.close()
