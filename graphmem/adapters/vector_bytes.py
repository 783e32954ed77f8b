"""Vectors as stores keep them, and the score that depends on a vector alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

from graphmem.errors import Conflict, CorruptStore

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from graphmem.store import ModelCard, Vector

_FLOAT_BYTES = 4


def refuse_other_model(card: ModelCard | None, stored: ModelCard | None) -> NoReturn:
    """Refuse vectors that do not go with those of a store.

    Raises:
        Conflict: Always; the message says what to do.
    """
    theirs, ours = ("no model" if one is None else repr(one.name) for one in (stored, card))
    raise Conflict(
        f"these vectors are of {ours}, and another process gave the store {theirs} meanwhile: run graphmem reindex"
        " where the model is installed that is to stay"
    )


def blob(vector: Vector) -> bytes:
    """A vector as it is stored: little-endian float32."""
    import numpy as np

    return np.ascontiguousarray(vector, dtype="<f4").tobytes()


def rows_of_bytes(stored: Sequence[bytes], dimension: int) -> NDArray[np.float32]:
    """Stored vectors as the rows of one array.

    Raises:
        CorruptStore: They are not of that dimension.
    """
    import numpy as np

    data = b"".join(stored)
    if len(data) != len(stored) * dimension * _FLOAT_BYTES:
        raise CorruptStore(f"stored vectors are not of dimension {dimension}; run `graphmem reindex`")
    return np.frombuffer(data, dtype="<f4").reshape(len(stored), dimension)


def exact_scores(
    ids: Sequence[str], rows: NDArray[np.float32], vector: Vector, limit: int
) -> tuple[tuple[str, float], ...]:
    """(id, cosine) of unit vectors, best first, ties by id.

    In double precision and row by row, so that a score is the same in every store and beside any other rows.
    """
    import numpy as np

    scores = (rows.astype(np.float64) * np.asarray(vector, dtype=np.float64)).sum(axis=1).tolist()
    return tuple(sorted(zip(ids, scores, strict=True), key=lambda one: (-one[1], one[0]))[: max(limit, 0)])
