"""sentence-transformers models by name or folder. Torch is imported only when a model is loaded."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphmem.deferred_dataclass import dataclass
from graphmem.errors import Unsupported
from graphmem.retrieval import minilm

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_PACKAGE = "sentence_transformers"
_FIX = "pip install 'graphmem[sentence-transformers]'"
_WEIGHTS = "*.safetensors"
_MEANINGFUL = ("*.safetensors", "*.json", "*.txt", "*.model")
_FILE_PATTERNS = [*_MEANINGFUL, *(f"*/{form}" for form in _MEANINGFUL)]
_BATCH_TEXTS = 32
_MAX_CHARS = 32_768

#: The first numbers of all-MiniLM-L6-v2's vector of `minilm.PROBE`: another pooling of the same weights gives others.
_PROBED = (-0.0167346, -0.0549192, -0.1135213, 0.0203369, -0.0060428)
_PROBE_TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True)
class _LoadedModel:
    model: Any  # torch must not be imported for annotations
    name: str
    dimension: int
    weights_hash: str


class NamedModel:
    """An `Embedder` on sentence-transformers, on the GPU if there is one, loaded on first use.

    Batches are padded, so a text's vector may differ by rounding (1e-6) between batches. Weights are read only from
    safetensors and no code of a model is run, so that a model is data.

    Args:
        model: A folder, or a name on the hub, downloaded if it is not on this machine. None for the installed
            all-MiniLM-L6-v2.
    """

    def __init__(self, model: str | None) -> None:
        self._model = model
        self._loaded: _LoadedModel | None = None
        self._guard = threading.Lock()

    @classmethod
    def find(cls, model: str | None) -> NamedModel:
        """Return the model, not yet loaded.

        Raises:
            Unsupported: sentence-transformers is not installed, or the folder does not exist.
        """
        if model is not None and _is_path(model) and not Path(model).expanduser().is_dir():
            raise Unsupported(f"No vectors: no model folder {model!r}; see GRAPHMEM_MODEL")
        if find_spec(_PACKAGE) is None:
            raise Unsupported(f"No vectors: the package 'sentence-transformers' is not installed. Run: {_FIX}")
        return cls(model)

    @property
    def name(self) -> str:
        """The model's name; for a folder, the folder's name."""
        return self._ready().name

    @property
    def dimension(self) -> int:
        """The length of every vector."""
        return self._ready().dimension

    @property
    def weights_hash(self) -> str:
        """SHA-256 of all files that vectors depend on; for all-MiniLM-L6-v2 of its weights, as in `MiniLM`."""
        return self._ready().weights_hash

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors of shape (texts, dimension), in the order of `texts`.

        Raises:
            Unsupported: The model does not load.
        """
        import numpy as np

        loaded = self._ready()
        if not texts:
            return np.zeros((0, loaded.dimension), np.float32)
        with self._guard:  # a truncating and padding tokenizer is not thread-safe
            return _encoded(loaded.model, texts)

    def _ready(self) -> _LoadedModel:
        with self._guard:
            if self._loaded is None:
                try:
                    self._loaded = _load(self._model)
                except Unsupported:
                    raise
                # Torch, transformers and the hub have no common base exception.
                except Exception as problem:
                    name = self._model or minilm.NAME
                    raise Unsupported(f"the model {name!r} does not load: {problem}") from problem
            return self._loaded


def _is_path(model: str) -> bool:
    """Return whether it is a path: names on the hub are `name` or `owner/name`."""
    return model.startswith((".", "/", "~")) or "\\" in model or model.count("/") > 1 or Path(model).is_dir()


def _load(model: str | None) -> _LoadedModel:
    from sentence_transformers import SentenceTransformer

    folder = _folder_of(model)
    if not any(folder.glob(_WEIGHTS)) and not any(folder.glob(f"*/{_WEIGHTS}")):
        raise Unsupported(f"the model in {str(folder)!r} has no safetensors weights; other formats could run code")
    with _no_progress_bar():
        loaded = SentenceTransformer(str(folder), local_files_only=True, model_kwargs={"use_safetensors": True})
    loaded.eval()
    probe = _encoded(loaded, [minilm.PROBE])[0]
    if _is_minilm(folder, loaded, probe):
        return _LoadedModel(loaded, minilm.NAME, minilm.DIMENSION, minilm.WEIGHTS_SHA256)
    name = folder.name if model is None or _is_path(model) else model
    return _LoadedModel(loaded, name, len(probe), _digest(folder))


@contextmanager
def _no_progress_bar() -> Iterator[None]:
    """Hide the progress bar of loading, which would appear among a command's messages."""
    from transformers.utils import logging

    was_shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if was_shown:
            logging.enable_progress_bar()


def _folder_of(model: str | None) -> Path:
    """Return the folder of the model's files; downloads a hub model that is not on this machine."""
    local = local_folder(model)
    if local is not None:
        return local
    from huggingface_hub import snapshot_download

    return Path(snapshot_download(str(model), allow_patterns=_FILE_PATTERNS))


def local_folder(model: str | None) -> Path | None:
    """Return the folder of the model's files without using the network; None if they must be downloaded."""
    if model is None:
        return minilm.installed_folder()
    if _is_path(model):
        return Path(model).expanduser()
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        return Path(snapshot_download(model, allow_patterns=_FILE_PATTERNS, local_files_only=True))
    except LocalEntryNotFoundError:
        return None


def needs_download(model: str | None) -> bool:
    """Return whether the model is a hub model that is not on this machine."""
    return model is not None and not _is_path(model) and find_spec(_PACKAGE) is not None and local_folder(model) is None


def _is_minilm(folder: Path, model: Any, probe: NDArray[np.float32]) -> bool:  # noqa: ANN401 - see _LoadedModel
    weights = folder / "model.safetensors"
    return (
        len(probe) == minilm.DIMENSION
        and model.max_seq_length == minilm.MAX_TOKENS
        and all(
            abs(float(value) - expected) < _PROBE_TOLERANCE for value, expected in zip(probe, _PROBED, strict=False)
        )
        and weights.is_file()
        and _sha256(weights) == minilm.WEIGHTS_SHA256
    )


def _encoded(model: Any, texts: Iterable[str]) -> NDArray[np.float32]:  # noqa: ANN401 - see _LoadedModel
    """Return unit vectors. Lone surrogates become '?', since tokenizers reject them."""
    import numpy as np

    clean = [text[:_MAX_CHARS].encode("utf-8", "replace").decode("utf-8") for text in texts]
    rows = model.encode(clean, batch_size=_BATCH_TEXTS, normalize_embeddings=True, show_progress_bar=False)
    return np.asarray(rows, dtype=np.float32)


def _digest(folder: Path) -> str:
    """Return the hash of the names and contents of all files that vectors depend on."""
    paths = {path for form in _MEANINGFUL for path in (*folder.glob(form), *folder.glob(f"*/{form}"))}
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(f"{path.relative_to(folder).as_posix()}\0{_sha256(path)}\0".encode())
    return digest.hexdigest()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
