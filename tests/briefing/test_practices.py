"""The practices that a task touches."""

from __future__ import annotations

import pytest

from graphmem.briefing.practices import IMPLIED, MOST_PRACTICES, PRACTICES, practices_of


@pytest.mark.parametrize(
    ("task", "paths", "names"),
    [
        ("Open a pull request", (), ["change"]),
        ("Fix it", ("docs/usage.md",), ["docs"]),
        ("Bump the version of zod", ("package.json",), ["dependencies", "release"]),
        ("Hello", (), []),
    ],
)
def test_words_and_paths_tell_of_practices(task: str, paths: tuple[str, ...], names: list[str]) -> None:
    assert [practice.name for practice, _ in practices_of(task, paths)] == names


def test_a_new_feature_brings_tests_along() -> None:
    found = {practice.name: share for practice, share in practices_of("Add a footer", ())}
    assert found == {"feature": 1.0, "tests": IMPLIED}


def test_a_text_that_touches_everything_touches_only_the_plainest() -> None:
    everything = " ".join(practice.words for practice in PRACTICES)
    assert len(practices_of(everything, ())) == MOST_PRACTICES
