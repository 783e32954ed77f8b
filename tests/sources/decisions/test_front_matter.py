"""YAML within limits, as nested values."""

from __future__ import annotations

import pytest

from graphmem.sources.decisions.front_matter import MAX_YAML_CHARS, RefusedYaml, parse_yaml_tree


def test_a_mapping_is_nested_and_every_scalar_a_text() -> None:
    assert parse_yaml_tree("a:\n  b: [1, true]\n  c: {d: x}\n") == {"a": {"b": ["1", "true"], "c": {"d": "x"}}}


def test_an_empty_text_is_an_empty_mapping() -> None:
    assert parse_yaml_tree("") == {}


@pytest.mark.parametrize(
    "text", ["a: &x 1\nb: *x\n", "- a\n", "a: [", "a: " + "[" * 40 + "]" * 40, "a: " + "x" * MAX_YAML_CHARS]
)
def test_aliases_lists_depth_and_size_are_refused(text: str) -> None:
    with pytest.raises(RefusedYaml):
        parse_yaml_tree(text)
