"""TOML, JSON, INI, YAML and XML as plain values, within limits; nothing is executed and no entity is expanded."""

from __future__ import annotations

import configparser
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import field
from itertools import islice

import yaml

from graphmem.deferred_dataclass import dataclass
from graphmem.sources.decisions.xml_records import xml_tokens

MAX_MANIFEST_BYTES = 256 << 10
#: Further entries of a table or list are left out.
MAX_ENTRIES = 1_000
_MAX_DEPTH = 30
_MAX_NODES = 20_000
_MERGE = "<<"
#: The parser in C is ten times as fast; the wheels of PyYAML have it.
_LOADER: type[yaml.BaseLoader] = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_LINE = re.compile(r"\(at line (\d+)")
_HEAD = re.compile(r"\s*(/?)([A-Za-z_][\w:.-]{0,60})")


class UnreadableManifest(Exception):
    """The text of a manifest has not the format of its name. Handled within `graphmem.sources.manifests`.

    Attributes:
        line: Line number, from 1.
    """

    def __init__(self, reason: str, line: int = 1) -> None:
        super().__init__(reason)
        self.line = line


def toml_of(text: str) -> dict[str, object]:
    """The tables of a TOML text.

    Raises:
        UnreadableManifest: It is no TOML.
    """
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        match = _LINE.search(str(error))
        raise UnreadableManifest(f"no TOML: {_single_line(error)}", int(match[1]) if match else 1) from error


def json_of(text: str) -> dict[str, object]:
    """The object of a JSON text.

    Raises:
        UnreadableManifest: It is no JSON object.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableManifest(f"no JSON: {_single_line(error)}", getattr(error, "lineno", 1)) from error
    if not isinstance(value, dict):
        raise UnreadableManifest("JSON that is no object")
    return value


def ini_of(text: str) -> configparser.RawConfigParser:
    """The sections of an INI text.

    Raises:
        UnreadableManifest: It is no INI.
    """
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
    try:
        parser.read_string(text)
    except configparser.Error as error:
        line = getattr(error, "lineno", 0) or next(iter(getattr(error, "errors", [])), (1,))[0]
        raise UnreadableManifest(f"no INI: {_single_line(error)}", int(line)) from error
    return parser


def yaml_of(text: str) -> dict[str, object]:
    """The mapping of a YAML text, every scalar as its text; anchors and merge keys are followed within the limits.

    Raises:
        UnreadableManifest: It is no YAML mapping, or too large once its aliases are written out.
    """
    try:
        _check_depth(text)
        node = yaml.compose(text, Loader=_LOADER)
        value = _PlainYaml().value(node) if node is not None else {}
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        raise UnreadableManifest(f"no YAML: {_single_line(error)}", mark.line + 1 if mark else 1) from error
    if not isinstance(value, dict):
        raise UnreadableManifest("YAML that is no mapping of keys to values")
    return value


def _check_depth(text: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_DEPTH:
            line = event.start_mark.line + 1 if event.start_mark else 1
            raise UnreadableManifest(f"YAML nested over {_MAX_DEPTH} deep", line)


@dataclass(slots=True)
class _PlainYaml:
    """Plain values of YAML nodes; an alias counts as often as it is used."""

    nodes: int = 0

    def value(self, node: yaml.Node, depth: int = 0) -> object:
        self.nodes += 1
        if self.nodes > _MAX_NODES or depth > _MAX_DEPTH:
            raise UnreadableManifest(f"YAML of over {_MAX_NODES} parts with its aliases written out")
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, depth)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, depth + 1) for item in node.value]
        return str(node.value)

    def _mapping(self, node: yaml.MappingNode, depth: int) -> dict[str, object]:
        merged: dict[str, object] = {}
        own: dict[str, object] = {}
        for key, value_node in node.value:
            value = self.value(value_node, depth + 1)
            if key.value != _MERGE:
                own[str(key.value)] = value
                continue
            for mapping in value if isinstance(value, list) else [value]:
                merged |= mapping if isinstance(mapping, dict) else {}
        return merged | own


@dataclass(frozen=True, slots=True)
class XmlElement:
    """An element: its children in order, and the text directly inside it."""

    name: str
    line: int = 1
    children: list[XmlElement] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text of the element without its children, as one line."""
        return " ".join("".join(self.texts).split())

    def all(self, name: str) -> Iterator[XmlElement]:
        """The children of a name."""
        return (child for child in self.children if child.name == name)

    def below(self, *names: str) -> XmlElement | None:
        """The first element at a path of names below this element; None if there is none."""
        element: XmlElement | None = self
        for name in names:
            element = next(element.all(name), None) if element is not None else None
        return element

    def text_of(self, *names: str) -> str:
        """The text of the element at a path of names; empty if there is none."""
        element = self.below(*names)
        return element.text if element is not None else ""


def xml_of(text: str) -> XmlElement:
    """The outermost element of an XML text. Attributes are left out.

    Raises:
        UnreadableManifest: Tags are not closed in order.
    """
    top = XmlElement("")
    stack = [top]
    for kind, content, line in xml_tokens(text):
        head = _HEAD.match(content) if kind == "tag" else None
        if kind == "text":
            stack[-1].texts.append(content)
        elif head is not None and head[1]:
            if head[2] != stack[-1].name:
                raise UnreadableManifest(f"no XML: </{head[2]}> closes <{stack[-1].name}>", line)
            stack.pop()
        elif head is not None:
            element = XmlElement(head[2], line)
            stack[-1].children.append(element)
            if not content.endswith("/"):
                stack.append(element)
        if len(stack) > _MAX_DEPTH:
            raise UnreadableManifest(f"XML nested over {_MAX_DEPTH} deep", line)
    if len(stack) != 1 or not top.children:
        raise UnreadableManifest(f"no XML: <{stack[-1].name}> is not closed", stack[-1].line)
    return top.children[0]


def table_at(value: object, *keys: str) -> Mapping[str, object]:
    """The mapping at a path of keys, within a limit of entries; empty if there is none."""
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    if not isinstance(value, Mapping):
        return {}
    return value if len(value) <= MAX_ENTRIES else dict(islice(value.items(), MAX_ENTRIES))


def list_at(value: object, *keys: str) -> list[object]:
    """The list at a path of keys, within a limit of entries; empty if there is none."""
    value_at = table_at(value, *keys[:-1]).get(keys[-1])
    return value_at[:MAX_ENTRIES] if isinstance(value_at, list) else []


def text_at(value: object, *keys: str) -> str:
    """The text at a path of keys; empty if there is none."""
    value_at = table_at(value, *keys[:-1]).get(keys[-1])
    return value_at.strip() if isinstance(value_at, str) else ""


def line_of(text: str, needle: str) -> int:
    """Number of the first line that has a text; 1 if none has it."""
    position = text.find(needle)
    return text.count("\n", 0, position) + 1 if position >= 0 else 1


def _single_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
