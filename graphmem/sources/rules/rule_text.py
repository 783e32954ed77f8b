"""A rule as a file has it: its text, the words by which it is recognised, the headings above it, its scope."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

#: Longer rules are cut.
MAX_RULE_CHARS = 4_000

_CODE = re.compile(r"(`+[^`]*`+)")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]{0,500}(?:\s[^()]{0,300})?\)")
_EMPHASIS = re.compile(r"(?<![\w*])[*_]{1,3}(?=[^\s*_])|(?<=[^\s*_])[*_]{1,3}(?![\w*])")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]+")
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Rule:
    """A rule in a version of a file.

    Attributes:
        text: Without emphasis and link targets, on one line.
        headings: The headings above it, outermost first.
        items: The list items and introductions above it within its section, outermost first.
        line: Line at which it begins, from 1.
        scope: Globs of the files to which it applies; empty for the whole repository.
        setting: Name of the setting that a linter's rule is about: another value is a rewording. None for a text.
    """

    text: str
    headings: tuple[str, ...] = ()
    line: int = 1
    scope: tuple[str, ...] = ()
    setting: str | None = None
    items: tuple[str, ...] = ()

    @cached_property
    def identity(self) -> str:
        """The text by which the same rule is recognised in other files and at other times."""
        return " ".join(self.text.replace("`", "").casefold().split()).rstrip(" .:;,")

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The words in order, in lower case."""
        return tuple(_WORD.findall(self.identity))


def plain(text: str) -> str:
    """A text on one line without emphasis, targets of links and control characters; code marks stay."""
    parts = _CODE.split(_CONTROL.sub(" ", text))
    shown = (part if index % 2 else _EMPHASIS.sub("", _LINK.sub(r"\1", part)) for index, part in enumerate(parts))
    joined = " ".join("".join(shown).split())
    return joined if len(joined) <= MAX_RULE_CHARS else joined[:MAX_RULE_CHARS].rsplit(" ", 1)[0] + "\u2026"
