"""The text of a rule, and the words by which it is recognised."""

from __future__ import annotations

from graphmem.sources.rules.rule_text import MAX_RULE_CHARS, Rule, plain


def test_emphasis_and_link_targets_go_and_code_stays() -> None:
    assert plain("**Always** run _all_ tests: `__init__ *` see [the guide](docs/x.md)") == (
        "Always run all tests: `__init__ *` see the guide"
    )


def test_a_link_may_have_code_as_its_text_and_code_may_look_like_a_link() -> None:
    assert plain("[`uv`](https://example.org) and `[a](b)`") == "`uv` and `[a](b)`"


def test_names_with_underscores_stay() -> None:
    assert plain("Set snake_case names and 2 * 3 * 4") == "Set snake_case names and 2 * 3 * 4"


def test_control_characters_and_line_ends_are_spaces() -> None:
    assert plain("a\x00b\n  c\x1bd") == "a b c d"


def test_a_long_text_is_cut_between_words() -> None:
    text = plain("word " * 10_000)
    assert len(text) <= MAX_RULE_CHARS + 1
    assert text.endswith("word\u2026")


def test_the_same_rule_may_have_other_capitals_marks_and_end() -> None:
    assert Rule("Run `uv sync` first.").identity == Rule("run uv  sync first:").identity
    assert Rule("Use 4 spaces").identity != Rule("Use 2 spaces").identity


def test_words_are_in_order_and_in_lower_case() -> None:
    assert Rule("Run `uv sync`, then Test").words == ("run", "uv", "sync", "then", "test")
