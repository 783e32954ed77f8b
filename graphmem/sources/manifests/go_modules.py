"""Direct dependencies and the Go version of Go modules."""

from __future__ import annotations

import re

from graphmem.sources.manifests.parts import Command, Dependency, Manifest, Part, RuntimeVersion, clipped, is_name

ECOSYSTEM = "go"
#: go.mod lists dependencies of tests too.
_ROLE = "direct dependency"
_REQUIRED = re.compile(r"(?:require\s+)?(?P<name>[\w.~/-]+)\s+(?P<version>v[\w.+-]+)\s*(?P<comment>//.*)?")
_DIRECTIVE = re.compile(r"(?P<word>go|toolchain)\s+(?:go)?(?P<version>[\w.-]+)")


def read_go_mod(text: str) -> Manifest:
    """The direct requirements and the version of a `go.mod`."""
    parts: list[Part] = []
    block = ""
    for number, line in enumerate(map(str.strip, text.splitlines()), start=1):
        if opened := re.fullmatch(r"(\w+)\s*\(", line):
            block = opened[1]
        elif line.startswith(")"):
            block = ""
        elif block == "require" or (not block and line.startswith("require ")):
            parts += _required(line, number)
        elif not block and (directive := _DIRECTIVE.match(line)):
            is_toolchain = directive["word"] == "toolchain"
            version = clipped(directive["version"] if is_toolchain else f">={directive['version']}")
            parts.append(RuntimeVersion("go", version, is_toolchain, number))
    module = re.search(r"^module\s+([\w.~/-]+)", text, re.MULTILINE)
    if module is not None:
        parts += [Command(name, f"go {name} ./...", is_convention=True) for name in ("test", "build")]
    return Manifest(tuple(parts), ECOSYSTEM, name=module[1] if module is not None else "")


def _required(line: str, number: int) -> list[Part]:
    match = _REQUIRED.match(line)
    if match is None or "indirect" in (match["comment"] or "") or not is_name(match["name"]):
        return []
    return [Dependency(ECOSYSTEM, match["name"], clipped(match["version"]), number, _ROLE)]
