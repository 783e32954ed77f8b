"""Sentence models in a folder, on ONNX Runtime: the graph in `model.onnx`, the tokenizer in `tokenizer.json`.

Pooling and prompts are read from the files of sentence-transformers in the folder; by default token vectors are
averaged
and there are no prompts. No code of a model is run.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphmem.deferred_dataclass import dataclass
from graphmem.errors import Unsupported
from graphmem.retrieval.minilm import RUNTIME, batches, session_options, sha256, token_ids_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

TOKENIZER = "tokenizer.json"
#: Possible paths of the graph; hub models have a subfolder for it.
GRAPHS = ("model.onnx", "onnx/model.onnx")
_WEIGHTS = "*.safetensors"
_MOST_TOKENS = 512
#: A graph with external weights is smaller.
_MOST_BARE_BYTES = 64 << 20
_MEAN, _CLS = "mean", "cls"
_POOLINGS = {"pooling_mode_mean_tokens": _MEAN, "pooling_mode_cls_token": _CLS}
_OLD_POOLING = "pooling_mode_"
#: Supported kinds of modules; other kinds would change the vectors.
_TRANSFORMER, _POOLING, _NORMALIZE = "Transformer", "Pooling", "Normalize"
#: Names of outputs with a vector per text, or per token.
_OF_TEXTS = ("sentence_embedding", "embedding")
_OF_TOKENS = ("last_hidden_state", "token_embeddings")
_INPUTS = {"input_ids", "attention_mask", "token_type_ids", "position_ids"}


@dataclass(frozen=True, slots=True)
class Recipe:
    """The steps from a text to a vector.

    Attributes:
        pooling: `mean` of all token vectors, or `cls`: the first token's vector.
        question: Prefix of queries, for example `query: `.
        text: Prefix of other texts, for example `passage: `.
        most_tokens: The most tokens of a text that are used.
        dimension: The length of every vector; None if no file states it.
    """

    pooling: str = _MEAN
    question: str = ""
    text: str = ""
    most_tokens: int = _MOST_TOKENS
    is_lowered: bool = False
    dimension: int | None = None

    @classmethod
    def read(cls, folder: Path) -> Recipe:
        """Read the recipe from the files in a folder.

        Raises:
            Unsupported: A file is damaged or requires an unsupported step.
        """
        modules = _modules(folder)
        pooling = _json(folder / modules.get(_POOLING, "1_Pooling") / "config.json")
        prompts = _json(folder / "config_sentence_transformers.json")
        sizes, config = _json(folder / "sentence_bert_config.json"), _json(folder / "config.json")
        prefixes = prompts.get("prompts") or {}
        default = prefixes.get(prompts.get("default_prompt_name"), "")
        return cls(
            pooling=_pooling(pooling, folder),
            question=prefixes.get("query", default),
            text=next((prefixes[name] for name in ("document", "passage") if name in prefixes), default),
            most_tokens=sizes.get("max_seq_length") or min(config.get("max_position_embeddings", 512), _MOST_TOKENS),
            is_lowered=bool(sizes.get("do_lower_case")),
            dimension=pooling.get("word_embedding_dimension") or config.get("hidden_size"),
        )


@dataclass(frozen=True, slots=True)
class _LoadedFolder:
    tokenizer: Tokenizer
    session: Any  # an ONNX Runtime session, without importing onnxruntime
    inputs: tuple[str, ...]
    output: str


class OnnxFolder:
    """An `Embedder` that loads on its first text; texts with equal token counts form batches without padding."""

    def __init__(self, folder: Path, recipe: Recipe) -> None:
        self._folder = folder
        self._recipe = recipe
        self._loaded: _LoadedFolder | None = None
        self._loading = threading.Lock()

    @classmethod
    def find(cls, folder: Path) -> OnnxFolder:
        """Return the model in a folder, not yet loaded.

        Raises:
            Unsupported: A file is missing or damaged, or the model is not supported; the message names the cause.
        """
        for package in RUNTIME:
            if find_spec(package) is None:
                raise Unsupported(f"No vectors: the package {package!r} is not installed. Run: pip install {package}")
        if not folder.is_dir():
            raise Unsupported(f"No vectors: no model folder {str(folder)!r}; see GRAPHMEM_MODEL")
        if graph_in(folder) is None:
            raise Unsupported(f"No vectors: {str(folder)!r} has no {' and no '.join(GRAPHS)}; see GRAPHMEM_MODEL")
        if not (folder / TOKENIZER).is_file():
            raise Unsupported(f"No vectors: {str(folder)!r} has no {TOKENIZER}; see GRAPHMEM_MODEL")
        return cls(folder, Recipe.read(folder))

    @property
    def name(self) -> str:
        """The folder's name."""
        return self._folder.resolve().name

    @cached_property
    def dimension(self) -> int:
        """The length of every vector; loads the model if no file states it."""
        return self._recipe.dimension or len(self._vectors(["a"])[0])

    @cached_property
    def weights_hash(self) -> str:
        """SHA-256 of everything that vectors depend on: graph, weights, tokenizer and recipe."""
        recipe = self._recipe
        settings = (recipe.pooling, recipe.question, recipe.text, recipe.most_tokens, recipe.is_lowered)
        digest = hashlib.sha256(json.dumps(settings).encode())
        for path in files_of(self._folder):
            digest.update(f"{path.name}\0{sha256(path)}\0".encode())
        return digest.hexdigest()

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors of shape (texts, dimension), in the order of `texts`.

        Raises:
            Unsupported: The model fails to load, or does not return a vector per text.
        """
        return self._vectors([self._recipe.text + text for text in texts])

    def embed_question(self, text: str) -> NDArray[np.float32]:
        """Return the unit vector of a query, which may have a different prefix."""
        return self._vectors([self._recipe.question + text])[0]  # type: ignore[no-any-return]

    def _vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        import numpy as np

        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        loaded = self._load()
        ids = [token_ids_of(loaded.tokenizer, text.lower() if self._recipe.is_lowered else text) for text in texts]
        rows_by_index: dict[int, NDArray[np.float32]] = {}
        for batch in batches(ids):
            rows = self._run(loaded, np.array([ids[index] for index in batch], np.int64))
            rows_by_index |= dict(zip(batch, rows, strict=True))
        return np.stack([rows_by_index[index] for index in range(len(texts))])

    def _run(self, loaded: _LoadedFolder, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return unit vectors of texts with equal token counts."""
        import numpy as np

        inputs = {
            "input_ids": ids,
            "attention_mask": np.ones_like(ids),
            "token_type_ids": np.zeros_like(ids),
            "position_ids": np.broadcast_to(np.arange(ids.shape[1], dtype=np.int64), ids.shape),
        }
        try:
            (rows,) = loaded.session.run([loaded.output], {name: inputs[name] for name in loaded.inputs})
        except Exception as problem:  # ONNX Runtime has no base exception class
            raise Unsupported(f"the model in {str(self._folder)!r} does not run: {problem}") from problem
        if rows.ndim == 3:  # noqa: PLR2004 - texts, tokens, numbers
            rows = rows[:, 0] if self._recipe.pooling == _CLS else rows.mean(axis=1)
        if rows.ndim != 2 or self._recipe.dimension not in {None, rows.shape[1]}:  # noqa: PLR2004
            shape = f"output of shape {list(rows.shape)}, not {self._recipe.dimension} numbers per text"
            raise Unsupported(f"the model in {str(self._folder)!r} has {shape}: its files are of different models")
        rows = rows.astype(np.float32)
        return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12), np.float32)

    def _load(self) -> _LoadedFolder:
        with self._loading:
            if self._loaded is None:
                try:
                    self._loaded = _loaded(self._folder, self._recipe)
                except Unsupported:
                    raise
                except Exception as problem:  # neither library has a base exception class
                    raise Unsupported(f"the model in {str(self._folder)!r} does not load: {problem}") from problem
            return self._loaded


def graph_in(folder: Path) -> Path | None:
    """Return the path of a model's graph; None if there is none."""
    return next((folder / name for name in GRAPHS if (folder / name).is_file()), None)


def files_of(folder: Path) -> tuple[Path, ...]:
    """Return the files that vectors depend on: the graph, external weights, the tokenizer."""
    graph = graph_in(folder)
    external = () if graph is None else _named_in(graph)
    return tuple(path for path in (graph, *external, folder / TOKENIZER) if path is not None and path.is_file())


def _named_in(graph: Path) -> list[Path]:
    """Return the files that a graph refers to; a large graph contains its weights and refers to none."""
    if graph.stat().st_size > _MOST_BARE_BYTES:
        return []
    content = graph.read_bytes()
    return [path for path in sorted(graph.parent.iterdir()) if path != graph and path.name.encode() in content]


def is_meant(model: str) -> bool:
    """Return whether a model setting is a folder for this backend: with a graph, or without safetensors weights."""
    folder = Path(model).expanduser()
    if not folder.is_dir():
        return False
    return graph_in(folder) is not None or not (any(folder.glob(_WEIGHTS)) or any(folder.glob(f"*/{_WEIGHTS}")))


def _loaded(folder: Path, recipe: Recipe) -> _LoadedFolder:
    import onnxruntime
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
    tokenizer.no_padding()
    tokenizer.enable_truncation(recipe.most_tokens)
    session = onnxruntime.InferenceSession(str(graph_in(folder)), session_options(), providers=["CPUExecutionProvider"])
    inputs = tuple(value.name for value in session.get_inputs())
    if unknown := [name for name in inputs if name not in _INPUTS]:
        raise Unsupported(f"the model in {str(folder)!r} needs the input {unknown[0]!r}, which is not available")
    outputs = [value.name for value in session.get_outputs()]
    output = next((name for name in (*_OF_TEXTS, *_OF_TOKENS) if name in outputs), outputs[0])
    return _LoadedFolder(tokenizer, session, inputs, output)


def _modules(folder: Path) -> dict[str, str]:
    """Return the folder of each module of the model, by its kind.

    Raises:
        Unsupported: A module has an unsupported kind.
    """
    folders = {}
    for module in _json(folder / "modules.json", of=list):
        kind = str(module.get("type", "")).rpartition(".")[2]
        if kind not in {_TRANSFORMER, _POOLING, _NORMALIZE}:
            raise Unsupported(f"No vectors: the model in {str(folder)!r} has a module {kind!r}, which needs torch")
        folders[kind] = str(module.get("path", ""))
    return folders


def _pooling(config: Mapping[str, Any], folder: Path) -> str:
    named = config.get("pooling_mode")
    chosen = (
        [str(named)] if named else [mode for mode in config if mode.startswith(_OLD_POOLING) and config[mode] is True]
    )
    modes = [_POOLINGS.get(mode, mode.removeprefix(_OLD_POOLING)) for mode in chosen]
    if not modes:
        return _MEAN
    if len(modes) > 1 or modes[0] not in {_MEAN, _CLS} or config.get("include_prompt") is False:
        raise Unsupported(
            f"No vectors: the model in {str(folder)!r} pools by {', '.join(modes)}; only mean and cls are supported"
        )
    return modes[0]


def _json(path: Path, *, of: type = dict) -> Any:  # noqa: ANN401 - JSON
    """Return the content of a JSON file; empty if there is none."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return of()
    except (OSError, ValueError) as problem:
        raise Unsupported(f"No vectors: {str(path)!r} cannot be read: {problem}") from problem
    if not isinstance(content, of):
        raise Unsupported(f"No vectors: {str(path)!r} does not have the format of sentence-transformers")
    return content
