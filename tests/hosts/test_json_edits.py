"""Insertions and removals in JSON with comments leave every other character alone."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphmem.hosts.json_document import NotJson, parse
from graphmem.hosts.json_edits import apply, item_insertions, member_insertions, without
from tests.hosts.documents import STYLES, Style, objects, written

ENTRY = {"command": "/opt/graphmem", "args": ["mcp"]}


@given(objects, STYLES)
def test_what_is_inserted_is_read_and_what_is_removed_leaves_the_bytes(value: dict[str, object], style: Style) -> None:
    text = written(value, style)
    after = apply(text, member_insertions(text, ("mcpServers", "graphmem"), ENTRY))
    assert parse(after).value() == {**value, "mcpServers": {"graphmem": ENTRY}}
    assert without(after, ("mcpServers", "graphmem")) == text
    rest = iter(after)
    assert all(character in rest for character in text), "every character stays in its order"


@settings(max_examples=40)
@given(objects, STYLES, st.integers(1, 3))
def test_items_are_appended_and_removed(value: dict[str, object], style: Style, count: int) -> None:
    text = written({**value, "hooks": {"Stop": [1]}}, style)
    after = text
    for number in range(count):
        after = apply(after, item_insertions(after, ("hooks", "Stop"), {"n": number}))
    assert parse(after).value() == {**value, "hooks": {"Stop": [1, *({"n": number} for number in range(count))]}}
    for _ in range(count):
        after = without(after, ("hooks", "Stop", 1))
    assert after == text


@given(st.text(st.sampled_from('{}[]:,"/*\\ \n1at'), max_size=40))
def test_a_text_is_parsed_as_json_parses_it_or_is_refused(text: str) -> None:
    try:
        expected = json.loads(text)
    except ValueError:
        return
    if _has_no_key_twice(text):
        assert parse(text).value() == expected
    else:
        with pytest.raises(NotJson, match="occurs twice"):
            parse(text)


def _has_no_key_twice(text: str) -> bool:
    def once(pairs: list[tuple[str, object]]) -> list[tuple[str, object]]:
        if len({key for key, _ in pairs}) < len(pairs):
            raise KeyError
        return pairs

    try:
        json.loads(text, object_pairs_hook=once)
    except KeyError:
        return False
    return True


def test_a_comment_at_the_end_of_a_line_stays_with_its_member() -> None:
    text = '{\n  "a": 1 // mine\n}\n'
    after = apply(text, member_insertions(text, ("b",), 2))
    assert after == '{\n  "a": 1, // mine\n  "b": 2\n}\n'


def test_an_empty_object_is_opened() -> None:
    assert apply("{}\n", member_insertions("{}\n", ("b",), 2)) == '{\n  "b": 2\n}\n'
    text = '{\n\t"a": {\n\t\t// nothing yet\n\t}\n}'
    assert apply(text, member_insertions(text, ("a", "b"), 2)) == (
        '{\n\t"a": {\n\t\t// nothing yet\n\t\t"b": 2\n\t}\n}'
    )


def test_one_line_stays_one_line() -> None:
    assert apply('{"a": [1,]}', item_insertions('{"a": [1,]}', ("a",), 2)) == '{"a": [1, 2,]}'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1', "line 1, column 8: expected ',' or '}'"),
        ('{"a": 1}\n{}', "line 2, column 1: unexpected text after the value"),
        ('{"a": 1, "a": 2}', "line 1, column 10: the key 'a' occurs twice"),
        ("{'a': 1}", "line 1, column 2: expected a key in double quotes"),
        ('{"a": /* 1}', "line 1, column 7: comment without end"),
        ("[" * 200, "line 1, column 102: nested deeper than 100 levels"),
        ('{"a": 01}', "line 1, column 7: '01' is no value of JSON"),
        ("[1]", "the root is no object"),
        ('{"mcpServers": []}', "mcpServers is no object"),
    ],
)
def test_what_does_not_parse_is_named(text: str, message: str) -> None:
    with pytest.raises(NotJson) as refused:
        member_insertions(text, ("mcpServers", "graphmem"), ENTRY)
    assert str(refused.value) == message
