"""A sentence model of a few words, made byte by byte: each word has a vector of its own, and that is all it knows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

#: The id of each word is its place; the vector of a word is the row of its id.
WORDS = ("[UNK]", "query", "passage", ":", "cat", "dog", "car")
TABLE = np.array(
    [[0, 0, 0, 1], [0, 0, 5, 0], [0, 5, 0, 0], [0, 0, 0, 0], [3, 0, 0, 0], [2, 1, 0, 0], [0, 0, 0, 4]], np.float32
)
_FLOAT, _INT64 = 1, 7


def write_model(
    folder: Path,
    files: Mapping[str, object] | None = None,
    *,
    inputs: Sequence[str] = ("input_ids", "attention_mask"),
    output: str = "last_hidden_state",
    graph: str = "model.onnx",
) -> Path:
    """A folder with the model; `files` are further ones by their paths, as the values that stand in them."""
    (folder / graph).parent.mkdir(parents=True, exist_ok=True)
    (folder / graph).write_bytes(_model(inputs, output))
    tokenizer = Tokenizer(WordLevel({word: place for place, word in enumerate(WORDS)}, unk_token="[UNK]"))  # noqa: S106
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    for name, content in (files or {}).items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(json.dumps(content), encoding="utf-8")
    return folder


def pooled(**modes: bool) -> Mapping[str, object]:
    """What `1_Pooling/config.json` says."""
    return {"word_embedding_dimension": TABLE.shape[1], **{f"pooling_mode_{name}": on for name, on in modes.items()}}


def _model(inputs: Sequence[str], output: str) -> bytes:
    """A graph that looks up the row of each token. Source: onnx.proto, fields by their numbers."""
    table = (
        b"".join(_number(1, one) for one in TABLE.shape)
        + _number(2, _FLOAT)
        + _text(8, "table")
        + _bytes(9, TABLE.tobytes())
    )
    node = _text(1, "table") + _text(1, "input_ids") + _text(2, output) + _text(4, "Gather")
    takes = b"".join(_bytes(11, _value(name, _INT64, ("texts", "tokens"))) for name in inputs)
    gives = _bytes(12, _value(output, _FLOAT, ("texts", "tokens", TABLE.shape[1])))
    graph = _bytes(1, node) + _text(2, "tiny") + _bytes(5, table) + takes + gives
    return _number(1, 9) + _bytes(8, _number(2, 17)) + _bytes(7, graph)


def _value(name: str, element: int, shape: Sequence[str | int]) -> bytes:
    sizes = [_number(1, one) if isinstance(one, int) else _text(2, one) for one in shape]
    tensor = _number(1, element) + _bytes(2, b"".join(_bytes(1, size) for size in sizes))
    return _text(1, name) + _bytes(2, _bytes(1, tensor))


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _text(field: int, value: str) -> bytes:
    return _bytes(field, value.encode())


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])
