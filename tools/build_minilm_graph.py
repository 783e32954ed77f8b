"""Writes `graphmem/retrieval/minilm.onnx`: all-MiniLM-L6-v2 as a graph without its weights.

The weights stay where their package put them: every tensor of the graph names its place in
`model.safetensors` by offset and length. Needs `onnx`; running graphmem does not.

Usage: python tools/build_minilm_graph.py MODEL_FOLDER [OUTPUT]
"""

from __future__ import annotations

import json
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, DTypeLike
from onnx import GraphProto, NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

DEFAULT_OUTPUT = Path(__file__).parent.parent / "graphmem" / "retrieval" / "minilm.onnx"
WEIGHTS_FILE = "model.safetensors"
make_node: Callable[..., NodeProto] = helper.make_node

OPSET = 20  # the first with Gelu
IR_VERSION = 9  # the IR of opset 20, so that older runtimes still read the file


@dataclass(frozen=True, slots=True)
class Architecture:
    """The numbers of `config.json` that shape the graph."""

    layers: int
    heads: int
    hidden: int
    epsilon: float

    @property
    def head_width(self) -> int:
        """Columns that one attention head sees."""
        return self.hidden // self.heads

    @classmethod
    def read(cls, folder: Path) -> Architecture:
        """What the model in `folder` says of itself."""
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        return cls(
            config["num_hidden_layers"],
            config["num_attention_heads"],
            config["hidden_size"],
            config["layer_norm_eps"],
        )


@dataclass(frozen=True, slots=True)
class StoredTensor:
    """Where one tensor lies in the weights file, in bytes from its start."""

    shape: tuple[int, ...]
    offset: int
    length: int


def stored_tensors(weights: Path) -> dict[str, StoredTensor]:
    """The float32 tensors of a safetensors file by name.

    Source: the safetensors format: a little-endian u64 length, a JSON header of that length, then the data, to
    which the header's offsets are relative.
    """
    with weights.open("rb") as file:
        (header_length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(header_length))
    data_start = 8 + header_length
    return {
        name: StoredTensor(tuple(entry["shape"]), data_start + entry["data_offsets"][0], _length(entry["data_offsets"]))
        for name, entry in header.items()
        if name != "__metadata__" and entry["dtype"] == "F32"
    }


def _length(offsets: list[int]) -> int:
    start, end = offsets
    return end - start


@dataclass(slots=True)
class GraphWriter:
    """Collects nodes and the tensors that they name, each tensor once."""

    stored: dict[str, StoredTensor]
    nodes: list[NodeProto] = field(default_factory=list)
    tensors: dict[str, TensorProto] = field(default_factory=dict)

    def weight(self, name: str) -> str:
        """Name of a tensor whose bytes stay in the weights file."""
        if name not in self.tensors:
            place = self.stored[name]
            tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, data_location=TensorProto.EXTERNAL)
            tensor.dims.extend(place.shape)
            for key, value in (("location", WEIGHTS_FILE), ("offset", place.offset), ("length", place.length)):
                tensor.external_data.add(key=key, value=str(value))
            self.tensors[name] = tensor
        return name

    def constant(self, name: str, value: ArrayLike, dtype: DTypeLike = np.int64) -> str:
        """Name of a small tensor kept in the graph itself."""
        self.tensors.setdefault(name, numpy_helper.from_array(np.asarray(value, dtype), name))
        return name

    def node(self, operator: str, *inputs: str, **attributes: object) -> str:
        """Name of the one output of a new node."""
        output = f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(make_node(operator, inputs, [output], **attributes))
        return output

    def linear(self, rows: str, prefix: str) -> str:
        """`rows` times a stored [out, in] matrix, plus its bias."""
        return self.node("Gemm", rows, self.weight(f"{prefix}.weight"), self.weight(f"{prefix}.bias"), transB=1)

    def normalised(self, rows: str, prefix: str, epsilon: float) -> str:
        """`rows` after the stored layer norm."""
        scale, shift = self.weight(f"{prefix}.weight"), self.weight(f"{prefix}.bias")
        return self.node("LayerNormalization", rows, scale, shift, axis=-1, epsilon=epsilon)


def _embedded_tokens(graph: GraphWriter, shape: Architecture) -> str:
    """[texts x tokens, hidden]: word, position and segment embeddings added up.

    Rows stay flat from here to the pooling, so that every linear layer is one Gemm over a stored matrix.
    """
    tokens = graph.node("Shape", "input_ids", start=1, end=2)
    begin, axis = graph.constant("begin", [0]), graph.constant("first_axis", [0])
    positions = graph.node("Slice", graph.weight("embeddings.position_embeddings.weight"), begin, tokens, axis)
    segment = graph.node("Gather", graph.weight("embeddings.token_type_embeddings.weight"), begin, axis=0)
    words = graph.node("Gather", graph.weight("embeddings.word_embeddings.weight"), "input_ids", axis=0)
    summed = graph.node("Add", graph.node("Add", words, positions), segment)
    flat = graph.node("Reshape", summed, graph.constant("flat_shape", [-1, shape.hidden]))
    return graph.normalised(flat, "embeddings.LayerNorm", shape.epsilon)


def _attended(graph: GraphWriter, rows: str, prefix: str, shape: Architecture) -> str:
    """Self-attention of one layer, before its output projection."""
    texts_and_tokens = graph.node("Shape", "input_ids")
    per_head = graph.constant("heads_shape", [shape.heads, shape.head_width])
    split = graph.node("Concat", texts_and_tokens, per_head, axis=0)

    def head_view(part: str, order: list[int]) -> str:
        projected = graph.linear(rows, f"{prefix}.self.{part}")
        return graph.node("Transpose", graph.node("Reshape", projected, split), perm=order)

    query, value = head_view("query", [0, 2, 1, 3]), head_view("value", [0, 2, 1, 3])
    key = head_view("key", [0, 2, 3, 1])
    scale = graph.constant("attention_scale", shape.head_width**-0.5, np.float32)
    weights = graph.node("Softmax", graph.node("Mul", graph.node("MatMul", query, key), scale), axis=-1)
    joined = graph.node("Transpose", graph.node("MatMul", weights, value), perm=[0, 2, 1, 3])
    return graph.node("Reshape", joined, graph.constant("flat_shape", [-1, shape.hidden]))


def _layer(graph: GraphWriter, rows: str, prefix: str, shape: Architecture) -> str:
    attended = graph.linear(_attended(graph, rows, f"{prefix}.attention", shape), f"{prefix}.attention.output.dense")
    rows = graph.normalised(graph.node("Add", attended, rows), f"{prefix}.attention.output.LayerNorm", shape.epsilon)
    wide = graph.node("Gelu", graph.linear(rows, f"{prefix}.intermediate.dense"))
    narrow = graph.linear(wide, f"{prefix}.output.dense")
    return graph.normalised(graph.node("Add", narrow, rows), f"{prefix}.output.LayerNorm", shape.epsilon)


def _sentence(graph: GraphWriter, rows: str, shape: Architecture) -> None:
    """Ends the graph: the tokens' mean, scaled to length one, which makes their sum as good as their mean.

    The sum is a product with a row of ones because ONNX Runtime's reductions add up in another order for one text
    than for several, so that the last bit of a vector would depend on its batch.
    """
    width = graph.constant("hidden_shape", [shape.hidden])
    by_text = graph.node("Reshape", rows, graph.node("Concat", graph.node("Shape", "input_ids"), width, axis=0))
    tokens = graph.node("Shape", "input_ids", start=1, end=2)
    one_row = graph.node("Concat", graph.constant("one", [1]), tokens, axis=0)
    ones = graph.node("ConstantOfShape", one_row, value=numpy_helper.from_array(np.ones(1, np.float32)))
    unit = graph.node("LpNormalization", graph.node("MatMul", ones, by_text), axis=-1, p=2)
    graph.nodes.append(make_node("Squeeze", [unit, graph.constant("token_axis", [1])], ["embedding"]))


def build(folder: Path) -> bytes:
    """The serialised graph for the model in `folder`.

    It takes texts of one token count at a time: without padding there is no mask, and a text's vector cannot
    depend on the length of its neighbours.
    """
    shape = Architecture.read(folder)
    graph = GraphWriter(stored_tensors(folder / WEIGHTS_FILE))
    rows = _embedded_tokens(graph, shape)
    for layer in range(shape.layers):
        rows = _layer(graph, rows, f"encoder.layer.{layer}", shape)
    _sentence(graph, rows, shape)
    return _serialised(graph, shape)


def _serialised(graph: GraphWriter, shape: Architecture) -> bytes:
    takes = _value("input_ids", TensorProto.INT64, ["texts", "tokens"])
    gives = _value("embedding", TensorProto.FLOAT, ["texts", shape.hidden])
    body: GraphProto = helper.make_graph(graph.nodes, "minilm", [takes], [gives], list(graph.tensors.values()))
    opset = helper.make_opsetid("", OPSET)
    model = helper.make_model(body, opset_imports=[opset], ir_version=IR_VERSION, producer_name="graphmem")
    serialised: bytes = model.SerializeToString(deterministic=True)
    return serialised


def _value(name: str, element: int, shape: list[str | int]) -> ValueInfoProto:
    return helper.make_tensor_value_info(name, element, shape)


def main(arguments: list[str]) -> int:
    """Builds, writes and reports; 2 if the arguments are wrong."""
    if len(arguments) not in {1, 2}:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    output = Path(arguments[1]) if len(arguments) > 1 else DEFAULT_OUTPUT
    graph = build(Path(arguments[0]))
    output.write_bytes(graph)
    sys.stderr.write(f"{output.name}: {len(graph)} bytes\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
