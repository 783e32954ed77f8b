from __future__ import annotations

from graphmem.retrieval.titles import Titles

TITLES = {"a": "Metadata in project files based on PEP 7", "b": "Metadata for packages", "c": "Naming of wheels"}


def test_a_title_said_in_full_is_covered() -> None:
    assert Titles(TITLES).coverage(["naming", "of", "wheels", "now"]) == {"c": 1.0}


def test_a_rare_word_covers_more_than_a_common_one() -> None:
    titles = Titles({"a": "fast cache", "b": "fast queue", "c": "fast index"})
    assert titles.coverage(["cache"])["a"] > titles.coverage(["fast"])["a"]


def test_titles_that_are_equal_count_as_one() -> None:
    once = Titles({"a": "fast cache", "c": "slow queue"}).coverage(["fast"])["a"]
    assert Titles({"a": "fast cache", "b": "fast cache", "c": "slow queue"}).coverage(["fast"])["a"] == once


def test_a_name_inside_a_title_of_which_more_is_said_belongs_to_it() -> None:
    said = ["metadata", "project", "files", "based", "pep", "7"]
    assert Titles(TITLES).swallows("pep 7", ["b"], said)


def test_a_name_alone_stands_for_itself() -> None:
    assert not Titles(TITLES).swallows("pep 7", ["b"], ["what", "replaced", "pep", "7"])


def test_a_memory_does_not_swallow_its_own_name() -> None:
    assert not Titles(TITLES).swallows("naming of wheels", ["c"], ["naming", "of", "wheels"])
