"""A rule in a file: its text, its words, the headings above it, its scope."""

from __future__ import annotations

import re
from functools import lru_cache

from graphmem.deferred_dataclass import dataclass

#: Longer rules are cut.
MAX_RULE_CHARS = 4_000

#: Markup takes more characters than the text.
_MOST_READ_CHARS = 4 * MAX_RULE_CHARS
_CODE = re.compile(r"(`+[^`]*`+)")
#: A link or code. Code comes second, so that a link may contain code; within code there are no links.
_LINK = re.compile(r"!?\[(?P<text>[^\[\]]{0,1000})\]\([^()\s]{0,500}(?:\s[^()]{0,300})?\)|(?P<code>`+[^`]*`+)")
_EMPHASIS = re.compile(r"(?<![\w*])[*_]{1,3}(?=[^\s*_])|(?<=[^\s*_])[*_]{1,3}(?![\w*])")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]+")
_CACHED_TEXTS = 8_192
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
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

    @property
    def identity(self) -> str:
        """The text without marks, in lower case: equal for the same rule in other files and at other times."""
        return _identity(self.text)

    @property
    def words(self) -> tuple[str, ...]:
        """The words in order, in lower case."""
        return _words(self.text)


# Most texts of a version were in the version before it.
@lru_cache(maxsize=_CACHED_TEXTS)
def _identity(text: str) -> str:
    return " ".join(text.replace("`", "").casefold().split()).rstrip(" .:;,")


@lru_cache(maxsize=_CACHED_TEXTS)
def _words(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(_identity(text)))


@lru_cache(maxsize=_CACHED_TEXTS)
def plain(text: str) -> str:
    """Return a text on a single line without emphasis, targets of links and control characters; code marks stay."""
    unlinked = _LINK.sub(_unlinked, _CONTROL.sub(" ", text[:_MOST_READ_CHARS]))
    shown = (part if index % 2 else _EMPHASIS.sub("", part) for index, part in enumerate(_CODE.split(unlinked)))
    joined = " ".join("".join(shown).split())
    return joined if len(joined) <= MAX_RULE_CHARS else joined[:MAX_RULE_CHARS].rsplit(" ", 1)[0] + "\u2026"


def _unlinked(match: re.Match[str]) -> str:
    return match["code"] or match["text"] or ""
