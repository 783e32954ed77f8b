"""Texts within limits."""

from __future__ import annotations

from graphmem.sources.clipped_text import clipped, single_line


def test_a_text_becomes_one_line() -> None:
    assert single_line(" a\n\tb\x00c  d ") == "a b c d"


def test_a_long_text_is_cut_and_marked() -> None:
    assert clipped("abcdef", 4) == "abc…"
    assert clipped("abcd", 4) == "abcd"
    assert len(single_line("x" * 1_000)) == 300
