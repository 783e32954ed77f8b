"""Dependencies, scripts and versions of JavaScript packages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from graphmem.sources.manifests.document_texts import json_of, line_of, table_at, text_at, yaml_of
from graphmem.sources.manifests.parts import (
    FROM_WORKSPACE,
    MAX_COMMAND_CHARS,
    Command,
    Dependency,
    EntryPoint,
    Manifest,
    Part,
    RuntimeVersion,
    clipped,
    groups,
    is_name,
)

ECOSYSTEM = "npm"
RUNNER = "npm"
_BARE = frozenset({"test", "start"})
_GROUPS = (("dev", "devDependencies", False), ("optional", "optionalDependencies", True))


def read_package_json(text: str) -> Manifest:
    """The parts of a `package.json`."""
    package = json_of(text)
    parts: list[Part] = []
    for key in ("dependencies", "peerDependencies"):
        for name, constraint in table_at(package, key).items():
            if is_name(name) and isinstance(constraint, str):
                parts.append(Dependency(ECOSYSTEM, name, _constraint(constraint), line_of(text, f'"{name}"')))
    named = [
        (group, list(table_at(package, key)), is_optional, line_of(text, f'"{key}"'))
        for group, key, is_optional in _GROUPS
    ]
    parts += groups(ECOSYSTEM, named)
    parts += _versions(package, text)
    parts += _scripts(package, text)
    parts += _entry_points(package, text)
    return Manifest(tuple(parts), ECOSYSTEM, name=text_at(package, "name"))


def _constraint(text: str) -> str:
    if text.startswith("catalog:"):
        return FROM_WORKSPACE
    return "" if text in {"*", "latest", ""} or text.startswith("workspace:") else clipped(text)


def _versions(package: Mapping[str, object], text: str) -> Iterator[RuntimeVersion]:
    for engine, supported in table_at(package, "engines").items():
        if engine in {"node", "bun", "deno", "vscode"} and isinstance(supported, str) and supported != "*":
            yield RuntimeVersion(engine, clipped(supported), line=line_of(text, '"engines"'))


def _scripts(package: Mapping[str, object], text: str) -> Iterator[Command]:
    manager = text_at(package, "packageManager").split("@")[0]
    runner = manager if re.fullmatch(r"pnpm|yarn|bun", manager) else RUNNER
    for name, script in table_at(package, "scripts").items():
        if is_name(name) and isinstance(script, str):
            words = f"{runner} {name}" if name in _BARE and runner != "bun" else f"{runner} run {name}"
            yield Command(name, words, clipped(script, MAX_COMMAND_CHARS), line=line_of(text, f'"{name}"'))


def _entry_points(package: Mapping[str, object], text: str) -> Iterator[EntryPoint]:
    binary = package.get("bin")
    named = {text_at(package, "name").split("/")[-1]: binary} if isinstance(binary, str) else table_at(binary)
    for name, target in named.items():
        if is_name(name) and isinstance(target, str):
            yield EntryPoint(name, clipped(target), line_of(text, '"bin"'))


def read_pnpm_workspace(text: str) -> Manifest:
    """The versions that the catalogue of a `pnpm-workspace.yaml` gives to packages."""
    document = yaml_of(text)
    named = [table_at(catalogue) for catalogue in table_at(document, "catalogs").values()]
    versions = [(name, version) for table in (*named, table_at(document, "catalog")) for name, version in table.items()]
    shared = tuple((name, clipped(version)) for name, version in versions if is_name(name) and isinstance(version, str))
    return Manifest(package=ECOSYSTEM, shared=shared)


def read_nvmrc(text: str) -> Manifest:
    """The version of a `.nvmrc` or `.node-version`."""
    version = text.strip()
    if not re.fullmatch(r"[\w.*/-]{1,40}", version):
        return Manifest()
    return Manifest((RuntimeVersion("node", version, is_development=True),))
