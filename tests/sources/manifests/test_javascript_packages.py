"""What JavaScript packages declare."""

from __future__ import annotations

import json

from graphmem.sources.manifests.javascript_packages import read_nvmrc, read_package_json, read_pnpm_workspace
from graphmem.sources.manifests.parts import (
    FROM_WORKSPACE,
    Command,
    Dependency,
    DependencyGroup,
    EntryPoint,
    RuntimeVersion,
)


def test_a_package_json_has_dependencies_scripts_engines_and_commands() -> None:
    package = {
        "name": "@shop/web",
        "bin": "cli.js",
        "engines": {"node": ">=18", "npm": ">=9"},
        "scripts": {"test": "vitest run", "lint": "eslint ."},
        "dependencies": {"react": "^18.2.0", "evil name": "1"},
        "devDependencies": {"vitest": "1.0.0", "eslint": "9"},
        "packageManager": "pnpm@9.1.0",
    }
    parts = [
        part.__class__(**{name: getattr(part, name) for name in part.__slots__ if name != "line"})
        for part in read_package_json(json.dumps(package, indent=1)).parts
    ]
    assert parts == [
        Dependency("npm", "react", "^18.2.0"),
        DependencyGroup("npm", "dev", ("eslint", "vitest")),
        RuntimeVersion("node", ">=18"),
        Command("test", "pnpm test", "vitest run"),
        Command("lint", "pnpm run lint", "eslint ."),
        EntryPoint("web", "cli.js"),
    ]


def test_odd_types_are_left_out() -> None:
    assert not read_package_json('{"dependencies": [], "scripts": {"test": 1}, "bin": 3, "engines": "node"}').parts


def test_an_nvmrc_is_the_version_of_developers() -> None:
    assert read_nvmrc("lts/*\n").parts == (RuntimeVersion("node", "lts/*", is_development=True),)


def test_a_pnpm_workspace_shares_versions() -> None:
    text = "packages: [a]\ncatalog: {vite: ^8}\ncatalogs: {old: {react: ^17}}\n"
    assert read_pnpm_workspace(text).shared == (("react", "^17"), ("vite", "^8"))
    assert read_package_json('{"dependencies": {"vite": "catalog:"}}').parts == (
        Dependency("npm", "vite", FROM_WORKSPACE),
    )
