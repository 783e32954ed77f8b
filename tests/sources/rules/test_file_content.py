"""The rules of one version of a file."""

from __future__ import annotations

import pytest

from graphmem.sources.rules import file_content as module
from graphmem.sources.rules.file_content import read_content


def test_text_and_settings_are_read_by_their_path() -> None:
    text, settings = read_content("AGENTS.md", b"- Be kind always\n"), read_content("ruff.toml", b"line-length = 9\n")
    assert [rule.text for rule in text.rules or ()] == ["Be kind always"]
    assert [rule.text for rule in settings.rules or ()] == ["Lines are at most 9 characters long (Ruff)"]


def test_lines_count_the_front_matter() -> None:
    content = read_content(".cursor/rules/a.mdc", b"---\r\nglobs: *.py\r\n---\r\n- Be kind always\r\n")
    assert [(rule.line, rule.scope) for rule in content.rules or ()] == [(4, ("**/*.py",))]


@pytest.mark.parametrize(("content", "line"), [(b"a\n\xff\n", 2), (b"- x y\n\n\0", 3)])
def test_what_is_no_text_has_no_rules(content: bytes, line: int) -> None:
    read = read_content("AGENTS.md", content)
    assert (read.rules, read.line) == (None, line)
    assert read.problem


def test_bad_front_matter_costs_only_the_scope() -> None:
    read = read_content(".claude/rules/a.md", b"---\npaths: [a\n---\n- Be kind always\n")
    assert [rule.text for rule in read.rules or ()] == ["Be kind always"]
    assert read.is_scope_unread
    assert read.problem is not None
    assert "front matter" in read.problem


def test_aliases_are_refused() -> None:
    bomb = b"---\na: &a [x, x]\nb: [*a, *a]\n---\n- Be kind always\n"
    assert read_content(".claude/rules/a.md", bomb).is_scope_unread


def test_unreadable_settings_name_their_line() -> None:
    read = read_content("ruff.toml", b"a = 1\nb = \n")
    assert (read.rules, read.line) == (None, 2)


def test_rules_beyond_the_limit_are_left_out_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_RULES", 2)
    read = read_content("AGENTS.md", b"- Be kind always\n- Run all tests\n- Write docs first\n")
    assert (len(read.rules or ()), read.line) == (2, 3)
    assert read.problem == "only the first 2 rules are read"
