"""Texts that no author of a manifest would write: each is read, or refused as unreadable, and soon."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmem.sources.manifests.document_texts import UnreadableManifest
from graphmem.sources.manifests.manifest_paths import Parser, parser_of
from graphmem.sources.manifests.parts import MAX_PARTS, Manifest
from graphmem.sources.manifests.structure import structure_of

PATHS = (
    *("pyproject.toml", "setup.cfg", "setup.py", "requirements.txt", "tox.ini", "noxfile.py", "pytest.ini"),
    *("package.json", "pnpm-workspace.yaml", "Cargo.toml", "go.mod", "pom.xml", "build.gradle", "Gemfile", "x.gemspec"),
    *("composer.json", "Makefile", "justfile", "Dockerfile", "docker-compose.yml", ".github/workflows/a.yml"),
    *(".gitlab-ci.yml", "gradle/libs.versions.toml", ".python-version", ".nvmrc", ".ruby-version", "rust-toolchain"),
)
KEYS = (
    *("name", "project", "dependencies", "scripts", "bin", "engines", "packageManager", "require", "devDependencies"),
    *("on", "push", "schedule", "jobs", "workflow", "rules", "services", "image", "ports", "catalog", "catalogs"),
    *("tool", "poetry", "group", "extras", "package", "workspace", "target", "libraries", "versions", "php", "python"),
    *("optional-dependencies", "dependency-groups", "requires-python", "setuptools", "dynamic", "file", "build", ""),
)
values = st.recursive(
    st.none() | st.booleans() | st.integers(0, 9) | st.sampled_from(["*", "catalog:", "x>=1", ">=3", "\ud800", "v1 {"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=25,
)


def parsed(path: str, text: str) -> Manifest:
    parser: Parser | None = parser_of(path)
    assert parser is not None
    try:
        return parser(text)
    except UnreadableManifest:
        return Manifest()


@pytest.mark.parametrize("path", PATHS)
@given(text=st.text(st.sampled_from("{}[]()<>\"'=:,.$@#-/*\\ \n\tabgim1"), max_size=80))
def test_any_text_is_read_or_refused(path: str, text: str) -> None:
    structure_of({path: parsed(path, text)}, ())


@pytest.mark.parametrize("path", [path for path in PATHS if path.endswith((".json", ".yml", ".yaml"))])
@given(value=st.dictionaries(st.sampled_from(KEYS), values, max_size=5))
def test_any_types_are_read_or_refused(path: str, value: object) -> None:
    for fact in structure_of({path: parsed(path, json.dumps(value))}, ()):
        assert fact.statement().title.encode("utf-8")


def toml(value: object) -> str:
    """An inline TOML value; what TOML lacks is text."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {toml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, bool | int):
        return json.dumps(value)
    return json.dumps(str(value).encode("utf-8", "replace").decode())


@pytest.mark.parametrize("path", [path for path in PATHS if path.endswith(".toml")])
@given(value=st.dictionaries(st.sampled_from(KEYS), values, max_size=5))
def test_any_tables_are_read_or_refused(path: str, value: dict[str, object]) -> None:
    text = "\n".join(f"{json.dumps(key)} = {toml(inner)}" for key, inner in value.items())
    for fact in structure_of({path: parsed(path, text)}, ()):
        assert fact.statement().title.encode("utf-8")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "piece", ["a", "[", "{", "<a>", "/*", "'", "a:\n", "a = [", "- ", "$(", "gem 'a',", "x ", "FROM "]
)
def test_long_texts_take_no_time(path: str, piece: str) -> None:
    start = time.process_time()
    parsed(path, (piece * 50_000)[:200_000])
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    ("path", "head", "item", "tail"),
    [
        ("package.json", '{"dependencies": {', '"p%d": "1"', "}}"),
        ("package.json", '{"scripts": {', '"p%d": "1"', "}}"),
        ("Cargo.toml", "[dependencies]\n", 'p%d = "1"\n#', ""),
        ("pyproject.toml", "[project]\ndependencies = [", '"p%d"', "]"),
        ("docker-compose.yml", "services: {", "p%d: {image: x}", "}"),
    ],
)
def test_many_parts_take_no_time(path: str, head: str, item: str, tail: str) -> None:
    start = time.process_time()
    manifest = parsed(path, head + ",".join(item % number for number in range(15_000)) + tail)
    assert time.process_time() - start < 5
    assert len(manifest.parts) <= MAX_PARTS or path != "docker-compose.yml"
