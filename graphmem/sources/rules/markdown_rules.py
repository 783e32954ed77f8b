"""Rules of Markdown and reStructuredText: each list item, paragraph and bold line is a rule under its headings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import zip_longest

from graphmem.deferred_dataclass import dataclass
from graphmem.sources.decisions.sections import TextLine, TextSection, read_sections
from graphmem.sources.rules.rule_text import Rule, plain

_ITEM = re.compile(r"^[ \t]*(?:[-*+\u2022]|\d{1,3}[.)])[ \t]+(?:\[[ xX]\][ \t]+)?(?P<text>\S.*)$")
_QUOTE = re.compile(r"^ {0,3}(?:> ?)+")
_LINE = re.compile(r"^ {0,3}(?:[-*_] *){3,}$")
_ROW = re.compile(r"^\s*\|")
_BOLD = re.compile(r"^\s*(?:\*\*|__)\S")
_TAG = re.compile(r"^\s*</?[A-Za-z][\w.-]*(?=[\s>/])[^`]*$")
_DIRECTIVE = re.compile(r"^\s*\.\. ")
_CODE_ONLY = re.compile(r"^\W*`[^`]*`\W*$")
_LEAST_WORDS = 2
#: A shorter text above list items is their heading.
_MOST_HEADING_WORDS = 3


@dataclass(frozen=True, slots=True)
class _RuleBlock:
    """A paragraph or a list item.

    Attributes:
        depth: Width of the indentation; None for a paragraph that has none.
    """

    lines: tuple[str, ...]
    line: int
    depth: int | None

    @property
    def text(self) -> str:
        return plain(" ".join(self.lines))


def markdown_rules(
    text: str, *, first_line: int = 1, scope: tuple[str, ...] = (), is_rst: bool = False
) -> Iterator[Rule]:
    """The rules of a text in order; code, tables, comments and texts of a single word are none.

    Args:
        text: Without its front matter.
        first_line: Number of its first line in the file.
        scope: See `Rule.scope`.
        is_rst: The text is reStructuredText.
    """
    for section in read_sections(text, first_line=first_line, is_rst=is_rst):
        above = tuple(plain(heading) for heading in (*section.parents, section.heading) if heading.strip())
        yield from _rules(list(_blocks(section)), above, scope)


def _rules(blocks: list[_RuleBlock], above: tuple[str, ...], scope: tuple[str, ...]) -> Iterator[Rule]:
    items: list[tuple[int, str]] = []
    for block, below in zip_longest(blocks, blocks[1:]):
        depth = -1 if block.depth is None else block.depth
        while items and items[-1][0] >= depth:
            items.pop()
        text, over = block.text, tuple(item for _, item in items)
        rule = Rule(_telling(text, (*above, *over)), above, block.line, scope, items=over)
        is_above = below is not None and below.depth is not None and below.depth > depth
        if is_above and (block.depth is not None or text.endswith(":")):
            items.append((depth, text.rstrip(": ")))
        if len(rule.words) >= _LEAST_WORDS and not (is_above and len(rule.words) <= _MOST_HEADING_WORDS):
            yield rule


def _telling(text: str, above: tuple[str, ...]) -> str:
    """Return the text of a rule; a text of code alone is joined with the heading or item above it."""
    if _CODE_ONLY.match(text) and above:
        return plain(f"{above[-1].rstrip(': ')}: {text}")
    return text


def _blocks(section: TextSection) -> Iterator[_RuleBlock]:
    lines: list[str] = []
    start, depth = 0, None
    for line in (*section.lines, TextLine(0, "")):
        content = "" if line.is_code or _is_no_text(line.text) else _QUOTE.sub("", line.text)
        item = _ITEM.match(content)
        is_new = item is not None or bool(_BOLD.match(content))
        if lines and (is_new or not content.strip()):
            yield _RuleBlock(tuple(lines), start, depth)
            lines = []
        if content.strip():
            if not lines:
                start, depth = line.number, _depth(content, is_item=item is not None)
            lines.append(item["text"] if item else content)


def _is_no_text(text: str) -> bool:
    return bool(_LINE.match(text) or _ROW.match(text) or _TAG.match(text) or _DIRECTIVE.match(text))


def _depth(content: str, *, is_item: bool) -> int | None:
    """Return the width of the indentation; None for a paragraph that has none."""
    wide = content.expandtabs(4)
    width = len(wide) - len(wide.lstrip())
    return width if is_item or width else None
