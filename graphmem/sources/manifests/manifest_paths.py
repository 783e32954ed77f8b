"""The files of a repository that are manifests, and the parser of each."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from functools import lru_cache

from graphmem.sources.manifests.command_files import read_justfile, read_makefile
from graphmem.sources.manifests.command_purposes import purpose_of
from graphmem.sources.manifests.container_files import read_compose, read_dockerfile
from graphmem.sources.manifests.go_modules import read_go_mod
from graphmem.sources.manifests.gradle_builds import read_gradle, read_version_catalogue
from graphmem.sources.manifests.javascript_packages import read_nvmrc, read_package_json, read_pnpm_workspace
from graphmem.sources.manifests.maven_builds import read_pom
from graphmem.sources.manifests.parts import Command, Manifest
from graphmem.sources.manifests.python_commands import read_nox, read_pytest_ini, read_tox
from graphmem.sources.manifests.python_packages import (
    read_pyproject,
    read_python_version,
    read_requirements,
    read_setup_cfg,
    read_setup_py,
)
from graphmem.sources.manifests.ruby_and_php_packages import (
    read_composer,
    read_gemfile,
    read_gemspec,
    read_ruby_version,
)
from graphmem.sources.manifests.rust_packages import read_cargo, read_rust_toolchain
from graphmem.sources.manifests.workflow_files import read_github_workflow, read_gitlab_ci

#: Reads the text of a manifest; raises `UnreadableManifest` if it has not the format of its name.
Parser = Callable[[str], Manifest]

#: Parsers by file name. If several files of a folder declare the same, the first in this order counts.
PARSERS: dict[str, Parser] = {
    "pyproject.toml": read_pyproject,
    "setup.cfg": read_setup_cfg,
    "setup.py": read_setup_py,
    "Cargo.toml": read_cargo,
    "go.mod": read_go_mod,
    "pom.xml": read_pom,
    "build.gradle.kts": read_gradle,
    "build.gradle": read_gradle,
    "libs.versions.toml": read_version_catalogue,
    "Gemfile": read_gemfile,
    "composer.json": read_composer,
    "Makefile": read_makefile,
    "GNUmakefile": read_makefile,
    "makefile": read_makefile,
    "justfile": read_justfile,
    "Justfile": read_justfile,
    ".justfile": read_justfile,
    "package.json": read_package_json,
    "pnpm-workspace.yaml": read_pnpm_workspace,
    "noxfile.py": read_nox,
    "tox.ini": read_tox,
    "pytest.ini": read_pytest_ini,
    ".python-version": read_python_version,
    ".nvmrc": read_nvmrc,
    ".node-version": read_nvmrc,
    ".ruby-version": read_ruby_version,
    "rust-toolchain.toml": read_rust_toolchain,
    "rust-toolchain": read_rust_toolchain,
    "compose.yaml": read_compose,
    "compose.yml": read_compose,
    "docker-compose.yml": read_compose,
    "docker-compose.yaml": read_compose,
    ".gitlab-ci.yml": read_gitlab_ci,
}
#: Files whose presence alone counts: they name the package manager, or the wrapper that starts the build.
MARKERS = frozenset(
    {"pnpm-lock.yaml", "yarn.lock", "bun.lock", "bun.lockb", "mvnw", "gradlew"},
)
#: Manifests deeper than this belong to no part that has a name of its own.
MAX_DEPTH = 4
_CACHED = 10_000

_COPIED_CODE = frozenset(
    {
        *("node_modules", "vendor", "vendored", "_vendor", "third_party", "third-party", "thirdparty", "3rdparty"),
        *(
            "gradle",
            "build-logic",
            "external",
            "extern",
            "deps",
            "bower_components",
            "site-packages",
            ".venv",
            "venv",
            "env",
            "godeps",
        ),
    }
)
#: Parts of a folder's name, as in `integration-tests`, that make its manifests those of tests, examples or builds.
_EXAMPLES = frozenset(
    {
        *("test", "tests", "testing", "testdata", "fixture", "fixtures", "spec", "specs", "e2e", "mock", "mocks"),
        *("example", "examples", "sample", "samples", "demo", "demos", "playground", "playgrounds", "sandbox"),
        *("template", "templates", "boilerplate", "cookbook", "tutorial", "tutorials", "snippets", "archive"),
        *("dist", "target", "fuzz", "benchmark", "benchmarks", "bench", "buildsrc"),
    }
)
_SEPARATORS = re.compile(r"[-_.]+")
_REQUIREMENTS = re.compile(r"(?:^|/)(?:[\w-]*requirements[\w.-]*|requirements/[\w.-]+)\.txt$")
_DOCKERFILE = re.compile(r"^(?:Dockerfile(?:\.[\w.-]+)?|[\w-]+\.Dockerfile)$")
_WORKFLOW = re.compile(r"^\.github/workflows/[^/]+\.ya?ml$")
_GEMSPEC = ".gemspec"
_SCRIPT = re.compile(r"^(?:scripts?|bin)/(?P<name>[\w-]+)(?:\.sh)?$")


@lru_cache(maxsize=_CACHED)
def is_foreign_folder(folder: str) -> bool:
    """True for a folder with copied code, tests, examples or output: its manifests say nothing of this project."""
    parts = [part.casefold() for part in folder.split("/") if part]
    return any(part in _COPIED_CODE or not _EXAMPLES.isdisjoint(_SEPARATORS.split(part)) for part in parts)


def is_copied_code(folder: str) -> bool:
    """True for a folder with copied code."""
    return any(part.casefold() in _COPIED_CODE for part in folder.split("/"))


@lru_cache(maxsize=_CACHED)
def is_manifest(path: str) -> bool:
    """True if a path, relative to the root, is that of a manifest of this project."""
    folder, name = posixpath.split(path)
    if posixpath.basename(folder) == "gradle" and name == "libs.versions.toml":
        folder = posixpath.dirname(folder)
    if _WORKFLOW.match(path) or (name == ".gitlab-ci.yml" and not folder):
        return True
    is_manifest_name = name in PARSERS or name in MARKERS or name.endswith(_GEMSPEC)
    is_manifest_name = is_manifest_name or _DOCKERFILE.match(name) is not None or _REQUIREMENTS.search(path) is not None
    if not (is_manifest_name or script_name(path)) or name == ".gitlab-ci.yml":
        return False
    return folder.count("/") < MAX_DEPTH and not is_foreign_folder(folder)


def parser_of(path: str) -> Parser | None:
    """The parser of a manifest; None if its presence alone counts."""
    name = posixpath.basename(path)
    if _WORKFLOW.match(path):
        return read_github_workflow
    if name in PARSERS:
        return PARSERS[name]
    if _DOCKERFILE.match(name):
        return read_dockerfile
    if name.endswith(_GEMSPEC):
        return read_gemspec
    return read_requirements if _REQUIREMENTS.search(path) else None


def script_name(path: str) -> str:
    """The name of a script of developers (`test` for `scripts/test`); empty for other files."""
    match = _SCRIPT.match(path)
    return match["name"] if match is not None and purpose_of(match["name"]) is not None else ""


@lru_cache(maxsize=_CACHED)
def present(path: str) -> Manifest:
    """The parts of a file whose presence alone counts."""
    name = script_name(path)
    return Manifest((Command(name, path),)) if name else Manifest()


@lru_cache(maxsize=_CACHED)
def precedence(path: str) -> int:
    """Rank of a file in its folder: if several files declare the same, the lowest rank counts."""
    name = posixpath.basename(path)
    if script_name(path):
        return list(PARSERS).index("package.json")
    if name.endswith(_GEMSPEC):
        return list(PARSERS).index("Gemfile")
    return list(PARSERS).index(name) if name in PARSERS else len(PARSERS)


@lru_cache(maxsize=_CACHED)
def project_folder(path: str) -> str:
    """The folder that a manifest speaks for: `requirements/` and `gradle/` speak for their parent."""
    folder = posixpath.dirname(path)
    if posixpath.basename(folder) in {"requirements", "gradle"} or script_name(path):
        return posixpath.dirname(folder)
    return "" if folder.startswith(".github") else folder
