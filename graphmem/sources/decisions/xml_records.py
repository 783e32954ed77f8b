"""XML records, for example those of XMPP: their header as fields, their text as equivalent Markdown.

The reader looks at tags alone: it expands no entity, loads nothing that a document type names, and takes malformed
markup for text.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import field

from graphmem.deferred_dataclass import dataclass
from graphmem.sources.decisions.dates import first_date
from graphmem.sources.decisions.front_matter import Field
from graphmem.sources.decisions.sections import TextLine

_NAME = re.compile(r"/?(?P<name>[A-Za-z_][\w:.-]{0,60})")
_ATTRIBUTE = re.compile(r"(?P<name>[\w:.-]{1,60})\s{0,3}=\s{0,3}(?:\"(?P<a>[^\"]{0,500})\"|'(?P<b>[^']{0,500})')")
_RECORD_ENTITY = re.compile(r"&(?P<prefix>[a-z]{2,5})(?P<number>\d{2,6});")
_ENTITY = re.compile(r"&(?P<name>[A-Za-z][\w.-]{0,40});")
_SECTION = re.compile(r"^(?:section|sect|chapter|appendix)\d?$")
_BLOCKS = frozenset({"p", "para", "li", "dd", "dt", "td", "th", "simpara", "listitem"})
_CODE = frozenset({"example", "code", "pre", "programlisting", "screen"})
_RELATIONS = frozenset({"supersedes", "supersededby", "replaces", "replacedby", "obsoletes", "obsoletedby"})
_SPELT = {"supersededby": "superseded by", "replacedby": "replaced by", "obsoletedby": "obsoleted by"}
_DATES = frozenset({"date", "created", "updated"})
_MAX_TAG_CHARS = 4_000
_MAX_DEPTH = 200


@dataclass(slots=True)
class _OpenTag:
    name: str
    line: int
    attributes: dict[str, str]
    text: list[str] = field(default_factory=list)
    values: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _MarkdownPage:
    fields: list[Field] = field(default_factory=list)
    dates: list[tuple[str, int]] = field(default_factory=list)
    lines: list[TextLine] = field(default_factory=list)
    depth: int = 0
    in_body: bool = False


def is_xml(path: str) -> bool:
    """True if a path names an XML file."""
    return path.lower().endswith(".xml")


def read_xml(text: str) -> tuple[tuple[Field, ...], list[TextLine]]:
    """(fields of the header, lines of the body as Markdown, each with its line number)."""
    page = _MarkdownPage()
    stack: list[_OpenTag] = []
    for kind, content, line in xml_tokens(text):
        if kind == "text":
            if stack:
                stack[-1].text.append(content)
            continue
        match = _NAME.match(content)
        if match is None:
            continue
        name = match["name"].lower()
        if not content.startswith("/") and len(stack) < _MAX_DEPTH:
            stack.append(_OpenTag(name, line, _attributes(content)))
            _begin(page, stack)
        if (content.startswith("/") or content.endswith("/")) and any(tag.name == name for tag in stack[-_MAX_DEPTH:]):
            while stack:
                closed = stack.pop()
                _end(page, closed, stack)
                if closed.name == name:
                    break
    while stack:
        _end(page, stack.pop(), stack)
    return (*page.fields, *_dated(page)), page.lines


def xml_tokens(text: str) -> Iterator[tuple[str, str, int]]:
    """(kind, text or name of a tag, line); an opening that is never closed ends the reading, which stays linear."""
    position, line = 0, 1
    while (start := text.find("<", position)) >= 0:
        if start > position:
            yield "text", _plain(text[position:start]), line
            line += text.count("\n", position, start)
        closing = _closing(text, start)
        end = text.find(closing, start + 1)
        if end < 0:
            return
        inside = text[start + 1 : end]
        if inside.startswith("![CDATA["):
            yield "text", inside[len("![CDATA[") :], line
        elif not inside.startswith(("!", "?")) and len(inside) <= _MAX_TAG_CHARS:
            yield "tag", inside, line
        position = end + len(closing)
        line += text.count("\n", start, position)


def _closing(text: str, start: int) -> str:
    if text.startswith("<!--", start):
        return "-->"
    if text.startswith("<![CDATA[", start):
        return "]]>"
    if text.startswith("<?", start):
        return "?>"
    if text.startswith("<!DOCTYPE", start) and "[" in text[start : start + 400].split(">", 1)[0]:
        return "]>"
    return ">"


def _plain(text: str) -> str:
    named = _RECORD_ENTITY.sub(lambda result: f"{result['prefix'].upper()}-{result['number']}", text)
    unescaped = html.unescape(named)
    return _ENTITY.sub("", unescaped)


def _attributes(tag: str) -> dict[str, str]:
    return {result["name"].lower(): _plain(result["a"] or result["b"] or "") for result in _ATTRIBUTE.finditer(tag)}


def _begin(page: _MarkdownPage, stack: list[_OpenTag]) -> None:
    opened = stack[-1]
    if _SECTION.match(opened.name):
        page.in_body = True
        page.depth += 1
        topic = opened.attributes.get("topic") or opened.attributes.get("title")
        if topic:
            _heading(page, topic, opened.line)


def _heading(page: _MarkdownPage, title: str, line: int) -> None:
    page.lines += [TextLine(line, ""), TextLine(line, "#" * min(page.depth + 1, 6) + " " + " ".join(title.split()))]


def _end(page: _MarkdownPage, closed: _OpenTag, stack: list[_OpenTag]) -> None:
    content = " ".join("".join(closed.text).split())
    if _SECTION.match(closed.name):
        page.depth = max(0, page.depth - 1)
    if not page.in_body:
        _end_of_header(page, closed, content, stack)
    elif closed.name == "title" and stack and _SECTION.match(stack[-1].name):
        _heading(page, content, closed.line)
    elif closed.name in _CODE:
        code = [TextLine(closed.line, part, is_code=True) for part in "".join(closed.text).strip("\n").split("\n")]
        page.lines += [TextLine(closed.line, "```", is_code=True), *code, TextLine(closed.line, "```", is_code=True)]
    elif closed.name in _BLOCKS:
        mark = "- " if closed.name in {"li", "listitem"} else ""
        page.lines += [TextLine(closed.line, ""), TextLine(closed.line, mark + content)] if content else []
    elif stack:
        url = closed.attributes.get("url") or closed.attributes.get("href")
        stack[-1].text.append(f"[{content}]({url})" if url and content else "".join(closed.text))


def _end_of_header(page: _MarkdownPage, closed: _OpenTag, content: str, stack: list[_OpenTag]) -> None:
    parent = next((tag for tag in stack if tag.name in _RELATIONS), None)
    if parent is not None:
        parent.values += [content] if content else []
        return
    if closed.name in _DATES and content:
        page.dates.append((content, closed.line))
    values = closed.values + ([content] if content else [])
    if values and closed.name not in _DATES:
        page.fields.append(Field(_SPELT.get(closed.name, closed.name), tuple(values), closed.line))


def _dated(page: _MarkdownPage) -> Iterator[Field]:
    """The first and the last date of the header, which lists its revisions."""
    dated = [(at, line) for content, line in page.dates if (at := first_date(content[:200]))]
    if dated:
        for name, (at, line) in (("created", min(dated)), ("last updated", max(dated))):
            yield Field(name, (at.date().isoformat(),), line)
