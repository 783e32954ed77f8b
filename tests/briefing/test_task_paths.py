"""Paths of a task: in its text, their words, and what covers them."""

from __future__ import annotations

import pytest

from graphmem.briefing.task_paths import (
    best_coverage,
    coverage,
    covering_names,
    nearness,
    paths_in,
    plain_path,
    words_of,
)


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("rename src/app.py to src/main.py", ["src/app.py", "src/main.py"]),
        ("look into tests/ first", ["tests/"]),
        ("change README.md.", ["README.md"]),
        ("see https://example.com/a/b", []),
        ("ask me@example.com, and/or him", []),
        ("read/write on CI/CD with Node.js and v1.2", []),
        ("change `package.json`, src/lib/x.tsx: all", ["package.json", "src/lib/x.tsx"]),
        ("see ./api/x.py", ["./api/x.py"]),
        ("add a column", []),
    ],
)
def test_paths_in_a_text(text: str, paths: list[str]) -> None:
    assert paths_in(text) == paths


@pytest.mark.parametrize(
    ("path", "plain"),
    [("./api/x.py", "api/x.py"), ("api\\x.py", "api/x.py"), ("api//x/", "api/x/"), (".", ""), ("/api", "api")],
)
def test_a_path_is_written_as_the_repository_does(path: str, plain: str) -> None:
    assert plain_path(path) == plain


@pytest.mark.parametrize(
    ("anchor", "is_covering"),
    [
        ("api/users/routes.py", True),
        ("api/users", True),
        ("api/", True),
        ("api/**", True),
        ("**/*.py", True),
        ("api/*/routes.py", True),
        ("api/*.py", False),
        ("ap", False),
        ("web/", False),
        ("**/*.ts", False),
    ],
)
def test_an_anchor_covers_a_path_or_not(anchor: str, is_covering: bool) -> None:  # noqa: FBT001 - a column of the table
    assert bool(coverage(anchor, "api/users/routes.py")) is is_covering


def test_a_nearer_folder_covers_more_closely() -> None:
    path = "api/users/routes.py"
    values = [coverage(anchor, path) for anchor in (path, "api/users/", "api/")]
    assert values == sorted(values, reverse=True)
    assert best_coverage(["api/", "web/"], [path, "web/x"]) == (coverage("web/", "web/x"), "web/x")
    assert best_coverage(["web/"], [path]) == (0.0, "")


def test_a_given_folder_is_covered_by_what_lies_in_it() -> None:
    assert coverage("api/users/routes.py", "api/") > 0.0
    assert coverage("api/users/routes.py", "ap") == 0.0


def test_names_of_anchors_that_cover_a_path() -> None:
    assert covering_names("a/b/c.py") == ["a/b/c.py", "a/", "a", "a/b/", "a/b"]


def test_words_of_paths_leave_out_what_says_nothing() -> None:
    assert words_of(["src/invoiceLines/HTTPClient.test.ts"]) == "http client test invoice lines"


def test_nearness_is_the_share_of_common_folders() -> None:
    assert nearness("a/b/c.py", "a/b/d.py") == pytest.approx(2 / 3)
    assert nearness("x", "a/b") == 0.0
