"""Tags of a JUnit XML file. No entity but the five of XML and character references is expanded, and nothing is loaded.

The reader looks at tags alone, as that of XML decision records does: a document type, a processing instruction or a
comment is passed over, and reading takes time in proportion to the text.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from graphmem.deferred_dataclass import dataclass

MAX_VALUE_CHARS = 4_000
_TAG = re.compile(r"<(?P<close>/?)(?P<name>[A-Za-z_][\w:.-]{0,60})(?P<inside>(?:[^<>\"']|\"[^\"<]*\"|'[^'<]*')*)>")
_ATTRIBUTE = re.compile(r"(?P<name>[\w:.-]{1,60})\s{0,9}=\s{0,9}(?:\"(?P<a>[^\"]*)\"|'(?P<b>[^']*)')")
_SKIPPED = (("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>"))
_KNOWN = re.compile(r"&(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9a-fA-F]{1,6});")


@dataclass(frozen=True, slots=True)
class XmlTag:
    """A tag of an XML text.

    Attributes:
        name: The name without a prefix, in lower case.
        line: Line number, from 1.
        text_end: Position in the text behind the tag.
    """

    name: str
    attributes: dict[str, str]
    line: int
    is_closing: bool
    is_empty: bool
    text_end: int


def xml_tags(text: str) -> Iterator[XmlTag]:
    """The tags of a text in order; comments, CDATA sections and document types are passed over."""
    position, line = 0, 1
    while (start := text.find("<", position)) >= 0:
        line += text.count("\n", position, start)
        end = _skipped(text, start)
        if end is None:
            match = _TAG.match(text, start)
            end = start + 1 if match is None else match.end()
            if match is not None:
                yield _tag(match, line)
        line += text.count("\n", start, end)
        position = end


def plain_text(value: str) -> str:
    """A value with the entities of XML and character references expanded; others stay as they are written."""
    return _KNOWN.sub(lambda found: html.unescape(found[0]), value[:MAX_VALUE_CHARS])


def _tag(match: re.Match[str], line: int) -> XmlTag:
    attributes = {
        found["name"].casefold(): plain_text(found["a"] if found["a"] is not None else found["b"])
        for found in _ATTRIBUTE.finditer(match["inside"])
    }
    name = match["name"].casefold().rpartition(":")[2]
    return XmlTag(name, attributes, line, match["close"] == "/", match["inside"].endswith("/"), match.end())


def _skipped(text: str, start: int) -> int | None:
    """The position after a comment, a CDATA section or a document type; None for a tag. If it never closes: the end."""
    for opening, closing in _SKIPPED:
        if text.startswith(opening, start):
            end = text.find(closing, start + len(opening))
            return len(text) if end < 0 else end + len(closing)
    if text.startswith("<!", start):
        subset = text.find("[", start, start + 400)
        end = text.find(">", start)
        if 0 <= subset < end:
            end = text.find("]>", subset) + 1
        return len(text) if end <= 0 else end + 1
    return None
