"""Formats within limits."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import yaml

from graphmem.sources.manifests import document_texts
from graphmem.sources.manifests.document_texts import (
    UnreadableManifest,
    ini_of,
    json_of,
    line_of,
    list_at,
    table_at,
    text_at,
    toml_of,
    xml_of,
    yaml_of,
)


@pytest.mark.parametrize(
    ("parse", "text", "line"),
    [
        (toml_of, "a = 1\nb = \n", 2),
        (json_of, '{\n"a": }', 2),
        (json_of, "[]", 1),
        (ini_of, "x = 1\n", 1),
        (yaml_of, "a: 1\nb: [1\nc: 2\n", 3),
        (yaml_of, "- a\n", 1),
        (xml_of, "<a>\n<b>\n</a>", 3),
    ],
)
def test_a_broken_text_is_unreadable_with_its_line(parse: Callable[[str], object], text: str, line: int) -> None:
    with pytest.raises(UnreadableManifest) as caught:
        parse(text)
    assert caught.value.line == line


@pytest.mark.parametrize("parse", [toml_of, json_of, yaml_of, xml_of])
@pytest.mark.parametrize("opening", ["[", "{", '{"a":', "a = [", "<a>", "a: {"])
def test_deep_nesting_is_unreadable(parse: Callable[[str], object], opening: str) -> None:
    with pytest.raises(UnreadableManifest):
        parse(opening * 50_000)


def test_aliases_are_followed_within_a_limit() -> None:
    assert yaml_of("a: &x {k: 1}\nb: *x\nc: {<<: *x, j: 2}\n")["c"] == {"k": "1", "j": "2"}
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 25))
    with pytest.raises(UnreadableManifest, match="aliases"):
        yaml_of(bomb)
    with pytest.raises(UnreadableManifest):
        yaml_of("a: &a [*a]\n")


def test_yaml_is_read_without_the_parser_in_c_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document_texts, "_LOADER", yaml.BaseLoader)
    assert yaml_of("on: [push]\nyes: 010\n") == {"on": ["push"], "yes": "010"}


def test_xml_expands_no_entity() -> None:
    root = xml_of('<!DOCTYPE p [<!ENTITY e SYSTEM "file:///etc/passwd">]>\n<p><v>&e;1</v><w/></p>')
    assert (root.text_of("v"), root.text_of("missing", "too")) == ("1", "")


def test_values_of_another_type_are_empty() -> None:
    assert (table_at({"a": 1}, "a", "b"), list_at({"a": "x"}, "a"), text_at({"a": ["x"]}, "a")) == ({}, [], "")
    assert (line_of("a\nb", "b"), line_of("a\nb", "c")) == (2, 1)
