"""Comments that excuse a line."""

from __future__ import annotations

import pytest

from graphmem.guard.suppressions import Suppression, suppressions_on


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('"a" //nolint:depguard // why', [Suppression("depguard", "why")]),
        ('"a" //nolint:gosec,depguard', [Suppression("gosec", ""), Suppression("depguard", "")]),
        ("import a  # noqa: TID251 - why", [Suppression("tid251", "why")]),
        ("import a  # noqa: F401, TID251 # why", [Suppression("f401", "why"), Suppression("tid251", "why")]),
        (
            "import a from 'a' // eslint-disable-line no-restricted-imports -- why",
            [Suppression("no-restricted-imports", "why")],
        ),
        ("use a; // graphmem: allow ADR-7 why", [Suppression("ADR-7", "why", is_of_memory=True)]),
        ("use a; // graphmem: allow ADR-7", []),
        ("import a  # noqa", []),
        ("import a", []),
    ],
)
def test_comments_on_the_line(text: str, found: list[Suppression]) -> None:
    assert suppressions_on([text], 0, 0) == found


@pytest.mark.parametrize(
    ("before", "rule"),
    [
        ("// eslint-disable-next-line no-restricted-imports -- why", "no-restricted-imports"),
        ("//nolint:depguard // why", "depguard"),
        ("# graphmem: allow abc why", "abc"),
    ],
)
def test_comments_on_the_line_before(before: str, rule: str) -> None:
    (found,) = suppressions_on([before, "import a"], 1, 1)
    assert (found.rule, found.reason) == (rule, "why")


def test_a_comment_for_the_rest_of_a_file_counts_below_it_and_one_behind_code_does_not() -> None:
    lines = ["/* eslint-disable no-restricted-imports -- why */", "", "import a"]
    assert [one.rule for one in suppressions_on(lines, 2, 2)] == ["no-restricted-imports"]
    assert suppressions_on(["import b  # noqa: TID251", "import a"], 1, 1) == []
