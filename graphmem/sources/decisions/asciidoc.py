"""AsciiDoc as the Markdown that says the same, line by line, so that line numbers stay."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import field

from graphmem.deferred_dataclass import dataclass

_HEADING = re.compile(r"^(?P<marks>={1,6})[ \t]+(?=\S)")
_ATTRIBUTE = re.compile(r"^:(?P<name>[A-Za-z][\w -]{0,40}):(?=[ \t]|$)")
_BLOCK_ATTRIBUTE = re.compile(r"^\[[^\[\]]{0,300}\]$")
_COLUMNS = re.compile(r"cols\s{0,3}=\s{0,3}[\"']?(?P<cols>[^\"'\]]{1,200})")
_TIMES = re.compile(r"\s{0,3}(\d{1,2})\s{0,3}\*?\s{0,3}$")
_DIRECTIVE = re.compile(r"^(?:ifdef|ifndef|ifeval|endif|include|toc|image|video)::")
_ITEM = re.compile(r"^[ \t]{0,20}(?:\*{1,5}|\.{1,5}|-)[ \t]+(?=\S)")
_CAPTION = re.compile(r"^\.(?=[A-Za-z])")
_FENCES = ("----", "....", "====", "****", "____", "++++", "|===", "////", "--")
_CODE_FENCES = frozenset({"----", "....", "++++"})
_LINK = re.compile(
    r"(?:(?:link|xref):(?P<named>[^\s\[\]]{1,500})|(?P<url>https?://[^\s\[\]]{1,500}))\[(?P<text>[^\[\]]{0,300})\]"
)
_CROSS = re.compile(r"<<(?P<target>[^<>,\s]{1,300})(?:,(?P<text>[^<>]{1,300}))?>>")


@dataclass(slots=True)
class _AsciiTable:
    columns: int
    cells: list[str] = field(default_factory=list)
    first: int = 0


def is_asciidoc(path: str) -> bool:
    """True if a path names an AsciiDoc file."""
    return path.lower().endswith((".adoc", ".asciidoc", ".asc"))


def attributes_of(lines: Sequence[str]) -> Iterator[tuple[str, str, int]]:
    """(name, value, index of its line) of each `:name: value` before the first section."""
    for index, line in enumerate(lines[:200]):
        heading = _HEADING.match(line)
        if heading and len(heading["marks"]) > 1:
            return
        match = _ATTRIBUTE.match(line)
        if match:
            yield match["name"], line[match.end() :].strip(), index


def to_markdown(lines: Sequence[str]) -> list[str]:
    """As many lines as were given: headings, lists, links, tables, code and comments as Markdown writes them."""
    written = [""] * len(lines)
    fence, columns, table = "", 0, None
    for index, line in enumerate(lines):
        bare = line.rstrip()
        if fence and fence != "|===":
            written[index] = _inside(fence, bare, line)
            fence = "" if bare == fence else fence
        elif bare == "|===" or (bare[:4] in _FENCES and set(bare) == {bare[0]}) or bare == "--":
            if table is not None:
                _flush(table, written, all_of_it=True)
            fence, table = _opened(bare, table, columns)
            columns = 0
            written[index] = "```" if bare[:4] in _CODE_FENCES else ""
            fence = "" if bare[:4] in {"====", "****", "____", "--"} else fence
        elif table is not None:
            _cells(table, bare, index, written)
        elif cols := _COLUMNS.search(bare[:300]) if bare.startswith("[") else None:
            columns = _count(cols["cols"])
        else:
            written[index] = _line(bare)
    if table is not None:
        _flush(table, written, all_of_it=True)
    return written


def _inside(fence: str, bare: str, line: str) -> str:
    if bare == fence:
        return "```" if fence[:4] in _CODE_FENCES else ""
    return line if fence[:4] in _CODE_FENCES else ""


def _opened(bare: str, table: _AsciiTable | None, columns: int) -> tuple[str, _AsciiTable | None]:
    if bare == "|===":
        return ("", None) if table is not None else ("|===", _AsciiTable(columns))
    return bare, None


def _count(columns: str) -> int:
    times = _TIMES.match(columns)
    return int(times[1]) if times else columns.count(",") + 1


def _cells(table: _AsciiTable, bare: str, index: int, written: list[str]) -> None:
    if bare.startswith("//"):
        return
    if bare.startswith("|"):
        cells = [_inline(cell.strip()) for cell in bare[1:].split("|")]
        table.columns = table.columns or len(cells)
        if len(table.cells) >= table.columns:
            _flush(table, written, all_of_it=False)
        table.first = table.first if table.cells else index
        table.cells += cells
    elif bare and table.cells:
        table.cells[-1] += " " + _inline(bare.strip())


def _flush(table: _AsciiTable, written: list[str], *, all_of_it: bool) -> None:
    while table.cells and (all_of_it or len(table.cells) >= table.columns):
        row, table.cells = table.cells[: table.columns or 1], table.cells[table.columns or 1 :]
        words = written[table.first]
        written[table.first] = f"{words} {' | '.join(row)} |" if words else f"| {' | '.join(row)} |"


def _line(bare: str) -> str:
    if bare.startswith("//") or _DIRECTIVE.match(bare) or _BLOCK_ATTRIBUTE.match(bare) or _ATTRIBUTE.match(bare):
        return ""
    if heading := _HEADING.match(bare):
        return "#" * len(heading["marks"]) + " " + _inline(bare[heading.end() :])
    if item := _ITEM.match(bare):
        return "- " + _inline(bare[item.end() :])
    return "" if _CAPTION.match(bare) else _inline(bare)


def _inline(text: str) -> str:
    linked = _LINK.sub(lambda link: f"[{link['text'] or link['named'] or link['url']}]({_target(link)})", text)
    return _CROSS.sub(lambda result: f"[{(result['text'] or result['target']).strip()}]({result['target']})", linked)


def _target(result: re.Match[str]) -> str:
    return str(result["named"] or result["url"])
