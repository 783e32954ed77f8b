"""Dependencies, binaries and versions of Rust crates."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from graphmem.sources.manifests.document_texts import UnreadableManifest, line_of, list_at, table_at, text_at, toml_of
from graphmem.sources.manifests.parts import (
    FROM_WORKSPACE,
    RUNTIME_ROLE,
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

ECOSYSTEM = "cargo"
#: Key of the minimum Rust version in the shared versions of a workspace.
SHARED_VERSION = "rust-version"


def read_cargo(text: str) -> Manifest:
    """The parts of a `Cargo.toml`; those of a target too."""
    tables = toml_of(text)
    package, workspace = table_at(tables, "package"), table_at(tables, "workspace")
    sections = [tables, *map(table_at, table_at(tables, "target").values())]
    parts: list[Part] = []
    for section in sections:
        for name, value in table_at(section, "dependencies").items():
            if is_name(name):
                parts.append(
                    Dependency(ECOSYSTEM, _package(name, value), _constraint(value), line_of(text, name), _role(value))
                )
    names = {
        group: [_package(name, value) for section in sections for name, value in table_at(section, key).items()]
        for group, key in (("dev", "dev-dependencies"), ("build", "build-dependencies"))
    }
    parts += groups(ECOSYSTEM, [(group, names[group], False, line_of(text, f"{group}-dep")) for group in names])
    parts += _version(package, workspace, text)
    parts += _binaries(tables, package, text)
    if package or workspace:
        parts += [Command(name, f"cargo {name}", is_convention=True) for name in ("test", "build")]
    return Manifest(tuple(parts), ECOSYSTEM, tuple(_shared(workspace)), text_at(package, "name"))


def _package(name: str, value: object) -> str:
    """The crate that a dependency names; its key may be a local name for it."""
    return text_at(table_at(value), "package") or name


def _constraint(value: object) -> str:
    if isinstance(value, str):
        return clipped(value)
    table = table_at(value)
    if table.get("workspace") is True:
        return FROM_WORKSPACE
    source = text_at(table, "git") or text_at(table, "path")
    return clipped(text_at(table, "version") or (f"from {source}" if source else ""))


def _role(value: object) -> str:
    """How the crate needs a dependency: optional dependencies belong to features."""
    return "optional runtime dependency" if table_at(value).get("optional") is True else RUNTIME_ROLE


def _version(package: Mapping[str, object], workspace: Mapping[str, object], text: str) -> Iterator[RuntimeVersion]:
    own = package.get("rust-version")
    shared = table_at(own).get("workspace") is True
    version = FROM_WORKSPACE if shared else own or text_at(workspace, "package", "rust-version")
    if isinstance(version, str) and version:
        yield RuntimeVersion("rust", clipped(_at_least(version)), line=line_of(text, "rust-version"))


def _at_least(version: str) -> str:
    return f">={version}" if version[:1].isdigit() else version


def _shared(workspace: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for name, value in table_at(workspace, "dependencies").items():
        if is_name(name):
            yield _package(name, value), _constraint(value)
    if version := text_at(workspace, "package", "rust-version"):
        yield SHARED_VERSION, _at_least(version)


def _binaries(tables: Mapping[str, object], package: Mapping[str, object], text: str) -> Iterator[EntryPoint]:
    for binary in map(table_at, list_at(tables, "bin")):
        name = text_at(binary, "name") or text_at(package, "name")
        if is_name(name):
            yield EntryPoint(name, clipped(text_at(binary, "path") or "src/main.rs"), line_of(text, "[[bin]]"))


def read_rust_toolchain(text: str) -> Manifest:
    """The channel of a `rust-toolchain` or `rust-toolchain.toml`."""
    channel = text.strip()
    if not re.fullmatch(r"[\w.-]{1,40}", channel):
        try:
            channel = text_at(toml_of(text), "toolchain", "channel")
        except UnreadableManifest:
            return Manifest()
    return Manifest((RuntimeVersion("rust", clipped(channel), is_development=True),) if channel else ())
