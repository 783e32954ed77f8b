"""MediaWiki as the Markdown that says the same, line by line, so that line numbers stay."""

from __future__ import annotations

import re
from collections.abc import Sequence

_HEADING = re.compile(r"^(?P<marks>={1,6})(?P<text>[^=].{0,300}?)={1,6}[ \t]*$")
_ITEM = re.compile(r"^(?P<marks>[*#]{1,5})[ \t]*(?=\S)")
_STRONG = re.compile(r"'{2,5}")
_PAGE = re.compile(r"\[\[(?P<page>[^\[\]|]{1,300})(?:\|(?P<text>[^\[\]|]{1,300}))?\]\]")
_ADDRESS = re.compile(r"(?<![\[\]])\[(?P<url>https?://[^\s\[\]]{1,500})(?:[ \t]+(?P<text>[^\[\]]{1,300}))?\](?!\()")
_BLOCK = re.compile(r"^</?(?:pre|source|syntaxhighlight|code)\b[^<>]{0,100}>[ \t]*$")


def is_mediawiki(path: str) -> bool:
    """Return whether a path names a MediaWiki file."""
    return path.lower().endswith((".mediawiki", ".wiki"))


def to_markdown(lines: Sequence[str]) -> list[str]:
    """Return as many lines as were given: headings, lists, links, emphasis and code as Markdown writes them."""
    written, is_code = [], False
    for line in lines:
        if _BLOCK.match(line):
            is_code = not line.startswith("</")
            written.append("```")
        else:
            written.append(line if is_code else _line(line.rstrip()))
    return written


def _line(bare: str) -> str:
    if heading := _HEADING.match(bare):
        return f"{'#' * len(heading['marks'])} {_inline(heading['text'].strip())}"
    if item := _ITEM.match(bare):
        return f"{'  ' * (len(item['marks']) - 1)}- {_inline(bare[item.end() :])}"
    return _inline(bare)


def _inline(text: str) -> str:
    linked = _PAGE.sub(lambda page: f"[{(page['text'] or page['page']).strip()}]({_target(page['page'])})", text)
    linked = _ADDRESS.sub(lambda link: f"[{link['text'] or link['url']}]({link['url']})", linked)
    return _STRONG.sub("**", linked)


def _target(page: str) -> str:
    return page.strip().replace(" ", "%20")
