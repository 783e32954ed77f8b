"""JSON of files that are not trusted."""

from __future__ import annotations

import pytest

from graphmem.sources.tasks.json_values import Unreadable, items, json_value, mapping, text


@pytest.mark.parametrize("bad", [b"", b"{", "[" * 100_000, b"\xff", b'{"a": 1}{"b": 2}'])
def test_what_is_no_json_is_refused(bad: bytes | str) -> None:
    with pytest.raises(Unreadable):
        json_value(bad)


def test_values_of_other_types_are_empty() -> None:
    assert (mapping([1]), list(items({"a": 1})), text(3), text("\ud800")) == ({}, [], "", "?")
    assert (mapping({"a": 1}), list(items([1])), text("x")) == ({"a": 1}, [1], "x")
