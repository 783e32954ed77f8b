"""Exports the graph as GraphML, for Gephi, yEd, igraph and networkx."""

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

#: Characters that XML 1.0 forbids or its readers normalise.
_NO_XML = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]")
#: Readers replace these with spaces in node ids.
_IN_NAMES = re.compile("[\t\n]")


def graphml_lines(graph: nx.MultiDiGraph[str]) -> Iterator[str]:
    """Yield the lines of a GraphML document; times are ISO 8601, lists are joined to single strings.

    Characters that XML forbids are written as escapes.
    """
    import networkx as nx

    plain: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    plain.graph.update(_scalars(graph.graph))
    for node, data in graph.nodes(data=True):
        plain.add_node(_name(node), **_scalars(data))
    for number, (source, target, data) in enumerate(graph.edges(data=True)):
        plain.add_edge(_name(source), _name(target), f"e{number}", **_scalars(data))
    buffer = io.BytesIO()
    nx.write_graphml_xml(plain, buffer)
    # Not splitlines: a title may contain other line separators.
    yield from buffer.getvalue().decode("utf-8").rstrip("\n").split("\n")


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
