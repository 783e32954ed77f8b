"""YAML as records carry it: small, without aliases, every scalar left as the text it is."""

from __future__ import annotations

from dataclasses import dataclass

import yaml

from graphmem.errors import InvalidInput

MAX_YAML_CHARS = 64_000
_MAX_DEPTH = 12
_MAX_EVENTS = 20_000
_NOTHING = {"", "null", "none", "~", "n/a", "na", "n.a", "not applicable", "-", "[]", "{}", "tbd"}


@dataclass(frozen=True, slots=True)
class Field:
    """One key of a record's metadata with its values, and where it stands."""

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
    """The top-level keys of a mapping, in order; nested mappings are passed over, lists kept as values.

    Raises:
        RefusedYaml: If the text is over the size cap, nested too deeply, no mapping, or uses an alias: a few
            hundred bytes of aliases expand to gigabytes.
    """
    if len(text) > MAX_YAML_CHARS:
        raise RefusedYaml(f"YAML of {len(text)} characters is over {MAX_YAML_CHARS}")
    try:
        _refuse_bombs(text)
        node = yaml.compose(text, Loader=yaml.BaseLoader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise RefusedYaml(f"malformed YAML: {_one_line(error)}", _line_of(error)) from error
    if node is None:
        return ()
    if not isinstance(node, yaml.MappingNode):
        raise RefusedYaml("YAML that is no mapping of keys to values")
    return tuple(
        Field(key.value.strip().lower(), _scalars(value), first_line + (key.start_mark.line if key.start_mark else 0))
        for key, value in node.value
        if isinstance(key, yaml.ScalarNode)
    )


def is_nothing(value: str) -> bool:
    """Whether a value only says that there is none."""
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
        return tuple(value for item in node.value if isinstance(item, yaml.ScalarNode) for value in _scalars(item))
    return ()


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def _line_of(error: Exception) -> int:
    mark = getattr(error, "problem_mark", None)
    return int(mark.line) + 1 if mark is not None else 1
