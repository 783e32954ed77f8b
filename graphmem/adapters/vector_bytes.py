"""Vectors as stores keep them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from graphmem.store import Vector


def blob(vector: Vector) -> bytes:
    """A vector as it is stored: little-endian float32."""
    import numpy as np

    return np.ascontiguousarray(vector, dtype="<f4").tobytes()
