"""The same blocks on a terminal and in a pipe."""

from __future__ import annotations

import io
import re

import pytest

from graphmem.cli.block_output import columns, paint, plain_lines
from graphmem.cli.blocks import Box, BoxPair, Look, Span, Table, cells, fit, line, printable, strong

ANSI = re.compile(r"\x1b\[[0-9;]*m")
TABLE = Table(("id", "title"), ((line("a1"), line(strong("Häuser"))), (line("b22"), line("日本"))))
BOXES = BoxPair(Box("left", (line("one"),), Look.BAD), Box("right", (line("two"),)))


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_table_in_a_pipe_is_aligned_and_bare() -> None:
    assert list(plain_lines([TABLE])) == ["id   title", "a1   Häuser", "b22  日本"]


def test_boxes_in_a_pipe_follow_one_another() -> None:
    assert list(plain_lines([BOXES])) == ["[left]", "  one", "[right]", "  two"]


def test_lines_in_a_pipe_are_never_wrapped_or_coloured() -> None:
    stream = io.StringIO()
    paint(lambda _: [line(Span("x" * 500, Look.GOOD), indent=2)], stream)
    assert stream.getvalue() == "  " + "x" * 500 + "\n"


@pytest.mark.parametrize("width", ["60", "120"])
def test_on_a_terminal_everything_is_there_and_fits(monkeypatch: pytest.MonkeyPatch, width: str) -> None:
    monkeypatch.setenv("COLUMNS", width)
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    paint(lambda _: [line("word " * 40, indent=4), TABLE, BOXES, line("[bold]not markup[/bold]")], stream)
    rows = ANSI.sub("", stream.getvalue()).splitlines()
    assert max(map(cells, rows)) <= int(width)
    assert all(any(word in row for row in rows) for word in ("Häuser", "日本", "one", "two", "[bold]not markup"))


def test_colour_is_added_only_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    stream = Terminal()
    paint(lambda _: [line(Span("good", Look.GOOD))], stream)
    assert "\x1b[" in stream.getvalue()


def test_a_dumb_terminal_is_written_to_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    stream = Terminal()
    paint(lambda _: [TABLE], stream)
    assert stream.getvalue().splitlines()[0] == "id   title"


def test_a_pipe_has_a_width_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert columns(io.StringIO()) == 100


def test_text_is_cut_to_cells_not_letters() -> None:
    assert (fit("日本語", 5), fit("ab", 4), cells("e\u0301")) == ("日本…", "ab  ", 1)


def test_what_steers_a_terminal_is_made_visible() -> None:
    assert printable("a\x1b[31mb\r\nc\u202ed\x9b") == "a\ufffd[31mb\ufffd c\ufffdd\ufffd"


@pytest.mark.parametrize("width", ["80", "50", "120"])
def test_no_word_of_a_table_is_broken_however_narrow_the_terminal(monkeypatch: pytest.MonkeyPatch, width: str) -> None:
    monkeypatch.setenv("COLUMNS", width)
    monkeypatch.setenv("TERM", "xterm")
    heads = ("id", "", "title", "kind", "state", "held", "confidence")
    texts = ("7pj22wc17zc2", "●", "Architecture decisions are recorded, not remembered", "convention")
    row = tuple(map(line, (*texts, "superseded (in its source: Deprecated)", "2015-09-02 – 2018-07-20", "1.00")))
    stream = Terminal()
    paint(lambda _: [Table(heads, (row,))], stream)
    shown = ANSI.sub("", stream.getvalue())
    assert max(map(cells, shown.splitlines())) <= int(width)
    assert {word for text in row for word in text.text.split()} <= set(shown.split())


def test_an_empty_line_is_one_on_a_terminal_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    paint(lambda _: [line("one"), line(), line("two")], stream)
    assert [row.strip() for row in ANSI.sub("", stream.getvalue()).splitlines()] == ["one", "", "two"]
