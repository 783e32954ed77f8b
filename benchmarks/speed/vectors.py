"""An embedder that looks vectors up, so that the store is measured and not the model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.speed.corpus import DIMENSION

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vector = NDArray[np.float32]


class LookUp:
    """Gives the vectors that it was told, one for each text."""

    name = "looked up"
    dimension = DIMENSION
    weights_hash = "0" * 64

    def __init__(self) -> None:
        self._known: dict[str, Vector] = {}
        #: Of a text that nobody told of, such as a question with a word in another spelling.
        self._other = np.full(DIMENSION, DIMENSION**-0.5, np.float32)

    def expect(self, vectors: Mapping[str, Vector]) -> None:
        """Know these texts; all others get one vector."""
        self._known = dict(vectors)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See `graphmem.retrieval.embedder.Embedder.embed`."""
        return np.stack([self._known.get(text, self._other) for text in texts])

    def door(self) -> Callable[[], LookUp]:
        """What `graphmem.open` takes."""
        return lambda: self
