"""The backend on sentence-transformers as far as it goes without it; `tools/check_sentence_transformers.py` has it."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from graphmem.errors import Unsupported
from graphmem.retrieval import minilm, named_model
from graphmem.retrieval.embedder import EmbedderMissing, find_named_model
from graphmem.retrieval.named_model import NamedModel


class FakeTransformer:
    """What sentence-transformers makes of a folder: vectors of three numbers, not all of length one."""

    max_seq_length = 128

    def __init__(self, folder: str, **options: object) -> None:
        self.folder = folder
        self.options = options

    def eval(self) -> None:
        """As torch has it."""

    def encode(self, texts: list[str], **_: object) -> NDArray[np.float64]:
        rows = np.array([[len(text), 1.0, 0.0] for text in texts])
        unit: NDArray[np.float64] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return unit


class Hub:
    """Which models were downloaded before, and which are asked for."""

    def __init__(self, folder: Path, *, is_there: bool) -> None:
        self.folder = folder
        self.is_there = is_there
        self.asked: list[tuple[str, bool]] = []

    def snapshot_download(self, name: str, *, allow_patterns: list[str], local_files_only: bool = False) -> str:
        assert "*.safetensors" in allow_patterns
        self.asked.append((name, local_files_only))
        if local_files_only and not self.is_there:
            raise FileNotFoundError(name)
        return str(self.folder)


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    package = ModuleType("sentence_transformers")
    package.SentenceTransformer = FakeTransformer  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "sentence_transformers", package)
    bars = SimpleNamespace(
        is_progress_bar_enabled=lambda: True, disable_progress_bar=lambda: None, enable_progress_bar=lambda: None
    )
    utilities: Any = SimpleNamespace(logging=bars)
    monkeypatch.setitem(sys.modules, "transformers.utils", utilities)
    monkeypatch.setattr(named_model, "find_spec", lambda _: object())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "model.safetensors").write_bytes(b"weights")
    return tmp_path / "mine"


def put_hub(monkeypatch: pytest.MonkeyPatch, hub: Hub) -> None:
    errors: Any = SimpleNamespace(LocalEntryNotFoundError=FileNotFoundError)
    there: Any = hub
    monkeypatch.setitem(sys.modules, "huggingface_hub", there)
    monkeypatch.setitem(sys.modules, "huggingface_hub.errors", errors)


def test_looking_for_it_imports_nothing_heavy() -> None:
    script = (
        "import sys; from graphmem.retrieval.embedder import find_named_model; find_named_model(None); "
        "print(sorted({'numpy', 'torch', 'sentence_transformers'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(named_model, "find_spec", lambda _: None)
    found = find_named_model(None)
    assert isinstance(found, EmbedderMissing)
    assert found.reason.endswith("Run: pip install 'graphmem[sentence-transformers]'")


@pytest.mark.parametrize("model", ["./nowhere", "/no/where", "~/nowhere-at-all", "a/b/c"])
def test_a_folder_that_is_not_there_is_named(model: str) -> None:
    with pytest.raises(Unsupported, match="no model folder"):
        NamedModel.find(model)


def test_a_folder_gives_unit_vectors_of_its_own_name(folder: Path) -> None:
    model = NamedModel.find(str(folder))
    assert (model.name, model.dimension) == ("mine", 3)
    assert np.linalg.norm(model.embed(["a", "bb", "\ud800"]), axis=1) == pytest.approx([1, 1, 1])
    assert model.embed([]).shape == (0, 3)
    assert model.embed(["a"]).dtype == np.dtype(np.float32)


def test_the_hash_changes_with_any_file_that_matters(folder: Path) -> None:
    first = NamedModel(str(folder)).weights_hash
    (folder / "README.md").write_text("about it")
    assert NamedModel(str(folder)).weights_hash == first
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text("{}")
    assert NamedModel(str(folder)).weights_hash != first


def test_weights_that_could_run_code_are_refused(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(Unsupported, match="no safetensors weights"):
        NamedModel(str(folder)).embed(["a"])


def test_what_does_not_load_says_why(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("out of memory")

    monkeypatch.setattr(FakeTransformer, "__init__", broken)
    with pytest.raises(Unsupported, match="out of memory"):
        NamedModel(str(folder)).embed(["a"])


@pytest.mark.parametrize(("is_there", "asked"), [(True, [True]), (False, [True, False])])
def test_a_name_is_downloaded_only_if_it_never_was(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *, is_there: bool, asked: list[bool]
) -> None:
    hub = Hub(folder, is_there=is_there)
    put_hub(monkeypatch, hub)
    assert NamedModel.find("owner/model").name == "owner/model"
    assert hub.asked == [("owner/model", local_only) for local_only in asked]


def test_without_a_name_the_installed_weights_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    put_hub(monkeypatch, Hub(Path("unused"), is_there=False))
    weights = hashlib.sha256((minilm.installed_folder() / "model.safetensors").read_bytes()).hexdigest()
    model = NamedModel.find(None)
    # The fake makes other vectors of them, so they are not taken for the model of the other backend.
    assert weights == minilm.WEIGHTS_SHA256
    assert model.weights_hash != minilm.WEIGHTS_SHA256
