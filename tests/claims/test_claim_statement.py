"""The statement of a claim, and the paths that one takes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from graphmem.claims.claim_statement import (
    MOST_PATHS,
    claim_statement,
    claimed_paths,
    holder_of,
    is_claim,
    task_key,
    with_holder,
)
from graphmem.errors import InvalidInput
from graphmem.model import Kind, Origin


@pytest.mark.parametrize(
    ("given", "plain"),
    [
        ("./src//api/", "src/api/"),
        ("src\\api\\a.py", "src/api/a.py"),
        ("src/x/../a.py", "src/a.py"),
        ("src/**/*.py", "src/**/*.py"),
        (".", "**"),
        ("./", "**"),
        (".github/", ".github/"),
    ],
)
def test_paths_are_relative_to_the_repository(given: str, plain: str) -> None:
    assert claimed_paths([given, given]) == (plain,)


@pytest.mark.parametrize("path", ["/etc/passwd", "../a.py", "src/../../a.py", "~/a.py", "C:\\a.py", "file://a", ".."])
def test_a_path_outside_the_repository_is_refused(path: str) -> None:
    with pytest.raises(InvalidInput, match="is outside the repository"):
        claimed_paths([path])


def test_empty_and_too_many_paths_are_refused() -> None:
    with pytest.raises(InvalidInput, match="a path of a claim is empty"):
        claimed_paths([" "])
    with pytest.raises(InvalidInput, match=f"more than {MOST_PATHS}"):
        claimed_paths(f"{number}.py" for number in range(MOST_PATHS + 1))


def test_a_claim_is_a_task_with_the_label_and_a_holder() -> None:
    claim = claim_statement("Port it\nall of it", "ana", ["a.py"], "shop", Origin.AGENT)
    assert (claim.title, claim.body, claim.kind, holder_of(claim)) == ("Port it", "all of it", Kind.TASK, "ana")
    assert is_claim(claim)
    assert not is_claim(replace(claim, labels=()))
    assert not is_claim(replace(claim, anchors=claim.anchors[:1]))
    assert not is_claim(None)


def test_another_holder_replaces_the_first_and_lends_no_trust() -> None:
    claim = claim_statement("Port it", "ana", ["a.py"], "shop", Origin.HUMAN)
    handed = with_holder(claim, "bob", Origin.AGENT)
    assert (holder_of(handed), handed.origin, len(handed.anchors)) == ("bob", Origin.AGENT, 2)


def test_tasks_are_compared_without_capitals_and_blanks() -> None:
    assert task_key(" Port  the Reader") == task_key("port the reader")
