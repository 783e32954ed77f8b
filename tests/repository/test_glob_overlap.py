"""Common paths of two patterns: exact, and with a path that shows it."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from graphmem.option_keys.file_scope import path_matches
from graphmem.repository.glob_overlap import common_path

#: `**` stands alone between slashes: elsewhere the compiled pattern of a filter differs from its description.
SEGMENTS = ["**", "*", "?", "a", "b", "a*", "*b", "?a", "*a*"]
patterns = st.builds(
    lambda segments, end: "/".join(segments) + end,
    st.lists(st.sampled_from(SEGMENTS), min_size=1, max_size=5),
    st.sampled_from(["", "", "/"]),
)
paths = st.lists(st.sampled_from(["a", "b", "x", "/"]), min_size=1, max_size=7).map("".join)


def is_on(pattern: str, path: str) -> bool:
    """The rule that every other part of graphmem has for a file and a pattern."""
    return path_matches(pattern, path)


@pytest.mark.parametrize(
    ("first", "second", "has_common"),
    [
        ("src/a.py", "src/a.py", True),
        ("src/a.py", "src/b.py", False),
        ("src/", "src/a.py", True),
        ("src", "src/a.py", True),
        ("src", "src2/a.py", False),
        ("src/*.py", "src/api/*.py", False),
        ("src/**/*.py", "src/api/*.py", True),
        ("src/**/*.py", "src/*.py", True),
        ("**/models.py", "billing/", True),
        ("**/models.py", "billing/views.py", False),
        ("*.py", "setup.py", True),
        ("*.py", "src/", False),
        ("src/*/a.py", "src/b/?.py", True),
        (".github", ".github/workflows/ci.yml", True),
        ("**", "anything/at/all", True),
        ("**/x.c", "abx.c", False),
        ("a/**/b", "a/b", True),
    ],
)
def test_patterns_of_people(first: str, second: str, *, has_common: bool) -> None:
    assert (common_path(first, second) is not None) is has_common
    assert (common_path(second, first) is not None) is has_common


@given(patterns, patterns)
@example("**/a", "ba")
@example("**/**/a", "*/")
def test_the_common_path_matches_both(first: str, second: str) -> None:
    shown = common_path(first, second)
    if shown is not None:
        assert is_on(first, shown), (first, second, shown)
        assert is_on(second, shown), (first, second, shown)


@given(patterns, patterns, paths)
@example("*", "**", "a")
def test_whatever_matches_both_is_overlap(first: str, second: str, path: str) -> None:
    if not path.endswith("/") and is_on(first, path) and is_on(second, path):
        assert common_path(first, second) is not None, (first, second, path)


def test_very_long_patterns_count_as_overlapping_if_they_begin_alike() -> None:
    assert common_path("*a" * 300 + "b", "**/" * 100 + "a") is not None
    assert common_path("src/" + "*a" * 300, "lib/" + "*a" * 300) is None
