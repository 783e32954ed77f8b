"""How a text is split into rules."""

from __future__ import annotations

from graphmem.sources.rules.markdown_rules import markdown_rules
from graphmem.sources.rules.rule_text import Rule


def texts(text: str, *, is_rst: bool = False) -> list[str]:
    return [rule.text for rule in markdown_rules(text, is_rst=is_rst)]


def only(text: str) -> Rule:
    (rule,) = markdown_rules(text)
    return rule


def test_list_items_and_paragraphs_are_rules() -> None:
    assert texts("Be kind to readers.\nAlways.\n\n- Run all tests\n  with uv\n* Use `ruff`\n1. Write docs first\n") == [
        "Be kind to readers. Always.",
        "Run all tests with uv",
        "Use `ruff`",
        "Write docs first",
    ]


def test_a_bold_line_begins_a_rule() -> None:
    assert texts("Write plain words.\n**Never** skip the tests.\n**Always** sign commits.\n") == [
        "Write plain words.",
        "Never skip the tests.",
        "Always sign commits.",
    ]


def test_headings_are_context_with_their_parents() -> None:
    rule = only("# Guide\n\n## Tests\n\n- Run all of them\n")
    assert (rule.text, rule.headings, rule.line) == ("Run all of them", ("Guide", "Tests"), 5)


def test_a_short_item_above_items_is_context() -> None:
    rule = only("# Guide\n\n1. Package management\n   - ONLY use uv\n")
    assert (rule.text, rule.items) == ("ONLY use uv", ("Package management",))


def test_the_next_item_is_not_below_the_items_before_it() -> None:
    rules = list(markdown_rules("- Package management\n  - ONLY use uv\n- Testing\n  - Run all tests\n\nBe kind.\n"))
    assert [(rule.text, rule.items) for rule in rules] == [
        ("ONLY use uv", ("Package management",)),
        ("Run all tests", ("Testing",)),
        ("Be kind.", ()),
    ]


def test_an_introduction_is_context_of_its_items_and_a_rule_if_it_is_long() -> None:
    long, short = markdown_rules("When line lengths are too long in tests:\n\n- Break the string\n")
    assert long.text == "When line lengths are too long in tests:"
    assert (short.text, short.items) == ("Break the string", ("When line lengths are too long in tests",))


def test_an_item_of_code_alone_has_the_words_above_it() -> None:
    assert texts("Never edit files in these folders:\n\n- `src/made/`\n")[1] == (
        "Never edit files in these folders: `src/made/`"
    )


def test_code_tables_comments_and_lines_are_no_rules() -> None:
    assert texts(
        "Run the tests:\n\n```bash\nmake every test\n```\n\n| a b | c d |\n|---|---|\n\n<!-- not this one -->\n\n---\n"
    ) == ["Run the tests:"]


def test_lines_of_tags_are_no_rules() -> None:
    assert texts('<Note type="x y">\nKeep it short\n</Note>\n\n<https://example.org> is a link\n') == [
        "Keep it short",
        "<https://example.org> is a link",
    ]


def test_single_words_are_no_rules() -> None:
    assert texts("- Ruff\n- Use ruff\n") == ["Use ruff"]


def test_task_marks_and_quotes_are_not_part_of_the_text() -> None:
    assert texts("- [ ] All tests pass\n\n> Keep it short\n") == ["All tests pass", "Keep it short"]


def test_restructured_text_is_read() -> None:
    (rule,) = markdown_rules("Tests\n=====\n\n* Run all of them::\n\n    make tests now\n", is_rst=True)
    assert (rule.text, rule.headings) == ("Run all of them::", ("Tests",))
