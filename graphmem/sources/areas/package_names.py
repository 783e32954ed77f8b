"""The name of the package that a manifest declares."""

from __future__ import annotations

import re

from graphmem.sources.manifests.document_texts import table_at, text_at, toml_of
from graphmem.sources.manifests.go_modules import read_go_mod
from graphmem.sources.manifests.javascript_packages import read_package_json
from graphmem.sources.manifests.python_packages import normal

_END = r"[ \t]*(?:#[^\r\n]*)?\r?$"
_TEXT = r'"[^"\\\n]*"'
#: A text, a list of texts, a table without texts, a number or a truth value.
_VALUE = rf"(?:{_TEXT}|\[(?:{_TEXT}|[\s,])*\]|\{{[^{{}}\[\]\"'#\n]*\}}|[\w.+-]+)"


def _named(table: str) -> re.Pattern[str]:
    """Return the pattern of a table's header, keys with such values, and the name."""
    head, name = rf"[ \t]*\[[ \t]*{table}[ \t]*\]", r'[ \t]*name[ \t]*=[ \t]*"(?P<name>[^"\\\n]*)"'
    return re.compile(
        rf"^{head}{_END}\n(?:[ \t]*[\w.-]+[ \t]*=[ \t]*{_VALUE}{_END}\n|{_END}\n)*?{name}{_END}", re.MULTILINE
    )


_NAMED_BY_FILE = {"Cargo.toml": _named("package"), "pyproject.toml": _named("project")}
#: A string over several lines may contain what looks like a table.
_LONG_STRINGS = ('"""', "'''")


def package_name(file_name: str, text: str) -> str:
    """Return the name of the package that a manifest declares; empty if it declares none.

    A `Cargo.toml` or `pyproject.toml` is not parsed if the name is among the first keys of its table.

    Raises:
        UnreadableManifest: The text has not the format of its name.
    """
    if file_name == "Cargo.toml":
        return _leading_name(file_name, text) or text_at(table_at(toml_of(text), "package"), "name")
    if file_name == "pyproject.toml":
        return normal(_leading_name(file_name, text) or _python_name(text))
    if file_name == "package.json":
        return read_package_json(text).name
    return read_go_mod(text).name if file_name == "go.mod" else ""


def _python_name(text: str) -> str:
    tables = toml_of(text)
    return text_at(table_at(tables, "project"), "name") or text_at(table_at(tables, "tool", "poetry"), "name")


def _leading_name(file_name: str, text: str) -> str:
    """Return the name among the first keys of the package's table; empty if the text must be parsed for it."""
    match = _NAMED_BY_FILE[file_name].search(text)
    if match is None or any(quotes in text[: match.start()] for quotes in _LONG_STRINGS):
        return ""
    return match["name"]
