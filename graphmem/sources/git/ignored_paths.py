"""The paths that the `.gitignore` files of a repository ignore, read without starting git."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from functools import cached_property

from graphmem.deferred_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class _IgnoreRule:
    """A line of a `.gitignore` file."""

    pattern: re.Pattern[str]
    is_negated: bool
    is_for_folders: bool


@dataclass
class IgnoredPaths:
    """Decides whether git ignores a path.

    Attributes:
        texts: Contents of the `.gitignore` files by their folder; the root is an empty text.
    """

    texts: Mapping[str, str]
    _known: dict[str, bool] = field(default_factory=dict)

    def __contains__(self, path: object) -> bool:
        """Return True if a path, which ends in `/` for a folder, or a folder above it is ignored."""
        if not isinstance(path, str) or not path.strip("/"):
            return False
        if path not in self._known:
            parent = posixpath.dirname(path.rstrip("/"))
            self._known[path] = (bool(parent) and f"{parent}/" in self) or self._is_matched(path)
        return self._known[path]

    def _is_matched(self, path: str) -> bool:
        """The result of the last rule that matches, those of inner folders last."""
        bare = path.rstrip("/")
        is_ignored = False
        for folder in _folders_above(bare):
            inside = bare[len(folder) :].lstrip("/")
            for rule in self._rules.get(folder, ()):
                if (path.endswith("/") or not rule.is_for_folders) and rule.pattern.fullmatch(inside):
                    is_ignored = not rule.is_negated
        return is_ignored

    @cached_property
    def _rules(self) -> dict[str, tuple[_IgnoreRule, ...]]:
        return {folder: tuple(_rules_of(text)) for folder, text in self.texts.items()}


def _folders_above(path: str) -> Iterator[str]:
    """The root, as an empty text, and the folders down to the folder of a path."""
    yield ""
    parts = path.split("/")[:-1]
    yield from ("/".join(parts[:count]) for count in range(1, len(parts) + 1))


def _rules_of(text: str) -> Iterator[_IgnoreRule]:
    for line in text.splitlines():
        words = line.rstrip()
        if not words or words.startswith("#"):
            continue
        is_negated = words.startswith("!")
        words = words.removeprefix("!").removeprefix("\\")
        bare = words.rstrip("/")
        if bare:
            yield _IgnoreRule(_pattern(bare), is_negated, words.endswith("/"))


def _pattern(glob: str) -> re.Pattern[str]:
    """The pattern of a glob: with a slash before its end it is relative to the folder, otherwise to any below it."""
    start = "" if "/" in glob else "(?:.*/)?"
    parts = re.split(r"(\*\*/|/\*\*$|\*\*|\*|\?|\[!?[^\]/]+\])", glob.lstrip("/"))
    try:
        return re.compile(start + "".join(map(_translated, parts)))
    except re.error:
        return re.compile(re.escape(glob))


_GLOBS = {"**/": "(?:.*/)?", "/**": "/.*", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def _translated(part: str) -> str:
    if part.startswith("[") and part.endswith("]") and len(part) > 2:  # noqa: PLR2004 - brackets and a character
        return part.replace("[!", "[^").replace("\\", "\\\\")
    return _GLOBS.get(part) or re.escape(part)
