"""The values that parsers of manifests return, and the limits of their texts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from graphmem.deferred_dataclass import dataclass

#: Longer names and constraints are cut.
MAX_NAME_CHARS = 120
#: Longer commands are cut.
MAX_COMMAND_CHARS = 160
#: Maximum number of parts of a manifest; further parts are left out.
MAX_PARTS = 400
#: Maximum number of names of a group, triggers and jobs; the rest is left out.
MAX_NAMES = 60

_NAME = re.compile(r"@?[A-Za-z0-9_][\w@./:+~-]*")
_USER = re.compile(r"(?<=://)[^/@\s]*@")


#: How most dependencies are needed.
RUNTIME_ROLE = "runtime dependency"


@dataclass(frozen=True, slots=True)
class Dependency:
    """A package that the code needs.

    Attributes:
        ecosystem: The registry: `pypi`, `npm`, `cargo`, `go`, `maven`, `rubygems` or `composer`.
        constraint: The versions that the manifest allows, in its own words; empty if it names none.
        role: How the code needs it.
    """

    ecosystem: str
    name: str
    constraint: str = ""
    line: int = 1
    role: str = RUNTIME_ROLE


@dataclass(frozen=True, slots=True)
class DependencyGroup:
    """Packages for development or optional packages, under the name of their group.

    Attributes:
        is_optional: The packages extend the code at run time, for users who choose them.
    """

    ecosystem: str
    group: str
    names: tuple[str, ...]
    is_optional: bool = False
    line: int = 1


@dataclass(frozen=True, slots=True)
class RuntimeVersion:
    """The versions of a language or platform that the code supports.

    Attributes:
        is_development: The version is that of the developers' tools, and not a promise to users.
    """

    runtime: str
    constraint: str
    is_development: bool = False
    line: int = 1


@dataclass(frozen=True, slots=True)
class Command:
    """A command for developers.

    Attributes:
        name: Name of the target, script or session, from which the purpose is read.
        invocation: The command as it is typed.
        runs: The command line behind it, if the manifest has it on a single line.
        is_convention: The manifest does not name the command; its build tool always has it.
    """

    name: str
    invocation: str
    runs: str = ""
    is_convention: bool = False
    line: int = 1


@dataclass(frozen=True, slots=True)
class EntryPoint:
    """A command that the package installs, with the module or file that it runs."""

    name: str
    target: str
    line: int = 1


@dataclass(frozen=True, slots=True)
class ContainerService:
    """A service of a Compose file; `image` is empty if it is built from this repository."""

    name: str
    image: str
    ports: tuple[str, ...] = ()
    line: int = 1


@dataclass(frozen=True, slots=True)
class BaseImages:
    """The base images of a Dockerfile; the last is that of the result."""

    images: tuple[str, ...]
    line: int = 1


@dataclass(frozen=True, slots=True)
class Workflow:
    """A CI workflow: when it runs, in words, and its jobs."""

    name: str
    triggers: tuple[str, ...]
    jobs: tuple[str, ...]
    line: int = 1


Part = Dependency | DependencyGroup | RuntimeVersion | Command | EntryPoint | ContainerService | BaseImages | Workflow


@dataclass(frozen=True, slots=True)
class Manifest:
    """The parts of a manifest.

    Attributes:
        package: Ecosystem of the package that the manifest declares; None if it declares none.
        name: Name of this package; empty if it has none.
        requirements: Files of requirements that this package takes its dependencies from, relative to its folder.
        shared: Constraints by the names of dependencies that members of a workspace refer to.
    """

    parts: tuple[Part, ...] = ()
    package: str | None = None
    shared: tuple[tuple[str, str], ...] = ()
    name: str = ""
    requirements: tuple[str, ...] = ()


#: The constraint of a dependency or runtime version whose constraint the workspace gives.
FROM_WORKSPACE = "(workspace)"


def clipped(text: object, limit: int = MAX_NAME_CHARS) -> str:
    """A value as a line of Unicode text within a limit, without the user and password of a URL."""
    line = " ".join(str(text)[: limit * 4].split())
    shown = _USER.sub("", line.encode("utf-8", "replace").decode("utf-8"))
    printable = shown if shown.isprintable() else "".join(filter(str.isprintable, shown))
    return printable if len(printable) <= limit else printable[: limit - 1] + "…"


def is_name(text: object) -> bool:
    """True for a text that can be the name of a package, group, target or job."""
    return isinstance(text, str) and len(text) <= MAX_NAME_CHARS and _NAME.fullmatch(text) is not None


def names_of(values: Iterable[object]) -> tuple[str, ...]:
    """The values that are names, sorted, each once, within the limit."""
    return tuple(sorted({str(value) for value in values if is_name(value)}, key=str.casefold)[:MAX_NAMES])


def groups(ecosystem: str, named: Iterable[tuple[str, Iterable[object], bool, int]]) -> Iterator[DependencyGroup]:
    """The groups that have names, made from (group, names, whether it is optional, line)."""
    for group, values, is_optional, line in named:
        names = names_of(values)
        if names and is_name(group):
            yield DependencyGroup(ecosystem, group, names, is_optional, line)
