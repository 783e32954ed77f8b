"""Exports the graph as a Cypher script for an empty Neo4j database: for inspection, not a store.

Nodes have the label `Exported` and a label of their kind, never `Memory`, so that a store in the same database ignores
them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from graphmem.interop.flattening import Flat, flat, instant_text
from graphmem.service.attributes import NodeType

if TYPE_CHECKING:
    import networkx as nx

_CONSTRAINT = "CREATE CONSTRAINT graphmem_exported IF NOT EXISTS FOR (n:Exported) REQUIRE n.id IS UNIQUE;"
_ESCAPES = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
_ESCAPED = re.compile(r"[\\'\n\r\t\b\f]".replace(r"\b", "\b"))
_CONTROL = re.compile("[\x00-\x07\x0b\x0e-\x1f\x7f]")
#: Some releases parse an escaped backslash before a `u` as the start of a Unicode escape.
_BACKSLASH_U = re.compile(r"\\(?=[uU])")


def cypher_lines(graph: nx.MultiDiGraph[str]) -> Iterator[str]:
    """Yield one statement per line; running the script again creates no duplicates."""
    yield _CONSTRAINT
    for node, data in graph.nodes(data=True):
        properties = _map({"id": node, **flat(data)})
        yield f"MERGE (n:Exported {{id: {_text(node)}}}) SET n:{_label(data)}, n += {properties};"
    for source, target, key, data in graph.edges(keys=True, data=True):
        ends = f"MATCH (a:Exported {{id: {_text(source)}}}), (b:Exported {{id: {_text(target)}}})"
        kind, properties = data["type"].value.upper(), _map({"key": key, **flat(data)})
        yield f"{ends} MERGE (a)-[r:{kind} {{key: {_text(key)}}}]->(b) SET r += {properties};"


def _label(data: Mapping[str, object]) -> str:
    """Return the kind of a memory or anchor, or the type of another node; both come from closed vocabularies."""
    is_kind = data["type"] in {NodeType.MEMORY, NodeType.ANCHOR}
    return str(data["kind"] if is_kind else data["type"]).capitalize()


def _map(properties: Mapping[str, Flat]) -> str:
    return "{" + ", ".join(f"{name}: {_literal(value)}" for name, value in properties.items()) + "}"


def _literal(value: Flat) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case datetime():
            return f"datetime('{instant_text(value)}')"
        case list():
            return "[" + ", ".join(map(_text, value)) + "]"
    return _text(value)


def _text(text: str) -> str:
    """Return a string literal on a single line."""
    parts = _BACKSLASH_U.split(text)
    return " + '\\\\' + ".join(f"'{_inner(part)}'" for part in parts)


def _inner(text: str) -> str:
    escaped = _ESCAPED.sub(lambda match: _ESCAPES[match[0]], text)
    return _CONTROL.sub(lambda match: f"\\u{ord(match[0]):04x}", escaped)
