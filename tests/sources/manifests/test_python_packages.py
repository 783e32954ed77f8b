"""What Python packages declare."""

from __future__ import annotations

import pytest

from graphmem.sources.manifests.document_texts import UnreadableManifest
from graphmem.sources.manifests.parts import Dependency, DependencyGroup, EntryPoint, Manifest, RuntimeVersion
from graphmem.sources.manifests.python_packages import (
    dependency_of,
    read_pyproject,
    read_python_version,
    read_requirements,
    read_setup_cfg,
    read_setup_py,
)

PYPROJECT = """
[project]
name = "shop"
requires-python = ">=3.11"
dependencies = ["psycopg[binary] >= 3.1, <4", "tomli; python_version < '3.11'", "tool @ https://u:p@example.org/t.whl"]

[project.optional-dependencies]
docs = ["Sphinx>=7"]

[project.scripts]
shop = "shop.cli:main"

[dependency-groups]
test = ["pytest==8.1.0", {include-group = "docs"}]

[tool.pytest.ini_options]
addopts = "-q"
"""


def names(manifest: Manifest) -> dict[str, str]:
    return {part.name: part.constraint for part in manifest.parts if isinstance(part, Dependency)}


def groups(manifest: Manifest) -> dict[str, tuple[str, ...]]:
    return {part.group: part.names for part in manifest.parts if isinstance(part, DependencyGroup)}


def test_a_pyproject_has_dependencies_groups_versions_and_entry_points() -> None:
    manifest = read_pyproject(PYPROJECT)
    assert manifest.package == "pypi"
    assert names(manifest)["psycopg"] == ">=3.1,<4"
    assert names(manifest)["tomli"] == "; python_version < '3.11'".strip("; ")
    assert "u:p" not in str(manifest)
    assert groups(manifest) == {"docs": ("sphinx",), "test": ("pytest",)}
    assert RuntimeVersion("python", ">=3.11", line=4) in manifest.parts
    assert EntryPoint("shop", "shop.cli:main", 2) not in manifest.parts
    assert [part.target for part in manifest.parts if isinstance(part, EntryPoint)] == ["shop.cli:main"]


def test_poetry_has_its_own_tables() -> None:
    manifest = read_pyproject(
        """
[tool.poetry.dependencies]
python = "^3.9"
httpx = "^0.27"
redis = {version = "^5", optional = true}
mine = {git = "https://example.org/mine.git"}
[tool.poetry.extras]
cache = ["redis"]
[tool.poetry.group.dev.dependencies]
pytest = "^8"
"""
    )
    assert names(manifest) == {"httpx": "^0.27", "mine": "from https://example.org/mine.git"}
    assert groups(manifest) == {"cache": ("redis",), "dev": ("pytest",)}
    assert [part.constraint for part in manifest.parts if isinstance(part, RuntimeVersion)] == ["^3.9"]


def test_a_setup_cfg_has_options() -> None:
    manifest = read_setup_cfg(
        "[metadata]\nname = shop\n[options]\npython_requires = >=3.8\ninstall_requires =\n  requests>=2\n  idna\n"
        "[options.extras_require]\ntest = pytest; nose\n[options.entry_points]\nconsole_scripts =\n  shop = shop:main\n"
    )
    assert names(manifest) == {"requests": ">=2", "idna": ""}
    assert groups(manifest)["test"] == ("pytest",)
    assert [part.name for part in manifest.parts if isinstance(part, EntryPoint)] == ["shop"]


def test_a_setup_py_is_parsed_and_not_run() -> None:
    manifest = read_setup_py(
        "import os\nrequires = ['idna>=2.5', 'certifi']\nraise SystemExit\n"
        "setup(name='x', install_requires=requires, python_requires='>=3.7', version=os.getcwd(),\n"
        "      extras_require={'socks': ['PySocks']}, entry_points={'console_scripts': ['x = x:main']})\n"
    )
    assert names(manifest) == {"idna": ">=2.5", "certifi": ""}
    assert groups(manifest) == {"socks": ("pysocks",)}
    assert manifest.package == "pypi"


def test_a_setup_py_of_python_2_is_unreadable_with_its_line() -> None:
    with pytest.raises(UnreadableManifest) as caught:
        read_setup_py("import os\nprint 'x'\n")
    assert caught.value.line == 2


def test_requirements_are_dependencies_and_a_lock_file_has_none() -> None:
    assert names(read_requirements("# tools\n-r base.txt\nredis>=5 # cache\n-e .\nhttps://x.org/a.whl\n")) == {
        "redis": ">=5"
    }
    assert not read_requirements("redis==5.0 \\\n    --hash=sha256:aa\n").parts


@pytest.mark.parametrize(
    ("requirement", "name", "constraint"),
    [
        ("A.B_c (>=1.0)", "a-b-c", ">=1.0"),
        ("x[y]~=1 ; sys_platform == 'win32'", "x", "~=1; sys_platform == 'win32'"),
        ("x == 1.* , != 1.3", "x", "==1.*,!=1.3"),
    ],
)
def test_a_requirement_has_a_name_and_a_constraint(requirement: str, name: str, constraint: str) -> None:
    dependency = dependency_of(requirement)
    assert dependency is not None
    assert (dependency.name, dependency.constraint) == (name, constraint)


@pytest.mark.parametrize("other", ["", "-e .", "git+https://x.org/a.git", "./local", 3, "https://x.org/a.whl"])
def test_what_names_no_package_is_no_dependency(other: object) -> None:
    assert dependency_of(other) is None


def test_a_python_version_is_that_of_developers() -> None:
    assert read_python_version("3.12\n3.11\n").parts == (RuntimeVersion("python", "3.12 or 3.11", is_development=True),)
    assert not read_python_version("$(rm -rf /)").parts


def test_dynamic_dependencies_are_found() -> None:
    hook = '[tool.hatch.metadata.hooks.uv-dynamic-versioning]\ndependencies = ["anyio>=4"]\n'
    assert names(read_pyproject(f'[project]\nname = "x"\n{hook}')) == {"anyio": ">=4"}
    files = '[tool.setuptools.dynamic]\ndependencies = {file = ["requirements.txt"]}\n'
    assert read_pyproject(f'[project]\nname = "x"\n{files}').requirements == ("requirements.txt",)
