"""A store whose vectors are made by a model in a folder, from the settings to the answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphmem.model import Statement
from graphmem.opening import initialise, open_memory
from tests.tiny_model import write_model

E5 = {"config_sentence_transformers.json": {"prompts": {"query": "query: ", "passage": "passage: "}}}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.delenv("GRAPHMEM_EMBEDDINGS", raising=False)
    monkeypatch.setenv("GRAPHMEM_MODEL", str(write_model(tmp_path / "tiny", E5)))
    return str(initialise(tmp_path / "project"))


def test_it_finds_by_meaning_what_has_no_word_of_the_question(place: str) -> None:
    with open_memory(place) as memory:
        cat = memory.add(Statement(title="cat"), on_similar=None).ids[0]
        memory.add(Statement(title="car"), on_similar=None)
        answer = memory.search("dog")
        assert (answer.mode, answer.hits[0].card.id) == ("hybrid", cat)


def test_of_vectors_of_another_model_it_says_so_until_they_are_made_anew(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_memory(place) as memory:
        memory.add(Statement(title="cat"))
    monkeypatch.setenv("GRAPHMEM_MODEL", str(write_model(tmp_path / "other")))
    with open_memory(place) as memory:
        told = "the store has vectors of another model ('tiny', not 'other'); run: graphmem reindex"
        assert (memory.search("cat").mode, memory.search("cat").note) == ("lexical", told)
        assert memory.reindex() == 1
        assert memory.search("dog").mode == "hybrid"


def test_without_a_file_it_searches_by_words_and_names_the_file(place: str, tmp_path: Path) -> None:
    (tmp_path / "tiny" / "model.onnx").unlink()
    with open_memory(place) as memory:
        memory.add(Statement(title="cat"))
        answer = memory.search("cat")
        assert [hit.card.title for hit in answer.hits] == ["cat"]
        assert "has no model.onnx and no onnx/model.onnx" in (answer.note or "")
