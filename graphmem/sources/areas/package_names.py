"""The name of the package that a manifest declares."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping

from graphmem.sources.manifests.document_texts import table_at, text_at, toml_of
from graphmem.sources.manifests.go_modules import read_go_mod
from graphmem.sources.manifests.javascript_packages import read_package_json
from graphmem.sources.manifests.python_packages import normal

_NEXT_TABLE = re.compile(r"^[ \t]*\[", re.MULTILINE)
#: A string over several lines may contain what looks like a table.
_LONG_STRINGS = ('"""', "'''")


def package_name(file_name: str, text: str) -> str:
    """Return the name of the package that a manifest declares; empty if it declares none.

    The other tables of a `Cargo.toml` or `pyproject.toml` are not parsed if the name stands in a table of its own.

    Raises:
        UnreadableManifest: The text has not the format of its name.
    """
    if file_name == "Cargo.toml":
        package = _single_table(text, "package")
        return text_at(table_at(toml_of(text), "package") if package is None else package, "name")
    if file_name == "pyproject.toml":
        name = text_at(_single_table(text, "project") or {}, "name")
        return normal(name or _python_name(toml_of(text)))
    if file_name == "package.json":
        return read_package_json(text).name
    return read_go_mod(text).name if file_name == "go.mod" else ""


def _python_name(tables: Mapping[str, object]) -> str:
    return text_at(table_at(tables, "project"), "name") or text_at(table_at(tables, "tool", "poetry"), "name")


def _single_table(text: str, name: str) -> Mapping[str, object] | None:
    """Return a table below its header; None if the whole text must be parsed for it."""
    head = re.search(rf"^[ \t]*\[[ \t]*{name}[ \t]*\][ \t]*(?:#.*)?\r?$", text, re.MULTILINE)
    if head is None or any(quotes in text[: head.start()] for quotes in _LONG_STRINGS):
        return None
    end = _NEXT_TABLE.search(text, head.end())
    try:
        return tomllib.loads(text[head.end() : len(text) if end is None else end.start()])
    except (tomllib.TOMLDecodeError, RecursionError):
        return None
