"""The `Embedder` port, and functions that find an embedding backend. Cheap to import."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from graphmem.deferred_dataclass import dataclass
from graphmem.errors import Unsupported
from graphmem.store import ModelCard

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray


class Embedder(Protocol):
    """Converts texts to vectors; thread-safe, without network access.

    A text's vector depends only on the text, the weights and the machine's arithmetic, not on its batch.
    """

    @property
    def name(self) -> str:
        """The model's name, as a store records it."""
        ...

    @property
    def dimension(self) -> int:
        """The length of every vector."""
        ...

    @property
    def weights_hash(self) -> str:
        """SHA-256 of the weights, in hex: embedders with equal hashes give comparable vectors."""
        ...

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors of shape (texts, dimension), in the order of `texts`.

        Raises:
            Unsupported: The backend is installed but does not load; the message names the cause.
        """
        ...


@runtime_checkable
class QuestionEmbedder(Protocol):
    """An embedder that embeds queries differently from documents."""

    def embed_question(self, text: str) -> NDArray[np.float32]:
        """Return the unit vector of a query; raises as `Embedder.embed` does."""
        ...


def question_vector(backend: Embedder, text: str) -> NDArray[np.float32]:
    """Return the vector of a query, for comparison with those of documents."""
    return backend.embed_question(text) if isinstance(backend, QuestionEmbedder) else backend.embed([text])[0]


def card_of(backend: Embedder) -> ModelCard:
    """Return the description of an embedding backend that a store records."""
    return ModelCard(backend.name, backend.dimension, backend.weights_hash)


def other_model(backend: Embedder, stored: ModelCard | None) -> str | None:
    """Return why vectors of the backend cannot be compared with those in a store; None if they can."""
    if stored in (None, card_of(backend)):
        return None
    assert stored is not None, "None is in the tuple above"  # noqa: S101
    return f"the store has vectors of another model ({stored.name!r}, not {backend.name!r}); run: graphmem reindex"


@dataclass(frozen=True, slots=True)
class EmbedderMissing:
    """No embedding backend can be used, so answers are lexical only.

    Attributes:
        reason: The cause and the fix, for the user.
    """

    reason: str


def find_embedder(model_folder: Path | None = None, *, is_thorough: bool = False) -> Embedder | EmbedderMissing:
    """Return the installed embedder, not yet loaded, or why there is none.

    Args:
        model_folder: The folder of `model.safetensors` and `tokenizer.json`; by default the installed weights package.
        is_thorough: Hash every byte of the weights (about 0.1 s) instead of samples (about 1 ms).
    """
    from graphmem.retrieval.minilm import MiniLM

    try:
        return MiniLM.find(model_folder, is_thorough=is_thorough)
    except Unsupported as problem:
        return EmbedderMissing(str(problem))


def needs_download(model: str | None) -> bool:
    """Return whether a sentence-transformers model is a name on the hub that is not on this machine yet."""
    from graphmem.retrieval.named_model import needs_download as is_missing

    return is_missing(model)


def find_onnx_folder(model: str | None) -> Embedder | EmbedderMissing:
    """Return the embedder on a folder with `model.onnx` and `tokenizer.json`, not yet loaded, or why there is none."""
    if model is None:
        return EmbedderMissing("No vectors: 'onnx' needs a model folder; set GRAPHMEM_MODEL")
    from graphmem.retrieval.onnx_folder import OnnxFolder

    try:
        return OnnxFolder.find(Path(model).expanduser())
    except Unsupported as problem:
        return EmbedderMissing(str(problem))


def find_backend(backend: str, model: str | None) -> Embedder | EmbedderMissing:
    """Return the embedder of the settings, not yet loaded, or why there is none.

    Args:
        backend: `minilm`, `onnx` or `sentence-transformers`.
        model: The value of `GRAPHMEM_MODEL`.
    """
    if backend == "minilm":
        return find_embedder()
    return find_onnx_folder(model) if backend == "onnx" else find_named_model(model)


def find_named_model(model: str | None) -> Embedder | EmbedderMissing:
    """Return the embedder on sentence-transformers, not yet loaded, or why there is none.

    Args:
        model: A folder or a name; by default the installed all-MiniLM-L6-v2.
    """
    from graphmem.retrieval.named_model import NamedModel

    try:
        return NamedModel.find(model)
    except Unsupported as problem:
        return EmbedderMissing(str(problem))
