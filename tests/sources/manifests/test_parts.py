"""Texts of parts within limits."""

from __future__ import annotations

from graphmem.sources.manifests.parts import MAX_NAME_CHARS, clipped, groups, is_name, names_of


def test_texts_are_one_line_within_a_limit() -> None:
    assert clipped(" a\n b\x00\x1b[31m ") == "a b[31m"
    assert len(clipped("x" * 1000)) == MAX_NAME_CHARS
    assert clipped("\ud800x") == "?x"


def test_users_of_addresses_are_left_out() -> None:
    assert clipped("git+https://user:token@example.org/a.git") == "git+https://example.org/a.git"


def test_names_are_checked_and_sorted() -> None:
    assert names_of(["b", "A", "b", 3, "no name", "x" * 500, "@scope/x"]) == ("@scope/x", "A", "b")
    assert not is_name("$(x)")


def test_a_group_without_names_is_none() -> None:
    assert [group.group for group in groups("npm", [("a", [], False, 1), ("b", ["x"], False, 1)])] == ["b"]
