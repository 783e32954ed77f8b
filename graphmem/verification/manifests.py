"""Files that define tasks and declare dependencies, and the lines at which they name them."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache

_MAKE, _NPM, _JUST, _TOX = "make", "npm run", "just", "tox -e"
_MAKE_NAMES = frozenset({"Makefile", "makefile", "GNUmakefile"})
_JUST_NAMES = frozenset({"justfile", "Justfile", ".justfile"})
_TOX_NAMES = frozenset({"tox.ini", "tox.toml", "setup.cfg", "pyproject.toml"})
_DEPENDENCY_NAMES = frozenset(
    {
        *("pyproject.toml", "setup.cfg", "setup.py", "Pipfile", "environment.yml", "package.json", "Cargo.toml"),
        *("go.mod", "Gemfile", "composer.json", "pom.xml", "build.gradle", "build.gradle.kts", "libs.versions.toml"),
        *("Directory.Packages.props", "mix.exs", "pubspec.yaml", "Package.swift", "build.zig.zon"),
    }
)
_DEPENDENCY_SUFFIXES = (".csproj", ".fsproj", ".gemspec")
_MAKE_SUFFIXES, _JUST_SUFFIX = (".mk", ".mak"), ".just"
_NAMES = _MAKE_NAMES | _JUST_NAMES | _TOX_NAMES | _DEPENDENCY_NAMES
_SUFFIXES = (*_DEPENDENCY_SUFFIXES, *_MAKE_SUFFIXES, _JUST_SUFFIX)
_REQUIREMENTS = re.compile(r"requirements[\w.-]*\.(?:txt|in)")
_VENDORED = re.compile(r"(?:^|/)(?:node_modules|vendor|third_party|testdata|fixtures?)/")
_MAKE_RULE = re.compile(r"^(?!\t)([^#=:\n]+?)\s*&?::?(?![=:])")
_JUST_RECIPE = re.compile(r"^(?:@?([A-Za-z_][\w-]*)(?:\s[^:\n]*)?:(?!=)|alias\s+([A-Za-z_][\w-]*)\s*:=)")
_TOX_SECTION = re.compile(r"^\[(?:tool:)?testenv:([^\]]+)\]|^\[(?:tool\.tox\.)?env\.\"?([^\]\"]+)\"?\]")
_TOX_LIST = re.compile(r"^\s*env_?list\s*=")
_IMPLICIT_TOX = re.compile(r"(?:py|pypy)\d*|ALL")
_BRACES = re.compile(r"\{([^{}]*)\}")

#: Line number, from 1, of each task that a file defines.
Definitions = Mapping[str, int]


def is_manifest(path: str) -> bool:
    """Return True if a file may define tasks or declare dependencies, and is no copy of another project's."""
    name = path.rpartition("/")[2]
    is_manifest_name = name in _NAMES or name.endswith(_SUFFIXES) or _REQUIREMENTS.fullmatch(name) is not None
    return is_manifest_name and not _VENDORED.search(path)


def manifest_test(command: str | None) -> Callable[[str], bool]:
    """The test, by file name, for files that may define a command; for None, those that may declare dependencies."""
    if command is None:
        return _declares_dependencies
    return _TASK_FILES[_program(command)]


def defines(path: str, text: str, command: str) -> int | None:
    """The line at which a file defines a command, for example `make test`; None if it does not."""
    program = _program(command)
    name = command.removeprefix(f"{program} ")
    if program == _TOX and _IMPLICIT_TOX.fullmatch(name):
        return 1
    definitions = _definitions(program, posixpath.basename(path), text)
    if name in definitions:
        return definitions[name]
    patterns = (pattern for pattern in definitions if "%" in pattern)
    return next((definitions[pattern] for pattern in patterns if _matches(pattern, name)), None)


def declares(text: str, name: str) -> int | None:
    """The line at which a file names a dependency; None if it does not. `-`, `_` and `.` are the same."""
    words = "[-_.]+".join(map(re.escape, re.split(r"[-_.]+", name.casefold())))
    match = re.search(rf"(?<![\w/.-]){words}(?![\w.-]|/(?!v\d))", text.casefold())
    return text.count("\n", 0, match.start()) + 1 if match else None


def _program(command: str) -> str:
    return next(program for program in (_MAKE, _NPM, _JUST, _TOX) if command.startswith(f"{program} "))


def _declares_dependencies(name: str) -> bool:
    is_listed = name in _DEPENDENCY_NAMES or name.endswith(_DEPENDENCY_SUFFIXES)
    return is_listed or _REQUIREMENTS.fullmatch(name) is not None


_TASK_FILES: Mapping[str, Callable[[str], bool]] = {
    _MAKE: lambda name: name in _MAKE_NAMES or name.endswith(_MAKE_SUFFIXES),
    _NPM: lambda name: name == "package.json",
    _JUST: lambda name: name in _JUST_NAMES or name.endswith(_JUST_SUFFIX),
    _TOX: lambda name: name in _TOX_NAMES,
}


@lru_cache(maxsize=1_000)
def _definitions(program: str, name: str, text: str) -> Definitions:
    lines: dict[str, int] = {}
    for task, line in _READERS[program](name, text):
        lines.setdefault(task, line)
    return lines


def _make_rules(_name: str, text: str) -> Iterator[tuple[str, int]]:
    for number, line in enumerate(text.splitlines(), start=1):
        match = _MAKE_RULE.match(line)
        if match:
            yield from ((target, number) for target in match[1].split())


def _scripts(_name: str, text: str) -> Iterator[tuple[str, int]]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return
    scripts = content.get("scripts") if isinstance(content, dict) else None
    for task in scripts if isinstance(scripts, dict) else ():
        at = text.find(json.dumps(task, ensure_ascii=False))
        yield task, text.count("\n", 0, max(at, 0)) + 1


def _recipes(_name: str, text: str) -> Iterator[tuple[str, int]]:
    for number, line in enumerate(text.splitlines(), start=1):
        match = _JUST_RECIPE.match(line)
        if match:
            yield match[1] or match[2], number


def _environments(_name: str, text: str) -> Iterator[tuple[str, int]]:
    lines = text.splitlines()
    for number, line in enumerate(lines, start=1):
        if match := _TOX_SECTION.match(line):
            yield from ((name, number) for name in _expanded((match[1] or match[2]).replace("\n", " ")))
        elif _TOX_LIST.match(line):
            yield from ((name, number) for name in _expanded(_value(lines, number - 1)))


def _value(lines: list[str], start: int) -> str:
    """The value of a setting with the indented lines that continue it."""
    parts = [lines[start].partition("=")[2]]
    for line in lines[start + 1 :]:
        if not line.startswith((" ", "\t", "]")):
            break
        parts.append(line)
    return ",".join(parts)


def _expanded(text: str) -> Iterator[str]:
    """The names of a list with alternatives in braces: `py{310,311}-lint` is two names."""
    listed = _BRACES.sub(lambda match: "{" + match[1].replace(",", "\0") + "}", text)
    for name in re.split(r"[,\s\[\]\"']+", listed):
        names = [name.replace("\0", ",")]
        while any(_BRACES.search(each) for each in names) and len(names) < 1_000:  # noqa: PLR2004 - far more than a project has
            names = [each for word in names for each in _alternatives(word)]
        yield from filter(None, names)


def _alternatives(name: str) -> list[str]:
    match = _BRACES.search(name)
    if match is None:
        return [name]
    return [f"{name[: match.start()]}{option.strip()}{name[match.end() :]}" for option in match[1].split(",")]


_READERS: Mapping[str, Callable[[str, str], Iterator[tuple[str, int]]]] = {
    _MAKE: _make_rules,
    _NPM: _scripts,
    _JUST: _recipes,
    _TOX: _environments,
}


def _matches(pattern: str, name: str) -> bool:
    """Return True if a pattern of make, with a single `%`, has a name."""
    start, _, end = pattern.partition("%")
    return bool(start or end) and len(name) >= len(start) + len(end) and name.startswith(start) and name.endswith(end)
