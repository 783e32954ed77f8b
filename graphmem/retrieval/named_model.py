"""Any model of sentence-transformers that a user names or has on disk. Torch is imported before the first text only."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphmem.errors import Unsupported
from graphmem.retrieval import minilm

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_PACKAGE = "sentence_transformers"
_FIX = "pip install 'graphmem[sentence-transformers]'"
_WEIGHTS = "*.safetensors"
_MEANINGFUL = ("*.safetensors", "*.json", "*.txt", "*.model")
_WANTED = [*_MEANINGFUL, *(f"*/{form}" for form in _MEANINGFUL)]
_BATCH_TEXTS = 32
_MAX_CHARS = 32_768

#: What all-MiniLM-L6-v2 makes of `minilm.PROBE`, first numbers only: weights read with another pooling give others.
_PROBED = (-0.0167346, -0.0549192, -0.1135213, 0.0203369, -0.0060428)
_PROBE_TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True)
class _Loaded:
    model: Any  # torch has no place in the annotations of a module that must not import it
    name: str
    dimension: int
    weights_hash: str


class NamedModel:
    """An `Embedder` on sentence-transformers, on the GPU if there is one; it loads when first asked for anything.

    Batches are padded, so that a text's vector may differ by rounding (1e-6) from one batch to another. Weights are
    read from safetensors alone and no code of a model is run, so that a model is data.

    Args:
        model: A folder, or a name on the hub: looked up among those downloaded before, and downloaded if it never was.
            None for all-MiniLM-L6-v2 as its package installed it.
    """

    def __init__(self, model: str | None) -> None:
        self._model = model
        self._loaded: _Loaded | None = None
        self._guard = threading.Lock()

    @classmethod
    def find(cls, model: str | None) -> NamedModel:
        """The model, not yet loaded.

        Raises:
            Unsupported: sentence-transformers is not installed, or there is no such folder.
        """
        if model is not None and _is_path(model) and not Path(model).expanduser().is_dir():
            raise Unsupported(f"No vectors: there is no folder {model!r} with a model in it; see GRAPHMEM_MODEL")
        if find_spec(_PACKAGE) is None:
            raise Unsupported(f"No vectors: the package 'sentence-transformers' is not installed. Run: {_FIX}")
        return cls(model)

    @property
    def name(self) -> str:
        """The model's name; that of the folder for one on disk."""
        return self._ready().name

    @property
    def dimension(self) -> int:
        """Length of every vector."""
        return self._ready().dimension

    @property
    def weights_hash(self) -> str:
        """SHA-256 of all that vectors depend on; for all-MiniLM-L6-v2 of its weights, as the other backend has it."""
        return self._ready().weights_hash

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of shape (texts, dimension), each of length one, in the order of `texts`.

        Raises:
            Unsupported: The model does not load.
        """
        import numpy as np

        loaded = self._ready()
        if not texts:
            return np.zeros((0, loaded.dimension), np.float32)
        with self._guard:  # a tokenizer that cuts and pads is not to be used by two threads
            return _encoded(loaded.model, texts)

    def _ready(self) -> _Loaded:
        with self._guard:
            if self._loaded is None:
                try:
                    self._loaded = _load(self._model)
                except Unsupported:
                    raise
                # Torch, transformers, the hub: each has errors of its own, with no common ancestor.
                except Exception as problem:
                    name = self._model or minilm.NAME
                    raise Unsupported(f"the model {name!r} does not load: {problem}") from problem
            return self._loaded


def _is_path(model: str) -> bool:
    """Whether it is meant for a folder: names on the hub are `name` or `owner/name`."""
    return model.startswith((".", "/", "~")) or "\\" in model or model.count("/") > 1 or Path(model).is_dir()


def _load(model: str | None) -> _Loaded:
    from sentence_transformers import SentenceTransformer

    folder = _folder_of(model)
    if not any(folder.glob(_WEIGHTS)) and not any(folder.glob(f"*/{_WEIGHTS}")):
        raise Unsupported(f"the model in {str(folder)!r} has no weights as safetensors; others could run code")
    with _no_progress_bar():
        made = SentenceTransformer(str(folder), local_files_only=True, model_kwargs={"use_safetensors": True})
    made.eval()
    probe = _encoded(made, [minilm.PROBE])[0]
    if _is_minilm(folder, made, probe):
        return _Loaded(made, minilm.NAME, minilm.DIMENSION, minilm.WEIGHTS_SHA256)
    name = folder.name if model is None or _is_path(model) else model
    return _Loaded(made, name, len(probe), _digest(folder))


@contextmanager
def _no_progress_bar() -> Iterator[None]:
    """Loading takes no time worth a bar, which would stand among the messages of a command."""
    from transformers.utils import logging as told

    was_shown = told.is_progress_bar_enabled()
    told.disable_progress_bar()
    try:
        yield
    finally:
        if was_shown:
            told.enable_progress_bar()


def _folder_of(model: str | None) -> Path:
    """Where the model's files are; those of a name on the hub are fetched only if they never were."""
    known = folder_here(model)
    if known is not None:
        return known
    from huggingface_hub import snapshot_download

    return Path(snapshot_download(str(model), allow_patterns=_WANTED))


def folder_here(model: str | None) -> Path | None:
    """Where the model's files are, without the network; None if they would have to be fetched."""
    if model is None:
        return minilm.installed_folder()
    if _is_path(model):
        return Path(model).expanduser()
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        return Path(snapshot_download(model, allow_patterns=_WANTED, local_files_only=True))
    except LocalEntryNotFoundError:
        return None


def needs_download(model: str | None) -> bool:
    """Whether the model is one that the hub has and this machine has not."""
    return model is not None and not _is_path(model) and find_spec(_PACKAGE) is not None and folder_here(model) is None


def _is_minilm(folder: Path, made: Any, probe: NDArray[np.float32]) -> bool:  # noqa: ANN401 - see _Loaded
    weights = folder / "model.safetensors"
    return (
        len(probe) == minilm.DIMENSION
        and made.max_seq_length == minilm.MAX_TOKENS
        and all(abs(float(one) - known) < _PROBE_TOLERANCE for one, known in zip(probe, _PROBED, strict=False))
        and weights.is_file()
        and _sha256(weights) == minilm.WEIGHTS_SHA256
    )


def _encoded(model: Any, texts: Iterable[str]) -> NDArray[np.float32]:  # noqa: ANN401 - see _Loaded
    """Unit vectors. Lone surrogates become '?', since tokenizers refuse them."""
    import numpy as np

    clean = [text[:_MAX_CHARS].encode("utf-8", "replace").decode("utf-8") for text in texts]
    rows = model.encode(clean, batch_size=_BATCH_TEXTS, normalize_embeddings=True, show_progress_bar=False)
    return np.asarray(rows, dtype=np.float32)


def _digest(folder: Path) -> str:
    """Of the names and contents of all files that vectors depend on."""
    every = {path for form in _MEANINGFUL for path in (*folder.glob(form), *folder.glob(f"*/{form}"))}
    digest = hashlib.sha256()
    for path in sorted(every):
        digest.update(f"{path.relative_to(folder).as_posix()}\0{_sha256(path)}\0".encode())
    return digest.hexdigest()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
