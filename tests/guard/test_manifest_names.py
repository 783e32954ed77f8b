"""Dependencies of manifests, in whole files and in parts."""

from __future__ import annotations

import pytest

from graphmem.guard.manifest_names import reader_of

PYPROJECT = """\
[project]
name = "x"
keywords = ["words"]
dependencies = [
  "pytz>=2020", # "no"
  "requests[socks]; python_version < '3.9'",
]
[dependency-groups]
lint = ["ruff", {include-group = "dev"}]
[tool.poetry.dependencies]
python = "^3.9"
arrow = "^1"
[tool.ruff.lint.flake8-tidy-imports.banned-api]
"moment".msg = "no"
"""
REQUIREMENTS = "pytz==1  # why\n# foo\n-r other.txt\nrequests[a]>=2 \\\n  --hash=sha256:abc\nx @ https://h/y.zip\n"
SETUP = (
    "[metadata]\nname = x\n[options]\ninstall_requires =\n  pytz\n  six>=1\n[options.extras_require]\ndev = pytest\n"
)
PACKAGE = """\
{
  "name": "x",
  "scripts": {
    "lodash": "1"
  },
  "devDependencies": {
    "lodash": "^4",
    "@a/b": "workspace:*"
  }
}
"""
GO_MOD = """\
module x
require (
\tgithub.com/pkg/errors v0.9.1
\ta.b/c v1.0.0 // indirect
)
require d.e/f v2.0.0
replace g.h/i v1.0.0 => ../i
"""
CARGO = """\
[package]
version = "1"
[dependencies]
serde = "1"
a = { package = "real", version = "1" }
[target."cfg(unix)".dependencies]
nix = "1"
[dev-dependencies.tokio]
version = "1"
"""
POM = """\
<project><groupId>me</groupId><artifactId>x</artifactId><dependencies>
<dependency>
<groupId>junit</groupId>
<artifactId>junit</artifactId>
<exclusions><exclusion><groupId>a</groupId><artifactId>b</artifactId></exclusion></exclusions>
</dependency>
<!-- <dependency><groupId>c</groupId><artifactId>d</artifactId></dependency> -->
</dependencies></project>
"""
GRADLE = """\
dependencies {
  implementation 'a.b:c:1'
  testImplementation(platform("d:e:1"))
  compile group: 'f', name: 'g', version: '1'
  // implementation 'x:y:1'
}
"""
CATALOGUE = """\
[versions]
a = "1"
[libraries]
x = { module = "a.b:c", version.ref = "a" }
y = { group = "d", name = "e" }
z = "f:g:1"
"""
GEMFILE = "source 'x'\ngem 'rails', '~> 7'\n# gem 'no'\ngem(\"pg\")\n"


@pytest.mark.parametrize(
    ("path", "text", "found"),
    [
        ("pyproject.toml", PYPROJECT, [("pytz", 4), ("requests", 5), ("ruff", 8), ("arrow", 11)]),
        ("requirements-dev.txt", REQUIREMENTS, [("pytz", 0), ("requests", 3), ("x", 5)]),
        ("requirements/base.in", "pytz\n", [("pytz", 0)]),
        ("setup.cfg", SETUP, [("pytz", 4), ("six", 5), ("pytest", 7)]),
        ("web/package.json", PACKAGE, [("lodash", 6), ("@a/b", 7)]),
        ("go.mod", GO_MOD, [("github.com/pkg/errors", 2), ("d.e/f", 5)]),
        ("Cargo.toml", CARGO, [("serde", 3), ("real", 4), ("nix", 6), ("tokio", 7)]),
        ("pom.xml", POM, [("junit:junit", 3)]),
        ("build.gradle", GRADLE, [("a.b:c", 1), ("d:e", 2), ("f:g", 3)]),
        ("gradle/libs.versions.toml", CATALOGUE, [("a.b:c", 3), ("d:e", 4), ("f:g", 5)]),
        ("Gemfile", GEMFILE, [("rails", 1), ("pg", 3)]),
    ],
)
def test_dependencies_are_found_with_their_lines(path: str, text: str, found: list[tuple[str, int]]) -> None:
    reader = reader_of(path)
    assert reader is not None
    assert [(one.name, one.line) for one in reader(text, is_part=False)] == found


@pytest.mark.parametrize(
    ("path", "text", "found"),
    [
        ("pyproject.toml", '  "pytz>=2020",\n  "attrs",\n]\n', ["pytz", "attrs"]),
        ("pyproject.toml", 'line-length = 120\nselect = ["ALL"]\n', []),
        ("package.json", '    "lodash": "^4.17.0",\n', ["lodash"]),
        ("package.json", '    "build": "tsc -p .",\n    "version": "1.0.0",\n', []),
        ("go.mod", "\tgithub.com/pkg/errors v0.9.1\n", ["github.com/pkg/errors"]),
        ("Cargo.toml", 'serde = "1"\nedition = "2021"\nname = "x"\n', ["serde"]),
        ("pom.xml", "<groupId>junit</groupId>\n<artifactId>junit</artifactId>\n", ["junit:junit"]),
    ],
)
def test_a_part_of_a_manifest_is_read_too(path: str, text: str, found: list[str]) -> None:
    reader = reader_of(path)
    assert reader is not None
    assert [one.name for one in reader(text, is_part=True)] == found


@pytest.mark.parametrize("path", ["uv.lock", "notes.txt", "x.py", "package-lock.json"])
def test_other_files_are_no_manifests(path: str) -> None:
    assert reader_of(path) is None
