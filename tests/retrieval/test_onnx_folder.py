"""Models in folders on ONNX Runtime, with a tiny one whose vectors are known."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from graphmem.errors import Unsupported
from graphmem.retrieval.embedder import EmbedderMissing, card_of, find_backend, question_vector
from graphmem.retrieval.minilm import MiniLM, graph_path, installed_folder
from graphmem.retrieval.onnx_folder import OnnxFolder, files_of, is_meant
from tests.tiny_model import TABLE, WORDS, pooled, write_model

POOLING = "1_Pooling/config.json"
E5 = {"prompts": {"query": "query: ", "passage": "passage: "}}


def rows(*words: str) -> NDArray[np.float32]:
    return TABLE[[WORDS.index(word) for word in words]]


def unit(row: NDArray[np.float32]) -> list[float]:
    return [round(float(one), 5) for one in row / np.linalg.norm(row)]


def numbers(row: NDArray[np.float32]) -> list[float]:
    return [round(float(one), 5) for one in row]


def vector(folder: Path, text: str) -> list[float]:
    return numbers(OnnxFolder.find(folder).embed([text])[0])


def test_without_a_word_on_it_a_vector_is_the_mean_of_those_of_the_tokens(tmp_path: Path) -> None:
    assert vector(write_model(tmp_path), "cat dog dog") == unit(rows("cat", "dog", "dog").mean(axis=0))


@pytest.mark.parametrize(
    ("told", "pooling"),
    [
        (pooled(mean_tokens=True, cls_token=False), "mean"),
        (pooled(mean_tokens=False, cls_token=True), "cls"),
        ({"pooling_mode": "cls"}, "cls"),
        ({"pooling_mode": "mean"}, "mean"),
    ],
)
def test_pooling_is_read_from_its_configuration(tmp_path: Path, told: object, pooling: str) -> None:
    modules = [
        {"type": "sentence_transformers.models.Transformer", "path": ""},
        {"type": "sentence_transformers.models.Pooling", "path": "9_Pool"},
        {"type": "sentence_transformers.models.Normalize", "path": "2_Normalize"},
    ]
    folder = write_model(tmp_path, {"modules.json": modules, "9_Pool/config.json": told})
    found = rows("dog", "cat")
    assert vector(folder, "dog cat") == unit(found[0] if pooling == "cls" else found.mean(axis=0))


def test_questions_and_texts_have_their_own_words_before_them(tmp_path: Path) -> None:
    model = OnnxFolder.find(write_model(tmp_path, {"config_sentence_transformers.json": E5}))
    asked, told = question_vector(model, "cat"), model.embed(["cat"])[0]
    assert numbers(asked) == unit(rows("query", ":", "cat").mean(axis=0))
    assert numbers(told) == unit(rows("passage", ":", "cat").mean(axis=0))


def test_a_prompt_for_all_stands_before_both(tmp_path: Path) -> None:
    told = {"prompts": {"all": "passage: "}, "default_prompt_name": "all"}
    model = OnnxFolder.find(write_model(tmp_path, {"config_sentence_transformers.json": told}))
    assert list(question_vector(model, "cat")) == list(model.embed(["cat"])[0])
    assert numbers(model.embed(["cat"])[0]) == unit(rows("passage", ":", "cat").mean(axis=0))


def test_a_vector_does_not_depend_on_what_it_is_made_with(tmp_path: Path) -> None:
    model = OnnxFolder.find(write_model(tmp_path))
    texts = ["cat", "dog car", "car", "dog", "cat dog car"] * 20
    alone = [list(model.embed([text])[0]) for text in texts]
    assert [list(row) for row in model.embed(texts)] == alone
    assert model.embed([]).shape == (0, 4)


def test_only_so_many_tokens_are_read_and_in_small_letters_where_it_says_so(tmp_path: Path) -> None:
    folder = write_model(tmp_path, {"sentence_bert_config.json": {"max_seq_length": 2, "do_lower_case": True}})
    assert vector(folder, "CAT cat dog car") == unit(rows("cat")[0])


def test_the_graph_may_stand_in_a_folder_of_its_own_and_name_its_inputs_and_output(tmp_path: Path) -> None:
    inputs = ("input_ids", "attention_mask", "token_type_ids", "position_ids")
    folder = write_model(tmp_path, graph="onnx/model.onnx", inputs=inputs, output="token_embeddings")
    assert vector(folder, "cat") == unit(rows("cat")[0])


def test_its_card_has_the_folders_name_the_dimension_and_a_hash_of_all_that_counts(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "tiny-e5", {POOLING: pooled(mean_tokens=True)})
    card = card_of(OnnxFolder.find(folder))
    assert (card.name, card.dimension, len(card.weights_hash)) == ("tiny-e5", 4, 64)
    assert card_of(OnnxFolder.find(Path(shutil.copytree(folder, tmp_path / "a" / "tiny-e5")))) == card
    write_model(folder, {POOLING: pooled(cls_token=True)})
    assert card_of(OnnxFolder.find(folder)).weights_hash != card.weights_hash
    (folder / "1_Pooling" / "config.json").unlink()
    assert OnnxFolder.find(folder).dimension == 4


def test_the_model_that_ships_gives_the_same_vectors_as_a_folder(tmp_path: Path) -> None:
    ours = installed_folder()
    for name in ("model.safetensors", "tokenizer.json"):
        shutil.copy(ours / name, tmp_path / name)
    shutil.copy(graph_path(), tmp_path / "model.onnx")
    model, texts = OnnxFolder.find(tmp_path), ["Keys are UUIDv7", "We deploy on Fridays, with care"]
    assert np.abs(model.embed(texts) - MiniLM.find().embed(texts)).max() < 1e-5
    assert [path.name for path in files_of(tmp_path)] == ["model.onnx", "model.safetensors", "tokenizer.json"]


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (shutil.rmtree, "no model folder"),
        (lambda folder: (folder / "model.onnx").unlink(), "has no model.onnx and no onnx/model.onnx"),
        (lambda folder: (folder / "tokenizer.json").unlink(), "has no tokenizer.json"),
        (lambda folder: (folder / "config.json").write_text("{"), "config.json' cannot be read"),
        (lambda folder: (folder / "modules.json").write_text("{}"), "does not have the format"),
        (
            lambda folder: (folder / "modules.json").write_text('[{"type": "x.Dense"}]'),
            "a module 'Dense', which needs torch",
        ),
        (lambda folder: write_model(folder, {POOLING: pooled(lasttoken=True)}), "pools by lasttoken"),
        (lambda folder: write_model(folder, {POOLING: {"pooling_mode": "max"}}), "pools by max"),
    ],
)
def test_what_is_missing_or_not_done_here_is_named(tmp_path: Path, spoil: object, told: str) -> None:
    folder = write_model(tmp_path / "model")
    assert callable(spoil)
    spoil(folder)
    found = find_backend("onnx", str(folder))
    assert isinstance(found, EmbedderMissing)
    assert told in found.reason


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda folder: (folder / "model.onnx").write_bytes(b"no graph"), "does not load"),
        (lambda folder: (folder / "tokenizer.json").write_text("{}"), "does not load"),
        (lambda folder: write_model(folder, inputs=("input_ids", "pixel_values")), "needs the input 'pixel_values'"),
        (lambda folder: write_model(folder, {"config.json": {"hidden_size": 7}}), "its files are of different models"),
    ],
)
def test_what_does_not_load_or_fit_is_told_at_the_first_text(tmp_path: Path, spoil: object, told: str) -> None:
    folder = write_model(tmp_path / "model")
    assert callable(spoil)
    spoil(folder)
    with pytest.raises(Unsupported, match=told):
        OnnxFolder.find(folder).embed(["cat"])


def test_without_a_folder_or_a_package_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = find_backend("onnx", None)
    assert isinstance(found, EmbedderMissing)
    assert "set GRAPHMEM_MODEL" in found.reason
    monkeypatch.setattr("graphmem.retrieval.onnx_folder.find_spec", lambda name: None if name == "tokenizers" else name)
    found = find_backend("onnx", str(write_model(tmp_path)))
    assert isinstance(found, EmbedderMissing)
    assert found.reason.endswith("Run: pip install tokenizers")


def test_a_folder_is_meant_for_it_with_a_graph_or_without_weights_of_another_form(tmp_path: Path) -> None:
    assert is_meant(str(write_model(tmp_path / "one")))
    (tmp_path / "torch").mkdir()
    assert is_meant(str(tmp_path / "torch"))
    (tmp_path / "torch" / "model.safetensors").touch()
    assert [is_meant(one) for one in (str(tmp_path / "torch"), "owner/name", "/nowhere")] == [False] * 3
