"""The types of keys, with the package ecosystems and the languages that keys name."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class KeyType(StrEnum):
    """The type of a key; an untyped key is a text of an earlier release, or of a file of others."""

    PACKAGE = "pkg"
    IMPORT = "import"
    SYMBOL = "symbol"
    PATH = "path"
    COMMAND = "command"
    UNTYPED = "untyped"


#: The language that imports packages of an ecosystem, by the type of the package URL.
LANGUAGE_OF: Mapping[str, str] = {
    "pypi": "python",
    "npm": "javascript",
    "golang": "go",
    "cargo": "rust",
    "maven": "java",
    "gem": "ruby",
}
_ECOSYSTEM_ALIASES = {"go": "golang", "crates": "cargo", "crates.io": "cargo", "rubygems": "gem", "python": "pypi"}

#: The separator between the segments of an imported name, by language.
SEPARATORS: Mapping[str, str] = {
    "python": ".",
    "javascript": "/",
    "go": "/",
    "rust": "::",
    "java": ".",
    "ruby": "/",
}
_LANGUAGE_ALIASES = {
    "py": "python",
    "js": "javascript",
    "jsx": "javascript",
    "ts": "javascript",
    "tsx": "javascript",
    "typescript": "javascript",
    "golang": "go",
    "kotlin": "java",
    "scala": "java",
}

#: An example of each type, for messages.
KEY_EXAMPLES = (
    "pkg:pypi/pytz",
    "import:python:pkg_resources",
    "symbol:datetime.utcnow",
    "path:legacy/**",
    "command:npm install",
)


def ecosystem_of(word: str) -> str:
    """Return the package URL type for the name of an ecosystem; an unknown name comes back in small letters."""
    plain = word.lower()
    return _ECOSYSTEM_ALIASES.get(plain, plain)


def language_of(word: str) -> str:
    """Return the language for its name or alias (`typescript` is `javascript`); an unknown name in small letters."""
    plain = word.lower()
    return _LANGUAGE_ALIASES.get(plain, plain)
