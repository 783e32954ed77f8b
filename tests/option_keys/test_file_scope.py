"""A rejection holds in the files of its globs, less those that the linter excludes."""

from __future__ import annotations

import pytest

from graphmem.model import Anchor, AnchorKind
from graphmem.option_keys import FileScope
from graphmem.option_keys.file_scope import EXCLUDED_FOLDER_PATTERN, EXCLUDED_GLOB, EXCLUDED_PATTERN

ANCHORS = (
    Anchor(AnchorKind.FILE, "pkg/**"),
    Anchor(AnchorKind.FILE, ".golangci.yml", role="stated in"),
    Anchor(AnchorKind.COMPONENT, "**/*_test.go", role=EXCLUDED_GLOB),
    Anchor(AnchorKind.COMPONENT, "(?:^|/)gen/", role=EXCLUDED_PATTERN),
    Anchor(AnchorKind.COMPONENT, "third_party$", role=EXCLUDED_FOLDER_PATTERN),
)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("pkg/a.go", True),
        ("cmd/a.go", False),
        ("pkg/a_test.go", False),
        ("pkg/gen/a.go", False),
        ("pkg/regen/a.go", True),
        ("pkg/third_party/x/a.go", False),
        ("pkg/third_party", True),
    ],
)
def test_the_anchors_of_a_memory_say_where_its_rejection_holds(path: str, *, expected: bool) -> None:
    assert FileScope.of(ANCHORS).covers(path) is expected


def test_without_globs_a_rejection_holds_everywhere() -> None:
    assert FileScope.of(()).covers("any/where.py")


def test_a_rejection_may_hold_only_where_an_expression_is_found() -> None:
    scope = FileScope(required_patterns=("^internal/",))
    assert (scope.covers("internal/a.go"), scope.covers("cmd/internal/a.go")) == (True, False)


def test_an_expression_that_cannot_be_compiled_excludes_nothing() -> None:
    assert FileScope(excluded_patterns=("(?=x)y", "(")).covers("y")
