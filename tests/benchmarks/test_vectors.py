from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.truth.vectors import kept


class Counting:
    name, dimension, weights_hash = "counting", 2, "0" * 64

    def __init__(self) -> None:
        self.made: list[str] = []

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.made += texts
        return np.array([[len(text), 1] for text in texts], np.float32)


def test_a_vector_is_made_once_and_found_by_the_next_run(tmp_path: Path) -> None:
    real = Counting()
    for _ in range(2):
        with kept(real, tmp_path) as backend:
            assert backend.embed(["ab", "c", "ab"]).tolist() == [[2, 1], [1, 1], [2, 1]]
    assert real.made == ["ab", "c"]


def test_no_texts_give_no_vectors(tmp_path: Path) -> None:
    with kept(Counting(), tmp_path) as backend:
        assert backend.embed([]).shape == (0, 2)
