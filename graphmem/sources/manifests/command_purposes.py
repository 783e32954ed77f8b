"""The purposes of commands, recognised by the names of targets, scripts and sessions."""

from __future__ import annotations

import re
from functools import lru_cache

from graphmem.deferred_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class CommandPurpose:
    """A purpose that developers ask for.

    Attributes:
        key: Last part of the subject `command.KEY`.
        verb: The beginning of the title: `Run the tests`.
        names: Names of commands that have just this purpose, the clearest first.
        pattern: Names of commands that serve a part of it.
        is_for_folders: Folders below the root have statements of this purpose too.
    """

    key: str
    verb: str
    names: tuple[str, ...]
    pattern: re.Pattern[str]
    is_for_folders: bool = False


def _purpose(key: str, verb: str, names: str, pattern: str, *, is_for_folders: bool = False) -> CommandPurpose:
    return CommandPurpose(key, verb, tuple(names.split()), re.compile(pattern), is_for_folders)


#: In order: a name that fits several has the first.
PURPOSES = (
    _purpose(
        "coverage", "Measure the test coverage", "coverage cov test_cov test_coverage", r"^(?:test_)?cov(?:erage)?_"
    ),
    _purpose(
        "test", "Run the tests", "test tests unit unittest unit_test unit_tests pytest spec specs check_tests",
        r"^tests?_|_tests?$|^unit_", is_for_folders=True,
    ),
    _purpose(
        "typecheck", "Check the types", "typecheck type_check typechecks typing types mypy pyright tsc check_types",
        r"^type_?check|^mypy_",
    ),
    _purpose(
        "lint", "Lint the code (check its style)",
        "lint linter linters lints style flake8 ruff eslint clippy check checks vet golint pre_commit prek",
        r"^lint_|_lint$|^check_(?:style|format|fmt)|_check$", is_for_folders=True,
    ),
    _purpose("format", "Format the code", "format fmt reformat black prettier", r"^(?:format|fmt)_|_(?:format|fmt)$"),
    _purpose(
        "docs", "Build the documentation", "docs doc documentation html",
        r"^docs?_(?!check)|^serve_docs?$|^(?:build|make|generate|gen)_(?:\w+_)?docs?$",
    ),
    _purpose(
        "build", "Build the project", "build compile dist package bundle all", r"^build_|_build$", is_for_folders=True
    ),
    _purpose(
        "run", "Run the application (start or serve it)", "run start serve dev develop server runserver up preview",
        r"^(?:run|start|serve|dev)_(?!test|docs?$)", is_for_folders=True,
    ),
    _purpose(
        "install", "Install the project or its dependencies (set up)",
        "install setup init bootstrap deps develop sync env venv", r"^install_dev|^dev_install|^setup_dev",
    ),
    _purpose("benchmark", "Run the benchmarks", "bench benchmark benchmarks", r"^bench(?:mark)?s?_"),
    _purpose("migrate", "Migrate the database", "migrate migrations db_migrate migrate_up migrate_db", r"^db_migrate_"),
    _purpose("release", "Publish a release", "release publish", r"^release_|^publish_"),
)  # fmt: skip


@lru_cache(maxsize=10_000)
def purpose_of(name: str) -> tuple[CommandPurpose, int] | None:
    """The purpose of a command's name, and how clear the name is, from 0; None if it has none of the list."""
    normal = re.sub(r"[^a-z0-9]+", "_", name.casefold()).strip("_")
    for purpose in PURPOSES:
        if normal in purpose.names:
            return purpose, purpose.names.index(normal)
    for purpose in PURPOSES:
        if purpose.pattern.search(normal):
            return purpose, len(purpose.names)
    return None
