"""Which files are manifests of the project."""

from __future__ import annotations

import pytest

from graphmem.sources.manifests.manifest_paths import (
    MARKERS,
    is_copied_code,
    is_manifest,
    parser_of,
    precedence,
    present,
    project_folder,
)
from graphmem.sources.manifests.parts import Command, Manifest
from graphmem.sources.manifests.python_packages import read_requirements


@pytest.mark.parametrize(
    "path",
    [
        "pyproject.toml",
        "packages/a/package.json",
        "requirements.txt",
        "requirements-dev.txt",
        "requirements/base.txt",
        "dev-requirements.txt",
        "deploy/Dockerfile.web",
        "api.Dockerfile",
        ".github/workflows/ci.yaml",
        ".gitlab-ci.yml",
        "scripts/test",
        "bin/lint.sh",
        "gradle/libs.versions.toml",
        "yarn.lock",
    ],
)
def test_manifests_are_chosen(path: str) -> None:
    assert is_manifest(path)


@pytest.mark.parametrize(
    "path",
    [
        "node_modules/a/package.json",
        "shop-integration-tests/java-21/build.gradle",
        "buildSrc/build.gradle.kts",
        "fuzz/Cargo.toml",
        "web/vendor/b/composer.json",
        "tests/data/pyproject.toml",
        "Examples/a/go.mod",
        "a/b/c/d/e/package.json",
        "sub/.github/workflows/ci.yml",
        "sub/.gitlab-ci.yml",
        "scripts/tidy_up",
        "src/test",
        "poetry.lock",
        "docs/requirements.rst",
        "package.json.bak",
    ],
)
def test_other_files_are_not(path: str) -> None:
    assert not is_manifest(path)


def test_lock_files_are_not_parsed() -> None:
    assert all(parser_of(path) is None and present(path) == Manifest() for path in MARKERS)
    assert parser_of("requirements/test.txt") is read_requirements


def test_a_script_is_a_command() -> None:
    assert present("scripts/test.sh").parts == (Command("test", "scripts/test.sh"),)


@pytest.mark.parametrize(
    ("path", "folder"),
    [
        ("requirements/dev.txt", ""),
        ("a/gradle/libs.versions.toml", "a"),
        ("scripts/test", ""),
        (".github/workflows/ci.yml", ""),
        ("a/b/package.json", "a/b"),
    ],
)
def test_a_manifest_speaks_for_a_folder(path: str, folder: str) -> None:
    assert project_folder(path) == folder


def test_packages_come_before_requirements() -> None:
    assert precedence("pyproject.toml") < precedence("a/setup.py") < precedence("requirements.txt")


def test_code_of_others_is_recognised_in_any_folder() -> None:
    assert is_copied_code("src/_vendor/x")
    assert not is_copied_code("src/tests")
