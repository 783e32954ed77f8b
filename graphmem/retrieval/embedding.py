"""The port that turns texts into vectors, and the one door to a backend. Cheap to import."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from graphmem.errors import Unsupported
from graphmem.retrieval import named_model
from graphmem.retrieval.minilm import MiniLM
from graphmem.retrieval.named_model import NamedModel
from graphmem.retrieval.onnx_folder import OnnxFolder
from graphmem.store import ModelCard

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray


class Embedder(Protocol):
    """Turns texts into vectors; thread-safe, and never on the network.

    A text's vector depends on nothing but the text, the weights and the machine's arithmetic: not on its batch.
    """

    @property
    def name(self) -> str:
        """The model's name, as a store records it."""
        ...

    @property
    def dimension(self) -> int:
        """Length of every vector."""
        ...

    @property
    def weights_hash(self) -> str:
        """SHA-256 of the weights, in hex: two embedders with equal hashes give comparable vectors."""
        ...

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of shape (texts, dimension), each of length one, in the order of `texts`.

        Raises:
            Unsupported: The backend is installed but does not load; the message names the cause.
        """
        ...


@runtime_checkable
class QuestionEmbedder(Protocol):
    """An embedder that reads a question otherwise than a text that may answer it."""

    def embed_question(self, text: str) -> NDArray[np.float32]:
        """The vector of a question, of length one; raises as `Embedder.embed` does."""
        ...


def question_vector(backend: Embedder, text: str) -> NDArray[np.float32]:
    """The vector with which those of texts are compared."""
    return backend.embed_question(text) if isinstance(backend, QuestionEmbedder) else backend.embed([text])[0]


def card_of(backend: Embedder) -> ModelCard:
    """What a store records of an embedding backend."""
    return ModelCard(backend.name, backend.dimension, backend.weights_hash)


def other_model(backend: Embedder, stored: ModelCard | None) -> str | None:
    """Why vectors of the backend cannot be compared with those in a store; None if they can."""
    if stored in (None, card_of(backend)):
        return None
    assert stored is not None, "None was let through"  # noqa: S101
    return f"the store has vectors of another model ({stored.name!r}, not {backend.name!r}); run: graphmem reindex"


@dataclass(frozen=True, slots=True)
class EmbedderMissing:
    """Why there are no vectors, so that an answer can say that it is lexical only.

    Attributes:
        reason: What is missing or wrong, then the fix; fit to be shown.
    """

    reason: str


def find_embedder(model_folder: Path | None = None, *, is_thorough: bool = False) -> Embedder | EmbedderMissing:
    """The embedder that is installed, not yet loaded, or why there is none.

    Args:
        model_folder: Where `model.safetensors` and `tokenizer.json` lie; the installed weights package if None.
        is_thorough: Hash every byte of the weights (about 0.1 s) instead of samples (about 1 ms).
    """
    try:
        return MiniLM.find(model_folder, is_thorough=is_thorough)
    except Unsupported as problem:
        return EmbedderMissing(str(problem))


def needs_download(model: str | None) -> bool:
    """Whether a model of sentence-transformers has a name on the hub and is not on this machine yet."""
    return named_model.needs_download(model)


def find_onnx_folder(model: str | None) -> Embedder | EmbedderMissing:
    """The embedder on a folder with `model.onnx` and `tokenizer.json`, not yet loaded, or why there is none."""
    if model is None:
        return EmbedderMissing("No vectors: 'onnx' needs a folder with a model in it; set GRAPHMEM_MODEL")
    try:
        return OnnxFolder.find(Path(model).expanduser())
    except Unsupported as problem:
        return EmbedderMissing(str(problem))


def find_backend(backend: str, model: str | None) -> Embedder | EmbedderMissing:
    """The embedder of the settings, not yet loaded, or why there is none.

    Args:
        backend: `minilm`, `onnx` or `sentence-transformers`.
        model: As `GRAPHMEM_MODEL` names it.
    """
    if backend == "minilm":
        return find_embedder()
    return find_onnx_folder(model) if backend == "onnx" else find_named_model(model)


def find_named_model(model: str | None) -> Embedder | EmbedderMissing:
    """The embedder on sentence-transformers, not yet loaded, or why there is none.

    Args:
        model: A folder or a name; all-MiniLM-L6-v2 as installed if None.
    """
    try:
        return NamedModel.find(model)
    except Unsupported as problem:
        return EmbedderMissing(str(problem))
