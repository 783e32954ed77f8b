"""Languages counted along the mainline."""

from __future__ import annotations

import pytest

from graphmem.sources.git.mainline import MainlineCommit
from graphmem.sources.git.raw_log import FileChange, RawCommit
from graphmem.sources.manifests.languages import LanguageCount, language_of


def commit(
    added: dict[str, int], removed: tuple[str, ...] = (), renamed: tuple[tuple[str, str], ...] = ()
) -> MainlineCommit:
    changes = [
        FileChange("A", path, path, "", "", "100644")
        for stem, count in added.items()
        for path in (f"{number}{stem}" for number in range(count))
    ]
    changes += [FileChange("D", path, path, "", "", "100644") for path in removed]
    changes += [FileChange("R", new, old, "", "", "100644", 100) for old, new in renamed]
    return MainlineCommit(
        0, RawCommit("a", (), 0, 0, "", tuple(changes)), 0, is_clamped=False, is_exact_only=False, is_over_limit=False
    )


def languages(*commits: MainlineCommit) -> list[tuple[str, ...]]:
    return [held for _, held in LanguageCount().observed(commits)]


def test_a_language_begins_at_a_twentieth_and_ends_below_three_percent() -> None:
    steps = languages(
        commit({"a.py": 38, "b.md": 500}),
        commit({"c.sh": 1}),
        commit({"d.sh": 1}),
        commit({"e.py": 26}),
        commit({"f.py": 4}),
    )
    assert steps == [("Python",), ("Python",), ("Python", "Shell"), ("Python", "Shell"), ("Python",)]


def test_removed_and_renamed_files_are_counted() -> None:
    steps = languages(
        commit({"a.py": 1, "b.js": 1}),
        commit({}, removed=("0b.js",)),
        commit({}, renamed=(("0a.py", "0a.rs"),)),
        commit({}, removed=("0a.rs", "never")),
    )
    assert steps == [("JavaScript", "Python"), ("Python",), ("Rust",), ()]


@pytest.mark.parametrize(
    "path", ["README.md", "vendor/a.go", "node_modules/a.js", "web/x.min.js", ".py", "site/a.js", "Makefile"]
)
def test_other_files_and_code_of_others_have_no_language(path: str) -> None:
    assert language_of(path) is None
