"""The graph as GraphML, for Gephi, yEd, igraph and networkx itself."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from graphmem.interop.flattening import Flat, flat, instant_text

if TYPE_CHECKING:
    import networkx as nx

_Scalar = str | int | float | bool

#: What XML 1.0 cannot hold, and a carriage return, which its readers change.
_NO_XML = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]")
#: Readers make blanks of these in a node's name.
_IN_NAMES = re.compile("[\t\n]")


def graphml_lines(graph: nx.MultiDiGraph[str]) -> Iterator[str]:
    """The lines of a GraphML document: every node, edge and attribute, with times as ISO 8601 and lists on one line.

    What XML cannot hold is written by its number.
    """
    import networkx as nx

    plain: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    plain.graph.update(_scalars(graph.graph))
    for node, data in graph.nodes(data=True):
        plain.add_node(_name(node), **_scalars(data))
    for number, (one, other, data) in enumerate(graph.edges(data=True)):
        plain.add_edge(_name(one), _name(other), f"e{number}", **_scalars(data))
    written = io.BytesIO()
    nx.write_graphml_xml(plain, written)
    # Not splitlines: a title may hold other characters that end a line.
    yield from written.getvalue().decode("utf-8").rstrip("\n").split("\n")


def _scalars(attributes: Mapping[str, object]) -> dict[str, _Scalar]:
    return {name: _scalar(value) for name, value in flat(attributes).items()}


def _scalar(value: Flat) -> _Scalar:
    match value:
        case datetime():
            return instant_text(value)
        case list():
            return _writable("; ".join(value))
        case str():
            return _writable(value)
    return value


def _name(node: str) -> str:
    return _IN_NAMES.sub(_escaped, _writable(node))


def _writable(text: str) -> str:
    return _NO_XML.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"
