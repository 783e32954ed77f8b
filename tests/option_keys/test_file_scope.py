"""A rejection holds in the files of its globs, less those that the linter excludes."""

from __future__ import annotations

import pytest

from graphmem.model import Anchor, AnchorKind
from graphmem.option_keys import EXCLUDED_GLOB, EXCLUDED_PATTERN, FileScope

ANCHORS = (
    Anchor(AnchorKind.FILE, "pkg/**"),
    Anchor(AnchorKind.FILE, ".golangci.yml", role="stated in"),
    Anchor(AnchorKind.COMPONENT, "**/*_test.go", role=EXCLUDED_GLOB),
    Anchor(AnchorKind.COMPONENT, "third_party$|(?:^|/)gen/", role=EXCLUDED_PATTERN),
)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("pkg/a.go", True),
        ("cmd/a.go", False),
        ("pkg/a_test.go", False),
        ("pkg/gen/a.go", False),
        ("pkg/regen/a.go", True),
    ],
)
def test_the_anchors_of_a_memory_say_where_its_rejection_holds(path: str, *, expected: bool) -> None:
    assert FileScope.of(ANCHORS).covers(path) is expected


def test_without_globs_a_rejection_holds_everywhere() -> None:
    assert FileScope.of(()).covers("any/where.py")


def test_an_expression_that_cannot_be_compiled_excludes_nothing() -> None:
    assert FileScope(excluded_patterns=("(?=x)y", "(")).covers("y")
