"""The stored form of vectors, and exact cosine scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

from graphmem.errors import Conflict, CorruptStore

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from graphmem.store import ModelCard, Vector

_FLOAT_BYTES = 4


def refuse_model_conflict(card: ModelCard | None, stored: ModelCard | None) -> NoReturn:
    """Refuse vectors of a model that differs from the store's.

    Raises:
        Conflict: Always; the message names the fix.
    """
    stored_name, new_name = ("no model" if model is None else repr(model.name) for model in (stored, card))
    raise Conflict(
        f"these vectors are of {new_name}, but another process has set the store's model to {stored_name}: run"
        " graphmem reindex on a machine that has the model to keep"
    )


def blob(vector: Vector) -> bytes:
    """Return the stored form of a vector: little-endian float32."""
    import numpy as np

    return np.ascontiguousarray(vector, dtype="<f4").tobytes()


def rows_of_bytes(stored: Sequence[bytes], dimension: int) -> NDArray[np.float32]:
    """Return stored vectors as the rows of an array.

    Raises:
        CorruptStore: A vector has another dimension.
    """
    import numpy as np

    data = b"".join(stored)
    if len(data) != len(stored) * dimension * _FLOAT_BYTES:
        raise CorruptStore(f"a stored vector does not have dimension {dimension}; run `graphmem reindex`")
    return np.frombuffer(data, dtype="<f4").reshape(len(stored), dimension)


def exact_scores(
    ids: Sequence[str], rows: NDArray[np.float32], vector: Vector, limit: int
) -> tuple[tuple[str, float], ...]:
    """Return (id, cosine) of unit vectors, best first, ties by id.

    Scores are computed in double precision and row by row, so that they are the same in every store.
    """
    import numpy as np

    scores = (rows.astype(np.float64) * np.asarray(vector, dtype=np.float64)).sum(axis=1).tolist()
    return tuple(sorted(zip(ids, scores, strict=True), key=lambda score: (-score[1], score[0]))[: max(limit, 0)])
