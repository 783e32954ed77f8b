"""Conventions as observations."""

from __future__ import annotations

from datetime import UTC, datetime

from graphmem.model import Status
from graphmem.sources.move_comparison import GONE
from graphmem.sources.rules.conventions import KEY_FOLDER, key_of, observation_of, replacements_of
from graphmem.sources.rules.lives import CommitMark, RuleLife
from graphmem.sources.rules.rule_text import Rule

BORN = CommitMark(0, "a" * 40, datetime(2024, 1, 1, tzinfo=UTC))
ENDED = CommitMark(1, "b" * 40, datetime(2024, 2, 1, tzinfo=UTC))


def life(rule: Rule, *paths: str, number: int = 1, ended: CommitMark | None = None) -> RuleLife:
    files = dict.fromkeys(paths or ("AGENTS.md",), rule)
    return RuleLife(rule, number, min(files), BORN, files, ended)


def test_the_key_is_of_the_words_and_the_number_of_the_life() -> None:
    first, marked = life(Rule("Run all tests")), life(Rule("run all `tests`."))
    assert key_of(first).startswith(KEY_FOLDER)
    assert key_of(first) == key_of(marked)
    assert key_of(life(Rule("Run all tests"), number=2)) == f"{key_of(first)}~2"


def test_an_end_has_the_word_by_which_a_return_is_recognised() -> None:
    moves = observation_of(life(Rule("Run all tests"), ended=ENDED), is_dated=True).moves
    assert [(move.status, move.source_word) for move in moves] == [(Status.ACTIVE, None), (Status.ENDED, GONE)]


def test_a_superseded_convention_has_no_end_of_its_own() -> None:
    old, new = life(Rule("Run tests"), ended=ENDED), life(Rule("Run all tests"))
    old.successors.append(new)
    assert len(observation_of(old, is_dated=True).moves) == 1
    (pair,) = replacements_of(old)
    assert (pair.old, pair.new, pair.at) == (key_of(old), key_of(new), ENDED.at)
    assert pair.evidence == (("AGENTS.md", f"reworded in commit {'b' * 12}"),)


def test_a_convention_in_force_has_no_successors() -> None:
    assert list(replacements_of(life(Rule("Run all tests")))) == []


def test_headings_and_items_are_the_body() -> None:
    rule = Rule("Run all tests", ("Guide", "Tests"), items=("Before a commit",))
    assert observation_of(life(rule), is_dated=True).statement.body == "Guide > Tests > Before a commit"


def test_paths_that_no_anchor_can_have_are_left_out() -> None:
    found = observation_of(
        life(Rule("Run all tests"), "a\nb/AGENTS.md", "\udcff/AGENTS.md", "AGENTS.md"), is_dated=True
    )
    assert [anchor.name for anchor in found.statement.anchors] == ["AGENTS.md"]


def test_very_many_files_give_a_limited_number_of_anchors() -> None:
    paths = [f"{number}/AGENTS.md" for number in range(900)]
    rule = Rule("Run all tests", scope=tuple(f"src/{number}/**" for number in range(900)))
    assert len(observation_of(life(rule, *paths), is_dated=True).statement.anchors) == 200
