"""Feature flags in registry files.

Three forms are recognised: a JSON or YAML file with a name such as `feature_flags.yml`, in which each key is a flag
with a switch or with fields; a file `NAME.flagd.json` of flagd; and the folder `feature_flags/` in which each YAML file
is a flag, as GitLab has it.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping

import yaml

from graphmem.model import Kind
from graphmem.sources.clipped_text import clipped, single_line
from graphmem.sources.tasks.json_values import Unreadable, json_value, mapping, text
from graphmem.sources.tasks.records import MAX_ID_CHARS, TaskRecord

MAX_REGISTRY_BYTES = 256 << 10
MAX_FLAGS = 1_000
_MAX_DEPTH = 20
_STEM = re.compile(r"^feature[-_.]?(?:flags?|toggles?)$", re.IGNORECASE)
_FLAGD = ".flagd.json"
_YAML = (".yml", ".yaml")
_HOLDERS = ("flags", "features", "feature_flags", "featureFlags", "toggles")
_SWITCHES = ("enabled", "default_enabled", "default", "state", "defaultState", "on", "active", "value", "disable")
_ON = frozenset({"true", "on", "yes", "enabled", "1", "active"})
_OFF = frozenset({"false", "off", "no", "disabled", "0", "inactive"})
_TEXTS = ("description", "desc", "comment", "summary", "purpose")


def is_flag_registry(path: str) -> bool:
    """True if a path has the name of a registry of feature flags."""
    folder, name = posixpath.split(path)
    stem, extension = posixpath.splitext(name)
    if name.endswith(_FLAGD):
        return True
    if extension in _YAML and any(_STEM.match(part) for part in folder.split("/")):
        return True
    return extension in {".json", *_YAML} and _STEM.match(stem) is not None


def flags_of(content: bytes, path: str) -> list[TaskRecord]:
    """The flags of a registry file, in its order.

    Raises:
        Unreadable: The file is too large, malformed, nested too deeply, or uses aliases of YAML.
    """
    if len(content) > MAX_REGISTRY_BYTES:
        raise Unreadable(f"a registry of more than {MAX_REGISTRY_BYTES >> 10} KiB")
    tree = mapping(_yaml_value(content) if path.endswith(_YAML) else json_value(content))
    if path.endswith(_YAML) and not _STEM.match(posixpath.splitext(posixpath.basename(path))[0]):
        named = single_line(text(tree.get("name")), MAX_ID_CHARS)
        return [_flag(named, tree, path)] if named else []
    for holder in _HOLDERS:
        if isinstance(tree.get(holder), dict):
            tree = mapping(tree[holder])
            break
    return list(_flags(tree, path))[:MAX_FLAGS]


def _flags(tree: Mapping[str, object], path: str) -> Iterator[TaskRecord]:
    for key, value in tree.items():
        name = single_line(str(key), MAX_ID_CHARS)
        if name and not name.startswith("$") and (isinstance(value, dict) or _switch(value) is not None):
            yield _flag(name, value, path)


def _flag(name: str, value: object, path: str) -> TaskRecord:
    fields = mapping(value)
    state = _switch(value)
    for switch in _SWITCHES:
        if state is None and switch in fields:
            state = _switch(fields[switch])
            state = not state if switch == "disable" and state is not None else state
    described = next((text(fields[field]) for field in _TEXTS if text(fields.get(field))), "")
    return TaskRecord(
        id=f"{path}#{name}",
        title=f"Feature flag {name}",
        word="off" if state is False else "on",
        body=clipped(described.strip()),
        kind=Kind.FACT,
        labels=("feature flag",),
        files=(path,),
    )


def _switch(value: object) -> bool | None:
    plain = str(value).casefold() if isinstance(value, str | bool | int) else ""
    return True if plain in _ON else False if plain in _OFF else None


def _yaml_value(content: bytes) -> object:
    """A YAML text with scalars as they are written; aliases are refused, since they expand without limit."""
    try:
        written = content.decode("utf-8")
        events = yaml.parse(written, Loader=yaml.BaseLoader)
        depth = 0
        for event in events:
            if isinstance(event, yaml.AliasEvent):
                raise Unreadable("YAML with aliases")
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > _MAX_DEPTH:
                raise Unreadable("YAML that is nested too deeply")
        return yaml.load(written, Loader=yaml.BaseLoader)  # noqa: S506 - the base loader builds texts alone
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as exc:
        raise Unreadable("malformed YAML") from exc
