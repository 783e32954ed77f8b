"""A record's text as headings and blocks: Markdown and reStructuredText, read line by line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import field, replace
from functools import lru_cache

from graphmem.deferred_dataclass import dataclass

_FENCE = re.compile(r"^[ \t>*+-]{0,12}?(?P<mark>`{3,}|~{3,})(?P<info>.*)$")
_ATX = re.compile(r"^ {0,3}(?P<marks>#{1,6})(?=[ \t])")
_MD_UNDERLINE = re.compile(r"^ {0,3}(?P<char>=|-)(?P=char)*[ \t]*$")
_RST_UNDERLINE = re.compile(r"^(?P<char>[=\-~^\"'`#*+.:_<>])(?P=char){2,}[ \t]*$")
_ITEM = re.compile(r"^(?P<indent>[ \t]*)(?:[-*+\u2022]|\d{1,3}[.)])[ \t]+(?P<text>\S.*)$")
_QUOTE = re.compile(r"^ {0,3}(?:> ?)+")
_RULE = re.compile(r"^ {0,3}(?:[-*_] *){3,}$")
_MARKUP = re.compile(r"[*_~`]+")
_NUMBERING = re.compile(r"^(?:\d+(?:\.\d+)*|[ivx]+)\s+")
# A longer line is no heading and no metadata: it is read as text.
_MAX_HEADING_CHARS = 500
#: A paragraph that ends in `::` introduces code; a directive like `.. note::` introduces text.
_LITERAL = re.compile(
    r"^(?!\s*\.\. [\w-]{1,40}::).*::\s*$|^\s*\.\. (?:code|code-block|parsed-literal|sourcecode|literalinclude|"
    r"highlight|math|raw"
    r"|graphviz|mermaid|image|figure|productionlist|doctest|testcode)::"
)
_DIRECTIVE = re.compile(r"^\s*\.\. [\w-]{1,40}::\s*(?P<rest>.*)$")
_MAX_ROW_CHARS = 4_000
_LIST_TABLE = re.compile(r"^(?P<indent>\s*)\.\. list-table::")
_FIELD = re.compile(
    r"^[ \t]*(?:[-*+][ \t]+)?(?:(?P<bold>[*_]{1,3})(?P<key>[A-Za-z](?:[A-Za-z' /-]|\((?:in part|partial|"
    r"partially|partly|s|es)\)){1,40}?)[ \t]*(?::[ \t]*(?P=bold)|"
    r"(?P=bold)[ \t]*:)"
    r"|(?P<plain>[A-Za-z](?:[A-Za-z /-]|\((?:in part|partial|partially|partly|s|es)\)){1,30}?)[ \t]*:(?=[ \t]|"
    r"$))[ \t]*(?P<value>.*)$"
)


# fmt: off
_PLAIN_KEYS = frozenset({
    "status", "state", "date", "created", "updated", "last updated", "decided", "deciders", "decision date",
    "supersedes", "superseded", "superseded by", "replaces", "replaced by", "amends", "amended by", "extends",
    "extended by", "obsoletes", "obsoleted by", "author", "authors", "tags", "labels",
})
# fmt: on


STATUS_SECTIONS = frozenset(
    {"status", "state", "status history", "decision status", "current status", "lifecycle", "adr status"}
)
# fmt: off
_USUAL = frozenset({
    "status", "state", "date", "abstract", "summary", "context", "introduction", "motivation", "rationale",
    "overview", "background", "table of contents", "contents", "decision", "context and problem statement",
    "release signoff checklist", "copyright", "metadata", "preamble", "simple summary",
    "rejected", "superseded", "deprecated",
    "withdrawn",
})
# fmt: on


@dataclass(frozen=True, slots=True)
class TextLine:
    """An unchanged line; `is_code` for a line that a fence or a literal block quotes."""

    number: int
    text: str
    is_code: bool = False


@dataclass(frozen=True, slots=True)
class TextBlock:
    """A paragraph, list item, table row or quote, joined to a single line.

    Attributes:
        text: Without the bullet or the quote mark.
        lines: The unchanged lines that were joined.
    """

    text: str
    lines: tuple[TextLine, ...]
    is_item: bool = False
    is_quote: bool = False
    is_row: bool = False

    @property
    def line(self) -> int:
        """Number of its first line."""
        return self.lines[0].number

    def field(self) -> tuple[str, str] | None:
        """(key in lower case with spaces, value) if the block is `Key: value`, a list item or a row of two cells."""
        if self.is_row:
            cells = [cell.strip() for cell in self.text.strip("|").split("|")]
            return (heading_name(cells[0]), cells[1]) if len(cells) == len(("key", "value")) and cells[0] else None
        match = _FIELD.match(self.text)
        if match is None:
            return None
        key = re.sub(r"\((e?s)\)", r"\1", match["key"] or match["plain"]).replace("(", " ").replace(")", " ")
        return heading_name(key).replace("-", " "), match["value"].strip()


@dataclass(frozen=True, slots=True)
class TextSection:
    """A heading and the lines up to the next heading; the first of a text has no heading.

    Attributes:
        parents: Headings above it, outermost first, the title of the document included.
        blocks: The content of the section, without code.
        is_title: Opened by the document's title: the first heading, unless that names a usual section.
    """

    heading: str
    level: int
    line: int
    lines: tuple[TextLine, ...]
    parents: tuple[str, ...] = ()
    blocks: tuple[TextBlock, ...] = ()
    is_title: bool = False

    @property
    def name(self) -> str:
        """The heading in lower case without markup, numbering or emoji."""
        return heading_name(self.heading)

    @property
    def text(self) -> str:
        """The unchanged lines."""
        return "\n".join(line.text for line in self.lines).strip("\n")


@dataclass(slots=True)
class _OpenBlock:
    heading: str
    level: int
    line: int
    parents: tuple[str, ...]
    lines: list[TextLine] = field(default_factory=list)

    def close(self) -> TextSection:
        lines = tuple(self.lines)
        return TextSection(self.heading, self.level, self.line, lines, self.parents, tuple(_blocks(lines)))


@lru_cache(maxsize=4096)
def heading_name(heading: str) -> str:
    """A heading reduced to the words that decide the kind of its section."""
    words = re.sub(r"\([^()]*\)|[^\w\s'/&-]", " ", _MARKUP.sub("", heading[:_MAX_HEADING_CHARS]))
    return _NUMBERING.sub("", " ".join(words.split()).lower())


def is_field_line(text: str) -> bool:
    """True if a line opens a metadata field, so that it is no continuation of the line above."""
    match = _FIELD.match(text)
    return bool(match) and bool(match and (match["bold"] or match["plain"].lower().replace("-", " ") in _PLAIN_KEYS))


def strip_markup(text: str) -> str:
    """Text without emphasis and code marks, links reduced to their words."""
    unlinked = re.sub(r"!?\[([^\[\]]*)\]\([^()\s]{0,500}(?:\s[^()]{0,300})?\)", r"\1", text)
    return " ".join(re.sub(r"(?<!\w)[*_~`]+|[*_~`]+(?!\w)", "", unlinked).split())


def read_sections(text: str, *, first_line: int = 1, is_rst: bool = False) -> tuple[TextSection, ...]:
    """The sections of a text in order; text before the first heading comes first.

    Comments are blanked, so a template's hints are not read as statements. Headings in code are code.
    """
    return sections_of(list(_lines(text, first_line, is_rst=is_rst)), is_rst=is_rst)


def sections_of(lines: list[TextLine], *, is_rst: bool = False) -> tuple[TextSection, ...]:
    """The sections of lines, as `read_sections` gives them."""
    sections = list(_split(lines, is_rst=is_rst))
    if len(sections) > 1 and sections[1].name not in _USUAL and sections[1].name:
        sections[1] = replace(sections[1], is_title=True)
    return tuple(sections)


def _lines(text: str, first_line: int, *, is_rst: bool) -> Iterator[TextLine]:
    visible = _with_rows(text) if is_rst else _without_comments(text)
    marks = _literal_lines if is_rst else _fenced_lines
    raw = visible.split("\n")
    for offset, (line, is_code) in enumerate(zip(raw, marks(raw), strict=True)):
        yield TextLine(first_line + offset, line.rstrip("\r"), is_code)


def _with_rows(text: str) -> str:
    """Lines of reStructuredText with each row of a `list-table` on a single line, like the row of a table."""
    if "list-table::" not in text:
        return text
    lines = text.split("\n")
    indent: int | None = None
    row: int | None = None
    for index, line in enumerate(lines):
        depth = len(line) - len(line.lstrip())
        if opened := _LIST_TABLE.match(line):
            indent, row, lines[index] = len(opened["indent"]), None, ""
        elif indent is not None and line.strip() and depth <= indent:
            indent = row = None
        elif indent is not None and (cell := re.match(r"^\s*(?P<mark>\* -|-)(?:\s+(?P<said>.*))?$", line)):
            cell_text = cell["said"] or ""
            if cell["mark"] == "* -":
                row, lines[index] = index, f"| {cell_text} |"
            elif row is not None and len(lines[row]) < _MAX_ROW_CHARS:
                lines[row], lines[index] = f"{lines[row]} {cell_text} |", ""
        elif row is not None and line.strip() and len(lines[row]) < _MAX_ROW_CHARS:
            lines[row], lines[index] = f"{lines[row].removesuffix('|')}{line.strip()} |", ""
    return "\n".join(lines)


def _without_comments(text: str) -> str:
    """The text with closed comments blanked, line numbers kept; an unclosed comment is text."""
    parts: list[str] = []
    position = 0
    while (start := text.find("<!--", position)) >= 0 and (end := text.find("-->", start + 4)) >= 0:
        parts += [text[position:start], "\n" * text.count("\n", start, end)]
        position = end + 3
    return "".join([*parts, text[position:]])


def _fenced_lines(lines: list[str]) -> Iterator[bool]:
    fence = ""
    for line in lines:
        match = _FENCE.match(line)
        if not fence:
            is_open = bool(match) and not (match and match["mark"][0] == "`" and "`" in match["info"])
            fence = match["mark"] if match and is_open else ""
            yield is_open
            continue
        yield True
        if match and match["mark"].startswith(fence) and not match["info"].strip():
            fence = ""


def _literal_lines(lines: list[str]) -> Iterator[bool]:
    """True for each line that `::` or a code directive introduces: it is indented deeper."""
    indent: int | None = None
    for line in lines:
        depth = len(line) - len(line.lstrip())
        if indent is not None and line.strip() and depth <= indent:
            indent = None
        yield indent is not None
        if indent is None and _LITERAL.search(line):
            indent = depth


def _split(lines: list[TextLine], *, is_rst: bool) -> Iterator[TextSection]:
    current = _OpenBlock("", 0, lines[0].number if lines else 1, ())
    stack: list[tuple[int, str]] = []
    levels: list[str] = []
    skip = 0
    for index, line in enumerate(lines):
        if skip:
            skip -= 1
            continue
        result = _heading_at(lines, index, levels, is_rst=is_rst)
        if result is None:
            current.lines.append(line)
            continue
        heading, level, skip = result
        yield current.close()
        while stack and stack[-1][0] >= level:
            stack.pop()
        current = _OpenBlock(heading, level, line.number, tuple(name for _, name in stack))
        stack.append((level, heading))
    yield current.close()


def _heading_at(lines: list[TextLine], index: int, levels: list[str], *, is_rst: bool) -> tuple[str, int, int] | None:
    """(heading, level, lines to skip after this one) if a heading begins here."""
    line = lines[index]
    if line.is_code:
        return None
    if len(line.text) > _MAX_HEADING_CHARS:
        return None
    if not is_rst and (match := _ATX.match(line.text)):
        return line.text[match.end() :].strip().rstrip("#").rstrip(), len(match["marks"]), 0
    return _underlined_rst(lines, index, levels) if is_rst else _underlined_md(lines, index)


def _underlined_md(lines: list[TextLine], index: int) -> tuple[str, int, int] | None:
    text = lines[index].text
    below = lines[index + 1] if index + 1 < len(lines) else None
    if below is None or below.is_code or not text.strip() or text.startswith("    "):
        return None
    match = _MD_UNDERLINE.match(below.text)
    above = lines[index - 1].text.strip() if index else ""
    if match is None or above or _ITEM.match(text) or _QUOTE.match(text) or _RULE.match(text) or "|" in text:
        return None
    return text.strip(), 1 if match["char"] == "=" else 2, 1


def _underlined_rst(lines: list[TextLine], index: int, levels: list[str]) -> tuple[str, int, int] | None:
    text = lines[index].text
    over = _RST_UNDERLINE.match(text)
    offset = 1 if over else 0
    if index + offset + 1 >= len(lines):
        return None
    title, below = lines[index + offset].text, _RST_UNDERLINE.match(lines[index + offset + 1].text)
    if below is None or not title.strip() or _RST_UNDERLINE.match(title) or (not over and title.startswith(" ")):
        return None
    if over and over["char"] != below["char"]:
        return None
    if not over and len(below.group().strip()) < len(title.strip()) - 2:
        return None
    style = below["char"] * (offset + 1)
    if style not in levels:
        levels.append(style)
    return title.strip(), levels.index(style) + 1, offset + 1


def _blocks(lines: tuple[TextLine, ...]) -> Iterator[TextBlock]:
    gathered: list[TextLine] = []
    for line in lines:
        text = line.text
        content = _QUOTE.sub("", text)
        starts_new = bool(_ITEM.match(content)) or content.lstrip().startswith("|") or is_field_line(content)
        if gathered and (line.is_code or not content.strip() or starts_new or _RULE.match(text)):
            yield _block(gathered)
            gathered = []
        if not line.is_code and not _RULE.match(text) and content.strip():
            gathered.append(line)
    if gathered:
        yield _block(gathered)


def _block(lines: list[TextLine]) -> TextBlock:
    texts = [_QUOTE.sub("", line.text) for line in lines]
    item = _ITEM.match(texts[0])
    if item:
        texts[0] = item["text"]
    joined = " ".join(text.strip() for text in texts)
    is_row = joined.startswith("|")
    return TextBlock(
        joined, tuple(lines), is_item=bool(item), is_quote=bool(_QUOTE.match(lines[0].text)), is_row=is_row
    )
