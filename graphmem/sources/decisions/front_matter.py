"""YAML as records carry it: small, without aliases, every scalar left as the text it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import yaml

from graphmem.deferred_dataclass import dataclass
from graphmem.errors import InvalidInput

MAX_YAML_CHARS = 64_000
_MAX_DEPTH = 12
_MAX_EVENTS = 20_000
#: Keys whose nested keys name relations: `links: {superseded-by: ADR-2}`.
_HOLDERS = frozenset(
    {"links", "relations", "relationships", "related", "relates to", "lineage", "supersession", "status", "history"}
)
_RELATION_NAMES = ("type", "relation", "rel", "kind", "relationship")
_TARGET_NAMES = (
    "target",
    "id",
    "ref",
    "adr",
    "record",
    "to",
    "number",
    "link",
    "path",
    "href",
    "file",
    "name",
    "title",
)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z][a-z])")
_NOTHING = {"", "null", "none", "~", "n/a", "na", "n.a", "not applicable", "-", "[]", "{}", "tbd"}


#: A value of a YAML text: every scalar is the text that it is written as.
YamlValue = str | list["YamlValue"] | dict[str, "YamlValue"]
YamlTree = dict[str, YamlValue]


@dataclass(frozen=True, slots=True)
class Field:
    """A key in the metadata of a record, with its values and its line."""

    name: str
    values: tuple[str, ...]
    line: int

    @property
    def text(self) -> str:
        """The values as one text."""
        return ", ".join(self.values)


class RefusedYaml(InvalidInput):
    """The YAML is too large, too deep, malformed or uses aliases.

    Attributes:
        line: Line (from 1) within the YAML text.
    """

    def __init__(self, reason: str, line: int = 1) -> None:
        super().__init__(reason)
        self.line = line


def parse_yaml(text: str, first_line: int = 1) -> tuple[Field, ...]:
    """The top-level keys of a mapping, in order, lists kept as values.

    Nested mappings are passed over, but for those that name relations: below `links`, or `{type: ..., target: ...}`.

    Raises:
        RefusedYaml: If the text is over the size cap, nested too deeply, no mapping, or uses an alias: a few
            hundred bytes of aliases expand to gigabytes.
    """
    node = _composed(text)
    return (
        () if node is None else tuple(field for key, value in node.value for field in _fields(key, value, first_line))
    )


def parse_yaml_tree(text: str) -> YamlTree:
    """A mapping as nested dictionaries and lists; empty for an empty text.

    Raises:
        RefusedYaml: See `parse_yaml`.
    """
    node = _composed(text)
    tree = {} if node is None else _tree(node)
    assert isinstance(tree, dict), "a composed text is a mapping"  # noqa: S101
    return tree


def _tree(node: yaml.Node) -> YamlValue:
    if isinstance(node, yaml.MappingNode):
        return {str(key.value): _tree(value) for key, value in node.value if isinstance(key, yaml.ScalarNode)}
    if isinstance(node, yaml.SequenceNode):
        return [_tree(item) for item in node.value]
    return str(node.value)


def _composed(text: str) -> yaml.MappingNode | None:
    if len(text) > MAX_YAML_CHARS:
        raise RefusedYaml(f"YAML of {len(text)} characters is over {MAX_YAML_CHARS}")
    try:
        _refuse_bombs(text)
        node = yaml.compose(text, Loader=yaml.BaseLoader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise RefusedYaml(f"malformed YAML: {_single_line(error)}", _line_of(error)) from error
    if node is not None and not isinstance(node, yaml.MappingNode):
        raise RefusedYaml("YAML that is no mapping of keys to values")
    return node


def _fields(key: yaml.Node, value: yaml.Node, first_line: int) -> Iterator[Field]:
    if not isinstance(key, yaml.ScalarNode):
        return
    name, line = _key(key), first_line + (key.start_mark.line if key.start_mark else 0)
    yield Field(name, _scalars(value), line)
    if re.sub(r"[-_]", " ", name) not in _HOLDERS:
        return
    if isinstance(value, yaml.MappingNode):
        inner = [(node, value_node) for node, value_node in value.value if isinstance(node, yaml.ScalarNode)]
        yield from (Field(_key(node), _scalars(value_node), line) for node, value_node in inner)
    for item in value.value if isinstance(value, yaml.SequenceNode) else ():
        if isinstance(item, yaml.MappingNode):
            relation, target = _first(item, _RELATION_NAMES), _first(item, _TARGET_NAMES)
            if relation and target:
                yield Field(relation.lower(), (target,), line)


def _key(key: yaml.ScalarNode) -> str:
    """A key in lower case; `supersededBy` as two words."""
    return _CAMEL.sub("-", key.value.strip()).lower()


def _first(node: yaml.MappingNode, names: Sequence[str]) -> str | None:
    """The value of the first of some keys that a mapping has."""
    values = {
        key.value.strip().lower(): value.value.strip()
        for key, value in node.value
        if isinstance(key, yaml.ScalarNode) and isinstance(value, yaml.ScalarNode)
    }
    return next((values[name] for name in names if values.get(name) and not is_nothing(values[name])), None)


def is_nothing(value: str) -> bool:
    """True if a value only says that there is no value."""
    return value.strip().strip("\"'`*_.").lower() in _NOTHING


def _refuse_bombs(text: str) -> None:
    depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=yaml.BaseLoader)):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent):
            raise RefusedYaml("YAML aliases are not read: write the value out", line)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_DEPTH or count > _MAX_EVENTS:
            raise RefusedYaml(f"YAML nested over {_MAX_DEPTH} deep or of over {_MAX_EVENTS} parts", line)


def _scalars(node: yaml.Node) -> tuple[str, ...]:
    if isinstance(node, yaml.ScalarNode):
        return () if is_nothing(node.value) else (node.value.strip(),)
    if isinstance(node, yaml.SequenceNode):
        named = (_first(item, _TARGET_NAMES) for item in node.value if isinstance(item, yaml.MappingNode))
        scalars = (value for item in node.value if isinstance(item, yaml.ScalarNode) for value in _scalars(item))
        return (*scalars, *(value for value in named if value))
    return ()


def _single_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def _line_of(error: Exception) -> int:
    mark = getattr(error, "problem_mark", None)
    return int(mark.line) + 1 if mark is not None else 1
