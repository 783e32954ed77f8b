"""The purposes of commands."""

from __future__ import annotations

import pytest

from graphmem.sources.manifests.command_purposes import purpose_of


@pytest.mark.parametrize(
    ("name", "purpose"),
    [
        ("test", "test"),
        ("test:unit", "test"),
        ("integration-test", "test"),
        ("type-check", "typecheck"),
        ("lint:fix", "lint"),
        ("fmt-check", "lint"),
        ("format", "format"),
        ("dev", "run"),
        ("build:prod", "build"),
        ("docs", "docs"),
        ("test-cov", "coverage"),
        ("publish", "release"),
    ],
)
def test_a_name_has_a_purpose(name: str, purpose: str) -> None:
    found = purpose_of(name)
    assert found is not None
    assert found[0].key == purpose


@pytest.mark.parametrize("name", ["clean", "prepare", "pretest", "check-docs", "migrate-jsonl-to-dolt", "py311", ""])
def test_other_names_have_none(name: str) -> None:
    assert purpose_of(name) is None


def test_the_clearest_name_comes_first() -> None:
    ranks = [found[1] for name in ("build", "all", "build-web") if (found := purpose_of(name)) is not None]
    assert ranks == sorted(set(ranks))
