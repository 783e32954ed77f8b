"""Dependencies and Java versions of Gradle builds, as far as they are written out; nothing is evaluated."""

from __future__ import annotations

import re
from collections.abc import Iterator

from graphmem.deferred_dataclass import dataclass
from graphmem.sources.manifests.document_texts import UnreadableManifest, line_of, table_at, text_at, toml_of
from graphmem.sources.manifests.maven_builds import ECOSYSTEM
from graphmem.sources.manifests.parts import (
    FROM_WORKSPACE,
    RUNTIME_ROLE,
    Command,
    Dependency,
    Manifest,
    Part,
    RuntimeVersion,
    clipped,
    groups,
    is_name,
)

#: How names of the version catalogue begin.
ALIAS = "libs."

_TOKEN = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|//[^\n]*|/\*|[{}\n]")
_HEAD = re.compile(r"\s*([\w.]*)")
_RUNTIME = r"implementation|api|compile|runtimeOnly|runtime|compileOnly|compileOnlyApi"
_ROLES = {"compileOnly": "dependency at compile time", "compileOnlyApi": "dependency at compile time"}
_CONFIGURATION = re.compile(rf"\s*(?P<of>{_RUNTIME}|test\w*)\b[\s(]+(?P<rest>.{{1,300}})$")
_QUOTED = re.compile(r"(?P<q>[\"'])(?P<text>[\w.$\{\}-]+:[\w.$\{\}-]+(?::[^\"'@:\s]*)?)(?:[:@][^\"']*)?(?P=q)")
_NAMED = re.compile(r"(?P<key>group|name|version)\s*[:=]\s*[\"'](?P<value>[^\"']*)[\"']")
_CATALOGUE = re.compile(r"libs\.(?P<alias>(?!bundles\b)[\w.]+?)(?:\.get\(\))?\)?\s*$")
_VERSION = r"[\s.=(]*(?:set\()?[\s(]*(?:JavaVersion\.VERSION_|JavaLanguageVersion\.of\()?[\"']?(?P<version>\d[\d._]*)"
_COMPATIBLE = re.compile(rf"\s*(?:java\.)?(?:target|source)Compatibility{_VERSION}")
_RELEASE = re.compile(rf"\s*(?:options\.)?release{_VERSION}")
_TOOLCHAIN = re.compile(rf"\s*(?:java\.toolchain\.|toolchain\.)?languageVersion{_VERSION}")
#: Blocks of all compiling tasks, or of the main compiling task.
_COMPILING = frozenset(
    {"tasks", "withType", "tasks.withType", "compileJava", "tasks.compileJava", "options", "allprojects", "subprojects"}
)
_MAX_DEPTH = 50
#: Blocks whose content applies to the whole build.
_OUTER = frozenset({"allprojects", "subprojects", "android", "java", "compileOptions", "toolchain", "kotlin"})


@dataclass(frozen=True, slots=True)
class _BuildSegment:
    """A piece of a build file without a brace or a line break: its text, its line, and the blocks around it."""

    text: str
    line: int
    blocks: tuple[str, ...]


def read_gradle(text: str) -> Manifest:
    """The dependencies in the outermost block of a `build.gradle` or `build.gradle.kts`, and its Java versions."""
    parts: list[Part] = []
    tests: list[object] = []
    segments = list(_segments(text))
    for segment in segments:
        configured = _CONFIGURATION.match(segment.text) if _is_of_build(segment.blocks, "dependencies") else None
        named = _coordinates(configured["rest"]) if configured is not None else None
        if configured is None or named is None or not is_name(named[0]):
            continue
        if configured["of"].startswith("test"):
            tests.append(named[0])
        else:
            role = _ROLES.get(configured["of"], RUNTIME_ROLE)
            parts.append(Dependency(ECOSYSTEM, named[0], clipped(named[1]), segment.line, role))
    parts += groups(ECOSYSTEM, [("test", tests, False, line_of(text, "testImplementation"))])
    parts += _java(segments)
    parts += [Command(name, f"./gradlew {name}", is_convention=True) for name in ("test", "build")]
    return Manifest(tuple(parts), ECOSYSTEM)


def _segments(text: str) -> Iterator[_BuildSegment]:
    """The pieces of a build file; comments are left out, and braces in strings are text."""
    blocks: list[str] = []
    start = position = 0
    line, piece = 1, ""
    while (token := _TOKEN.search(text, position)) is not None:
        position = token.end()
        if token[0] == "/*" or token[0].startswith("//"):
            piece += text[start : token.start()]
            end = text.find("*/", position) if token[0] == "/*" else position - 2
            position = start = len(text) if end < 0 else end + 2
            line += text.count("\n", token.start(), position)
        elif token[0] in "{}\n":
            piece += text[start : token.start()]
            yield _BuildSegment(piece, line, tuple(blocks))
            if token[0] == "{":
                head = _HEAD.match(piece)
                blocks.append(head[1] if head is not None else "")
                if len(blocks) > _MAX_DEPTH:
                    raise UnreadableManifest(f"blocks nested over {_MAX_DEPTH} deep", line)
            elif token[0] == "}" and blocks:
                blocks.pop()
            line += token[0] == "\n"
            start, piece = position, ""
    yield _BuildSegment(piece + text[start:], line, tuple(blocks))


def _is_of_build(blocks: tuple[str, ...], innermost: str = "") -> bool:
    """True for blocks of the whole build that end in `innermost`; nested blocks are of test suites, sets and tasks."""
    outer = blocks[:-1] if innermost else blocks
    return (not innermost or blocks[-1:] == (innermost,)) and _OUTER.issuperset(outer)


def _java(segments: list[_BuildSegment]) -> Iterator[RuntimeVersion]:
    """The version that the compiled code needs, and that of the toolchain that compiles it."""
    own = [segment for segment in segments if _is_of_build(segment.blocks)]
    # A release is an option of the tasks that compile.
    released = [segment for segment in segments if _COMPILING.issuperset(segment.blocks)]
    for listed, pattern, is_development in (
        ((*released, *own), _RELEASE, False),
        (own, _COMPATIBLE, False),
        (own, _TOOLCHAIN, True),
    ):
        declared = next(((segment, match) for segment in listed if (match := pattern.match(segment.text))), None)
        if declared is not None:
            version = declared[1]["version"].replace("_", ".").strip(".").removeprefix("1.")
            yield RuntimeVersion(
                "java", version if is_development else f">={version}", is_development, declared[0].line
            )


def _coordinates(rest: str) -> tuple[str, str] | None:
    """(group:name, version) of a dependency; a name of the version catalogue has the version of the catalogue."""
    if quoted := _QUOTED.search(rest):
        group, name, *version = quoted["text"].split(":")
        return f"{group}:{name}", version[0] if version and "$" not in version[0] else ""
    if catalogue := _CATALOGUE.match(rest):
        return f"{ALIAS}{catalogue['alias']}", FROM_WORKSPACE
    keys = {match["key"]: match["value"] for match in _NAMED.finditer(rest)}
    return (f"{keys['group']}:{keys['name']}", keys.get("version", "")) if {"group", "name"} <= keys.keys() else None


def read_version_catalogue(text: str) -> Manifest:
    """The versions that `gradle/libs.versions.toml` gives to its names."""
    tables = toml_of(text)
    versions = table_at(tables, "versions")
    shared = []
    for alias, value in table_at(tables, "libraries").items():
        table = table_at(value)
        words = value.split(":") if isinstance(value, str) else []
        name = text_at(table, "module") or f"{text_at(table, 'group')}:{text_at(table, 'name')}"
        reference = (
            versions.get(text_at(table, "version", "ref")) if table_at(table, "version") else table.get("version")
        )
        version = words[2] if len(words) == 3 else reference if isinstance(reference, str) else ""  # noqa: PLR2004
        dotted = re.sub(r"[-_]", ".", alias)
        shared.append((f"{ALIAS}{dotted}", clipped(f"{':'.join(words[:2]) if words else name} {version}".strip())))
    return Manifest(package=ECOSYSTEM, shared=tuple(shared))
