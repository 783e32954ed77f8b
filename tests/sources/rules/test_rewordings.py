"""Which rule is the new wording of which."""

from __future__ import annotations

import pytest

from graphmem.sources.rules import rewordings as module
from graphmem.sources.rules.rewordings import rewordings
from graphmem.sources.rules.rule_text import Rule


def pairs(before: list[str], after: list[str]) -> list[tuple[str, str]]:
    found = rewordings([Rule(text) for text in before], [Rule(text) for text in after])
    return [(pair.old.text, pair.new.text) for pair in found]


def test_similar_word_sequences_are_a_rewording() -> None:
    assert pairs(["Run tests with pytest", "Keep it short"], ["Run all tests with pytest", "Keep it short"]) == [
        ("Run tests with pytest", "Run all tests with pytest")
    ]


def test_other_words_are_another_rule() -> None:
    assert pairs(["Run tests with pytest"], ["Never commit a secret here"]) == []
    assert pairs(["pytest with tests run"], ["Run tests with pytest"]) == []


def test_the_most_similar_pair_comes_first_and_each_rule_is_in_one() -> None:
    old = ["Format code with black now", "Check code with black now"]
    assert pairs(old, ["Check code with ruff now"]) == [("Check code with black now", "Check code with ruff now")]


def test_of_equal_pairs_the_nearest_in_the_file_wins() -> None:
    before = ["Use tool a here", "Use tool b here"]
    assert pairs(before, ["Use tool x here", "Use tool y here"]) == [
        ("Use tool a here", "Use tool x here"),
        ("Use tool b here", "Use tool y here"),
    ]


def test_the_same_heading_counts() -> None:
    old, new = "Format code with black", "Format with tools like ruff"
    same = rewordings([Rule(old, ("Style",))], [Rule(new, ("Style",))])
    other = rewordings([Rule(old, ("Style",))], [Rule(new, ("Tests",))])
    assert (len(same), len(other)) == (1, 0)


def test_a_rule_under_another_heading_is_no_rewording() -> None:
    assert rewordings([Rule("Run all tests", ("A",))], [Rule("Run all tests", ("B",))]) == []


def test_of_equal_rules_the_reworded_is_that_under_its_heading() -> None:
    before = [Rule("Run all tests", ("A",)), Rule("Run all tests", ("B",))]
    (pair,) = rewordings(before, [Rule("Run all tests now", ("B",)), Rule("Run all tests", ("A",))])
    assert pair.old.headings == ("B",)


def test_a_setting_with_another_value_is_a_rewording_whatever_its_words() -> None:
    (pair,) = rewordings([Rule("88 (Ruff)", setting="length")], [Rule("Lines have 100", setting="length")])
    assert pair.new.text == "Lines have 100"


def test_a_rewritten_file_has_no_rewordings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_PAIRS", 3)
    assert pairs(["Use tool a here", "Use tool b here"], ["Use tool x here", "Use tool y here"]) == []


def test_work_on_many_long_rules_ends() -> None:
    before = [Rule(f"{'same ' * 299}a{number}") for number in range(120)]
    after = [Rule(f"{'same ' * 299}b{number}") for number in range(120)]
    assert len(rewordings(before, after)) < 120
