"""Output of blocks: plain and aligned for pipes, framed and coloured on a terminal."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TextIO

from graphmem.cli.blocks import Block, Box, BoxPair, Line, Look, Table, cells

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

_PIPE_COLUMNS = 100
_PAIR_COLUMNS = 96
_GAP = "  "

STYLES = {
    Look.PLAIN: "",
    Look.STRONG: "bold",
    Look.DIM: "dim",
    Look.ID: "cyan",
    Look.GOOD: "bold green",
    Look.BAD: "red",
    Look.WARN: "yellow",
    Look.PAST: "blue",
}


def columns(stream: TextIO) -> int:
    """Return the width of the output: the terminal's, or a fixed width for a pipe."""
    if stream.isatty() or "COLUMNS" in os.environ:
        return shutil.get_terminal_size((_PIPE_COLUMNS, 24)).columns
    return _PIPE_COLUMNS


def paint(blocks: Callable[[int], Iterable[Block]], stream: TextIO | None = None) -> None:
    """Write the blocks for the stream's width."""
    target = stream or sys.stdout
    width = columns(target)
    if target.isatty() and os.environ.get("TERM") != "dumb":
        from rich.console import Console

        paint_rich(blocks(width), Console(file=target, width=width, highlight=False, markup=False, emoji=False))
    else:
        for text in plain_lines(blocks(width)):
            target.write(text + "\n")


# ---- plain


def plain_lines(blocks: Iterable[Block]) -> Iterator[str]:
    """Yield the lines of blocks without colour or wrapping."""
    for block in blocks:
        match block:
            case Line():
                yield (" " * block.indent + block.text).rstrip()
            case Table():
                yield from _plain_table(block)
            case Box():
                yield from _plain_box(block)
            case BoxPair():
                yield from _plain_box(block.left)
                yield from _plain_box(block.right)


def _plain_table(table: Table) -> Iterator[str]:
    rows = [table.heads, *(tuple(cell.text for cell in row) for row in table.rows)]
    widths = [max(cells(row[column]) for row in rows) for column in range(len(table.heads))]
    for row in rows:
        yield _GAP.join(text + " " * (width - cells(text)) for text, width in zip(row, widths, strict=True)).rstrip()


def _plain_box(box: Box) -> Iterator[str]:
    yield f"[{box.head}]"
    yield from ("  " + text for text in plain_lines(box.lines))


# ---- on a terminal


def paint_rich(blocks: Iterable[Block], console: Console) -> None:
    """Write blocks with rich: wrapped, framed and coloured."""
    for block in blocks:
        console.print(_renderable(block, console.width))


def _renderable(block: Block, width: int) -> RenderableType:
    match block:
        case Line():
            from rich.padding import Padding

            if not block.text:
                return _text(block)  # An empty line; padding would leave it out.
            return Padding(_text(block), (0, 0, 0, block.indent), expand=False)
        case Table():
            return _rich_table(block) if sum(_least(block)) <= width else _stacked(block)
        case Box():
            return _rich_box(block, width)
        case BoxPair():
            return _rich_pair(block, width)


def _text(line: Line) -> Text:
    from rich.text import Text

    return Text.assemble(*((span.text, STYLES[span.look]) for span in line.spans))


#: Longer words, for example paths, may be broken.
_LONGEST_WORD = 24


def _least(block: Table) -> list[int]:
    """Return the cells that each column needs so that no word is broken, including the gap."""
    rows = [block.heads, *(tuple(cell.text for cell in row) for row in block.rows)]
    columns = range(len(block.heads))
    words = (max((cells(word) for row in rows for word in row[column].split()), default=1) for column in columns)
    return [min(word, _LONGEST_WORD) + len(_GAP) for word in words]


def _rich_table(block: Table) -> RenderableType:
    from rich import box
    from rich.table import Table as RichTable

    table = RichTable(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim")
    for head, least in zip(block.heads, _least(block), strict=True):
        table.add_column(head, overflow="fold", no_wrap=head in {"id", "change"}, min_width=least - len(_GAP))
    for row in block.rows:
        table.add_row(*map(_text, row))
    return table


def _stacked(block: Table) -> RenderableType:
    """Return the rows of a table that is too wide below each other, their cells joined and wrapped between words."""
    from rich.console import Group
    from rich.padding import Padding
    from rich.text import Text

    gap = Text(_GAP)
    rows = [gap.join(_text(cell) for cell in row if cell.text.strip()) for row in block.rows]
    return Group(*(Padding(row, (0, 0, 0, 0), expand=False) for row in rows))


def _rich_box(box: Box, width: int) -> RenderableType:
    from rich.console import Group
    from rich.panel import Panel
    from rich.text import Text

    inner = Group(*(_renderable(line, width) for line in box.lines))
    style = STYLES[box.look] or "dim"
    return Panel(inner, title=Text(box.head, style), title_align="left", border_style=style, padding=(0, 1))


def _rich_pair(block: BoxPair, width: int) -> RenderableType:
    from rich.console import Group
    from rich.table import Table as RichTable

    boxes: Sequence[RenderableType] = [_rich_box(block.left, width // 2), _rich_box(block.right, width // 2)]
    if width < _PAIR_COLUMNS:
        return Group(*boxes)
    grid = RichTable.grid(expand=True, padding=(0, 1, 0, 0))
    grid.add_column(ratio=5)
    grid.add_column(ratio=6)
    grid.add_row(*boxes)
    return grid
