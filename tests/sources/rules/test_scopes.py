"""The files to which the rules of a file apply."""

from __future__ import annotations

import pytest

from graphmem.sources.memories.notes import front_matter
from graphmem.sources.rules.scopes import MAX_GLOBS, scope_of, with_quoted_globs


def scope(head: str, folder: str = "") -> tuple[str, ...]:
    fields, refused, _, _ = front_matter(with_quoted_globs(f"---\n{head}\n---\n- Be kind to readers\n"))
    assert refused is None
    return scope_of(folder, fields)


@pytest.mark.parametrize(
    ("head", "globs"),
    [
        ("globs: src/**/*.py", ("src/**/*.py",)),
        ("globs: *.ts,*.tsx", ("**/*.ts", "**/*.tsx")),
        ("globs: **/*.{ts,tsx}, docs/*.md", ("**/*.ts", "**/*.tsx", "docs/*.md")),
        ('applyTo: "src/api/**"', ("src/api/**",)),
        ("paths:\n  - src/a/**\n  - *.go", ("src/a/**", "**/*.go")),
        ("globs: ./src/**", ("src/**",)),
        ("globs: ../other/**, src/**", ("src/**",)),
    ],
)
def test_globs_of_the_front_matter_are_the_scope(head: str, globs: tuple[str, ...]) -> None:
    assert scope(head) == globs


@pytest.mark.parametrize("head", ["title: x", "globs:", 'applyTo: "**"', "globs: *", "alwaysApply: true\nglobs: *.py"])
def test_without_limits_rules_apply_to_the_whole_folder(head: str) -> None:
    assert scope(head) == ()
    assert scope(head, "docs/") == ("docs/**",)


def test_globs_of_a_nested_file_are_relative_to_its_folder() -> None:
    assert scope("globs: *.md, guide/**", "docs/") == ("docs/**/*.md", "docs/guide/**")


def test_braces_do_not_multiply_without_end() -> None:
    assert len(scope("globs: 'src/" + "{a,b,c,d}" * 30 + "'")) <= MAX_GLOBS
    assert scope("globs: 'src/" + "{a,b,c,d}" * 100 + "'") == ()


def test_only_front_matter_gets_quotes() -> None:
    text = "---\nglobs: *.py\n---\n- *.py is a glob\n"
    assert with_quoted_globs(text) == "---\nglobs: '*.py'\n---\n- *.py is a glob\n"
    assert with_quoted_globs("- *.py is a glob\n") == "- *.py is a glob\n"
