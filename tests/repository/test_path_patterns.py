"""Globs as patterns: what they match, and that no glob makes a match long."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmem.repository.path_patterns import path_pattern


def matches(glob: str, path: str) -> bool:
    pattern = path_pattern([glob, "*/nothing/else"])
    assert pattern is not None
    return re.fullmatch(pattern, path) is not None


def matches_slowly(glob: str, path: str) -> bool:
    """The meaning of a glob, tried out in all ways."""
    if not glob:
        return not path
    if glob == "/":
        return len(path) > 1 and path[0] == "/"
    if glob.startswith("**/"):
        starts = [0, *(place + 1 for place, sign in enumerate(path) if sign == "/")]
        return any(matches_slowly(glob[3:], path[start:]) for start in starts)
    if glob.startswith("**"):
        return any(matches_slowly(glob[2:], path[start:]) for start in range(len(path) + 1))
    if glob[0] == "*":
        return any(matches_slowly(glob[1:], path[end:]) for end in range(len(path) + 1) if "/" not in path[:end])
    return (
        bool(path)
        and (path[0] == glob[0] or (glob[0] == "?" and path[0] != "/"))
        and matches_slowly(glob[1:], path[1:])
    )


GLOBS = st.lists(st.sampled_from(["a", "b", "/", "*", "**", "**/", "?", ".", "a*b"]), min_size=1, max_size=7).map(
    "".join
)


@given(GLOBS.filter(lambda one: not one.endswith(("**/", "***"))), st.text("ab/.", max_size=9))
def test_a_glob_matches_what_it_says(glob: str, path: str) -> None:
    assert matches(glob, path) is matches_slowly(glob, path)


@pytest.mark.parametrize(
    ("glob", "path", "is_match"),
    [
        ("src/*.py", "src/a.py", True),
        ("src/*.py", "src/a/b.py", False),
        ("src/**/*.py", "src/a/b/c.py", True),
        ("src/**/*.py", "src/c.py", True),
        ("**/test_*", "a/b/test_x", True),
        ("a?/", "ab/c/d", True),
        ("a?/", "ab/", False),
        ("**/", "a/b", True),
    ],
)
def test_globs_of_people(glob: str, path: str, *, is_match: bool) -> None:
    assert matches(glob, path) is is_match


@pytest.mark.parametrize("unit", ["*a", "**a", "**/a", "*?", "?*", "a*", "***"])
def test_no_glob_makes_a_match_long(unit: str) -> None:
    """With a pattern that goes back this does not end within the test's time."""
    for path in ("a" * 1_000, "a/" * 500):
        assert not matches(unit * 300 + "b", path)
