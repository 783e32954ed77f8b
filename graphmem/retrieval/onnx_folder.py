"""Any sentence model in a folder, on ONNX Runtime: the graph as `model.onnx`, its tokenizer as `tokenizer.json`.

The pooling and the prompts are read from the files that sentence-transformers writes beside them; without these files
token vectors are averaged and there are no prompts. No code of a model is run.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphmem.errors import Unsupported
from graphmem.retrieval.minilm import RUNTIME, batches, session_options, sha256, token_ids_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

TOKENIZER = "tokenizer.json"
#: Where the graph may be: models on the hub have it in a folder of its own.
GRAPHS = ("model.onnx", "onnx/model.onnx")
_WEIGHTS = "*.safetensors"
_MOST_TOKENS = 512
#: A graph without its weights is smaller.
_MOST_BARE_BYTES = 64 << 20
_MEAN, _CLS = "mean", "cls"
_POOLINGS = {"pooling_mode_mean_tokens": _MEAN, "pooling_mode_cls_token": _CLS}
_OLD_POOLING = "pooling_mode_"
#: Kinds of module that are carried out here; a model with any other would get other vectors than its makers meant.
_TRANSFORMER, _POOLING, _NORMALIZE = "Transformer", "Pooling", "Normalize"
#: Outputs that hold one vector for each text, or one for each token.
_OF_TEXTS = ("sentence_embedding", "embedding")
_OF_TOKENS = ("last_hidden_state", "token_embeddings")
_INPUTS = {"input_ids", "attention_mask", "token_type_ids", "position_ids"}


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a model makes a vector of a text.

    Attributes:
        pooling: `mean` of the vectors of all tokens, or `cls`: that of the first.
        question: What is put before a question, such as `query: `.
        text: What is put before any other text, such as `passage: `.
        most_tokens: So much of a text is read.
        dimension: Length of every vector; None if no file tells.
    """

    pooling: str = _MEAN
    question: str = ""
    text: str = ""
    most_tokens: int = _MOST_TOKENS
    is_lowered: bool = False
    dimension: int | None = None

    @classmethod
    def read(cls, folder: Path) -> Recipe:
        """What the files in a folder tell.

        Raises:
            Unsupported: One is damaged, or tells of something that is not done here.
        """
        modules = _modules(folder)
        pooling = _json(folder / modules.get(_POOLING, "1_Pooling") / "config.json")
        prompts = _json(folder / "config_sentence_transformers.json")
        sizes, config = _json(folder / "sentence_bert_config.json"), _json(folder / "config.json")
        before = prompts.get("prompts") or {}
        usual = before.get(prompts.get("default_prompt_name"), "")
        return cls(
            pooling=_pooling(pooling, folder),
            question=before.get("query", usual),
            text=next((before[one] for one in ("document", "passage") if one in before), usual),
            most_tokens=sizes.get("max_seq_length") or min(config.get("max_position_embeddings", 512), _MOST_TOKENS),
            is_lowered=bool(sizes.get("do_lower_case")),
            dimension=pooling.get("word_embedding_dimension") or config.get("hidden_size"),
        )


@dataclass(frozen=True, slots=True)
class _Loaded:
    tokenizer: Tokenizer
    session: Any  # of ONNX Runtime, which must not be imported by whoever imports this
    inputs: tuple[str, ...]
    output: str


class OnnxFolder:
    """An `Embedder` that loads on its first text; texts of one token count go together, so none is padded."""

    def __init__(self, folder: Path, recipe: Recipe) -> None:
        self._folder = folder
        self._recipe = recipe
        self._loaded: _Loaded | None = None
        self._loading = threading.Lock()

    @classmethod
    def find(cls, folder: Path) -> OnnxFolder:
        """The model in a folder, not yet loaded.

        Raises:
            Unsupported: A file is missing or damaged, or the model is none that is carried out here; it is named.
        """
        for package in RUNTIME:
            if find_spec(package) is None:
                raise Unsupported(f"No vectors: the package {package!r} is not installed. Run: pip install {package}")
        if not folder.is_dir():
            raise Unsupported(f"No vectors: there is no folder {str(folder)!r} with a model in it; see GRAPHMEM_MODEL")
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
        """Length of every vector; the model is loaded for it if no file tells."""
        return self._recipe.dimension or len(self._vectors(["a"])[0])

    @cached_property
    def weights_hash(self) -> str:
        """SHA-256 of all that vectors depend on: graph, weights, tokenizer, and how vectors are made."""
        recipe = self._recipe
        told = (recipe.pooling, recipe.question, recipe.text, recipe.most_tokens, recipe.is_lowered)
        digest = hashlib.sha256(json.dumps(told).encode())
        for path in files_of(self._folder):
            digest.update(f"{path.name}\0{sha256(path)}\0".encode())
        return digest.hexdigest()

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of shape (texts, dimension), each of length one, in the order of `texts`.

        Raises:
            Unsupported: The model does not load, or is none that makes one vector of a text.
        """
        return self._vectors([self._recipe.text + text for text in texts])

    def embed_question(self, text: str) -> NDArray[np.float32]:
        """The vector of a question, which may have other words before it than the texts that it is compared with."""
        return self._vectors([self._recipe.question + text])[0]  # type: ignore[no-any-return]

    def _vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        import numpy as np

        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        loaded = self._load()
        ids = [token_ids_of(loaded.tokenizer, one.lower() if self._recipe.is_lowered else one) for one in texts]
        found: dict[int, NDArray[np.float32]] = {}
        for batch in batches(ids):
            rows = self._run(loaded, np.array([ids[index] for index in batch], np.int64))
            found |= dict(zip(batch, rows, strict=True))
        return np.stack([found[index] for index in range(len(texts))])

    def _run(self, loaded: _Loaded, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Unit vectors of texts that have equally many tokens."""
        import numpy as np

        given = {
            "input_ids": ids,
            "attention_mask": np.ones_like(ids),
            "token_type_ids": np.zeros_like(ids),
            "position_ids": np.broadcast_to(np.arange(ids.shape[1], dtype=np.int64), ids.shape),
        }
        try:
            (rows,) = loaded.session.run([loaded.output], {name: given[name] for name in loaded.inputs})
        except Exception as problem:  # ONNX Runtime has no exception class of its own
            raise Unsupported(f"the model in {str(self._folder)!r} does not run: {problem}") from problem
        if rows.ndim == 3:  # noqa: PLR2004 - texts, tokens, numbers
            rows = rows[:, 0] if self._recipe.pooling == _CLS else rows.mean(axis=1)
        if rows.ndim != 2 or self._recipe.dimension not in {None, rows.shape[1]}:  # noqa: PLR2004
            told = f"{list(rows.shape)} numbers, not {self._recipe.dimension} for each text"
            raise Unsupported(f"the model in {str(self._folder)!r} makes {told}: its files do not belong together")
        rows = rows.astype(np.float32)
        return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12), np.float32)

    def _load(self) -> _Loaded:
        with self._loading:
            if self._loaded is None:
                try:
                    self._loaded = _loaded(self._folder, self._recipe)
                except Unsupported:
                    raise
                except Exception as problem:  # neither library has an exception class of its own
                    raise Unsupported(f"the model in {str(self._folder)!r} does not load: {problem}") from problem
            return self._loaded


def graph_in(folder: Path) -> Path | None:
    """The graph of the model in a folder; None if it has none."""
    return next((folder / one for one in GRAPHS if (folder / one).is_file()), None)


def files_of(folder: Path) -> tuple[Path, ...]:
    """The files on which vectors depend: the graph, those with its weights if they are apart, the tokenizer."""
    graph = graph_in(folder)
    beside = () if graph is None else _named_in(graph)
    return tuple(one for one in (graph, *beside, folder / TOKENIZER) if one is not None and one.is_file())


def _named_in(graph: Path) -> list[Path]:
    """Files beside a graph that it names; one that holds its weights itself is too large to name any."""
    if graph.stat().st_size > _MOST_BARE_BYTES:
        return []
    content = graph.read_bytes()
    return [one for one in sorted(graph.parent.iterdir()) if one != graph and one.name.encode() in content]


def is_meant(model: str) -> bool:
    """Whether a model that was named is a folder for this backend: with a graph, or without weights of another form."""
    folder = Path(model).expanduser()
    if not folder.is_dir():
        return False
    return graph_in(folder) is not None or not (any(folder.glob(_WEIGHTS)) or any(folder.glob(f"*/{_WEIGHTS}")))


def _loaded(folder: Path, recipe: Recipe) -> _Loaded:
    import onnxruntime
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
    tokenizer.no_padding()
    tokenizer.enable_truncation(recipe.most_tokens)
    session = onnxruntime.InferenceSession(str(graph_in(folder)), session_options(), providers=["CPUExecutionProvider"])
    inputs = tuple(one.name for one in session.get_inputs())
    if unknown := [one for one in inputs if one not in _INPUTS]:
        raise Unsupported(f"the model in {str(folder)!r} takes {unknown[0]!r}, which no text gives")
    outputs = [one.name for one in session.get_outputs()]
    output = next((one for one in (*_OF_TEXTS, *_OF_TOKENS) if one in outputs), outputs[0])
    return _Loaded(tokenizer, session, inputs, output)


def _modules(folder: Path) -> dict[str, str]:
    """The folder of each module of the model, by its kind.

    Raises:
        Unsupported: One is of a kind that is not carried out here.
    """
    found = {}
    for module in _json(folder / "modules.json", of=list):
        kind = str(module.get("type", "")).rpartition(".")[2]
        if kind not in {_TRANSFORMER, _POOLING, _NORMALIZE}:
            raise Unsupported(f"No vectors: the model in {str(folder)!r} has a module {kind!r}, which only torch runs")
        found[kind] = str(module.get("path", ""))
    return found


def _pooling(told: Mapping[str, Any], folder: Path) -> str:
    named = told.get("pooling_mode")
    chosen = [str(named)] if named else [one for one in told if one.startswith(_OLD_POOLING) and told[one] is True]
    modes = [_POOLINGS.get(one, one.removeprefix(_OLD_POOLING)) for one in chosen]
    if not modes:
        return _MEAN
    if len(modes) > 1 or modes[0] not in {_MEAN, _CLS} or told.get("include_prompt") is False:
        raise Unsupported(
            f"No vectors: the model in {str(folder)!r} pools by {', '.join(modes)}; mean and cls are known"
        )
    return modes[0]


def _json(path: Path, *, of: type = dict) -> Any:  # noqa: ANN401 - JSON
    """What stands in a file; empty if there is none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return of()
    except (OSError, ValueError) as problem:
        raise Unsupported(f"No vectors: {str(path)!r} cannot be read: {problem}") from problem
    if not isinstance(found, of):
        raise Unsupported(f"No vectors: {str(path)!r} does not hold what sentence-transformers writes there")
    return found
