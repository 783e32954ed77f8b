"""Names of packages: their spelling for comparison in an ecosystem, and the imported names of a package."""

from __future__ import annotations

import re

from graphmem.option_keys.import_name_table import JAVA_PACKAGES, PYTHON_MODULES, PYTHON_NAMESPACES, RUBY_FILES
from graphmem.option_keys.key_types import ecosystem_of

_RUNS = re.compile(r"[-_.]+")
_JAVA_SUFFIX = re.compile(r"-(?:core|api|all|java|jvm)$")


def shown_name(ecosystem: str, name: str) -> str:
    """Return a package name as its canonical URL has it: small letters for PyPI (PEP 503) and npm."""
    if ecosystem == "pypi":
        return _RUNS.sub("-", name).lower()
    if ecosystem == "npm":
        return name.lower()
    return name


def compared_name(ecosystem: str, name: str) -> str:
    """Return a form of a package name that is equal for all spellings of the same package in its ecosystem.

    Args:
        ecosystem: A package URL type.
        name: The name; of Maven `group:artifact` or `group/artifact`.
    """
    if ecosystem == "maven":
        return name.replace(":", "/")
    if ecosystem == "cargo":
        return name.replace("_", "-").lower()
    if ecosystem == "golang":
        return name.lower()
    return shown_name(ecosystem, name)


def import_names(ecosystem: str, name: str) -> tuple[str, ...]:
    """Return the imported names of a package, by the table that ships, else by the ecosystem's rule.

    Args:
        ecosystem: A package URL type or an alias of it (`pypi`, `npm`, `golang`, `cargo`, `maven`, `gem`).
        name: The name of the package, in any spelling.

    Returns:
        Dotted or slashed names as the language writes them. It is empty for a Maven artifact whose Java packages the
        table does not have and whose name does not say them.
    """
    ecosystem = ecosystem_of(ecosystem)
    if ecosystem == "golang":
        return (name,)
    name = compared_name(ecosystem, name)
    if ecosystem == "pypi":
        return _python_modules(name)
    if ecosystem == "maven":
        return _java_packages(name)
    if ecosystem == "gem":
        return RUBY_FILES.get(name) or tuple(dict.fromkeys((name, name.replace("-", "/"))))
    return (name.replace("-", "_") if ecosystem == "cargo" else name,)


def rule_names(ecosystem: str, name: str) -> tuple[str, ...]:
    """Return the imported names that follow from the name alone, without the table."""
    name = compared_name(ecosystem, name)
    return (name.replace("-", "_"),) if ecosystem == "pypi" else import_names(ecosystem, name)


def _python_modules(name: str) -> tuple[str, ...]:
    if name in PYTHON_MODULES:
        return PYTHON_MODULES[name]
    for prefix, namespace in PYTHON_NAMESPACES.items():
        if name.startswith(prefix):
            return (f"{namespace}.{name[len(prefix) :].replace('-', '.')}",)
    return (name.replace("-", "_"),)


def _java_packages(name: str) -> tuple[str, ...]:
    if name in JAVA_PACKAGES:
        return JAVA_PACKAGES[name]
    group, _, artifact = name.partition("/")
    if group in JAVA_PACKAGES:
        return JAVA_PACKAGES[group]
    last = group.rpartition(".")[2]
    return (group,) if "." in group and last in {artifact, _JAVA_SUFFIX.sub("", artifact)} else ()
