"""The demo keeps the vectors of a run, so that the next one computes only what is new."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from graphmem.demo.kept_vectors import KeptVectors
from graphmem.retrieval.embedder import Embedder, EmbedderMissing, question_vector
from tests.fake_embedder import FakeEmbedder, no_embedder

if TYPE_CHECKING:
    from numpy.typing import NDArray


class CountingEmbedder(FakeEmbedder):
    """A fake that notes the texts whose vectors it computes."""

    def __init__(self, name: str = "fake") -> None:
        super().__init__(name)
        self.computed: list[str] = []

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.computed += texts
        return super().embed(texts)


def embedded(path: Path, backend: CountingEmbedder, *texts: str) -> NDArray[np.float32]:
    """The vectors of a run, which saves them."""
    kept = KeptVectors(path)
    vectors = around(kept, backend).embed(texts)
    kept.save()
    return vectors


def around(kept: KeptVectors, backend: Embedder) -> Embedder:
    found = kept.around(lambda: backend)()
    assert not isinstance(found, EmbedderMissing)
    return found


def test_a_second_run_computes_only_new_texts_and_answers_the_same(tmp_path: Path) -> None:
    first, second = CountingEmbedder(), CountingEmbedder()
    before = embedded(tmp_path / "v.npz", first, "logs are json", "keys are uuids")
    after = embedded(tmp_path / "v.npz", second, "keys are uuids", "money is cents", "logs are json")
    assert (first.computed, second.computed) == (["logs are json", "keys are uuids"], ["money is cents"])
    assert np.array_equal(after[[2, 0]], before)


def test_a_text_that_a_run_does_not_use_is_forgotten(tmp_path: Path) -> None:
    last = CountingEmbedder()
    for text in ("logs are json", "keys are uuids"):
        embedded(tmp_path / "v.npz", CountingEmbedder(), text)
    embedded(tmp_path / "v.npz", last, "logs are json")
    assert last.computed == ["logs are json"]


def test_vectors_of_another_model_do_not_count(tmp_path: Path) -> None:
    other = CountingEmbedder("other")
    embedded(tmp_path / "v.npz", CountingEmbedder(), "logs are json")
    embedded(tmp_path / "v.npz", other, "logs are json")
    assert other.computed == ["logs are json"]


def test_questions_are_kept_apart_from_texts(tmp_path: Path) -> None:
    backend = CountingEmbedder()
    kept = around(KeptVectors(tmp_path / "v.npz"), backend)
    kept.embed(["logs"])
    assert np.array_equal(question_vector(kept, "logs"), question_vector(kept, "logs"))
    assert backend.computed == ["logs", "logs"]


@pytest.mark.parametrize("content", [b"", b"not vectors", b"PK\x03\x04 cut off"])
def test_a_damaged_file_is_no_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "v.npz").write_bytes(content)
    assert embedded(tmp_path / "v.npz", CountingEmbedder(), "logs are json").shape == (1, 32)


def test_no_texts_and_no_model_stay_so(tmp_path: Path) -> None:
    kept = KeptVectors(tmp_path / "v.npz")
    assert kept.around(no_embedder)() == no_embedder()
    assert around(kept, CountingEmbedder()).embed([]).shape == (0, 32)
    kept.save()
    assert not (tmp_path / "v.npz").exists()
