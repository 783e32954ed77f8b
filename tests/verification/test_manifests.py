"""Tasks and dependencies in manifests."""

from __future__ import annotations

import pytest

from graphmem.verification.manifests import declares, defines, is_manifest, manifest_test

MAKEFILE = "VAR := x\n.PHONY: a\nall: build test\n\ntest check: build\n\techo x: y\n\nrun-%:\n\techo $*\n"
PACKAGE = '{\n "name": "x",\n "scripts": {\n  "build": "tsc",\n  "lint:fix": "x"\n }\n}\n'
JUSTFILE = "set x := 'y'\n\nalias b := build\n\nbuild target='all': dep\n  echo\n\n@quiet:\n  echo\n"
TOX = "[tox]\nenvlist = py{310,311}-{unit,all}\n  docs\n[testenv:lint]\ncommands = x\n"


@pytest.mark.parametrize(
    ("path", "text", "command", "line"),
    [
        ("Makefile", MAKEFILE, "make test", 5),
        ("Makefile", MAKEFILE, "make check", 5),
        ("Makefile", MAKEFILE, "make run-fast", 8),
        ("Makefile", MAKEFILE, "make VAR", None),
        ("Makefile", MAKEFILE, "make echo", None),
        ("package.json", PACKAGE, "npm run build", 4),
        ("package.json", PACKAGE, "npm run lint:fix", 5),
        ("package.json", PACKAGE, "npm run tsc", None),
        ("package.json", "[", "npm run tsc", None),
        ("package.json", "[" * 100_000, "npm run tsc", None),
        ("justfile", JUSTFILE, "just build", 5),
        ("justfile", JUSTFILE, "just b", 3),
        ("justfile", JUSTFILE, "just quiet", 8),
        ("justfile", JUSTFILE, "just set", None),
        ("tox.ini", TOX, "tox -e lint", 4),
        ("tox.ini", TOX, "tox -e py311-all", 2),
        ("tox.ini", TOX, "tox -e docs", 2),
        ("tox.ini", TOX, "tox -e py39", 1),
        ("tox.ini", TOX, "tox -e other", None),
    ],
)
def test_tasks_have_lines(path: str, text: str, command: str, line: int | None) -> None:
    assert defines(path, text, command) == line


def test_a_dependency_is_found_by_its_complete_name() -> None:
    text = "[project]\ndependencies = [\n 'Typing_Extensions>=4',\n 'httpx-sse',\n]\n"
    assert declares(text, "typing-extensions") == 3
    assert declares(text, "httpx-sse") == 4
    assert declares(text, "httpx") is None
    assert declares("require (\n\tgithub.com/a/b/v2 v2.1.0\n)", "github.com/a/b") == 2


def test_manifests_are_known_by_their_names() -> None:
    assert is_manifest("web/package.json")
    assert is_manifest("requirements-dev.txt")
    assert is_manifest("tools/rules.mk")
    assert not is_manifest("node_modules/x/package.json")
    assert not is_manifest("src/store.py")
    assert manifest_test("make test")("Makefile")
    assert not manifest_test("make test")("package.json")
    assert manifest_test(None)("go.mod")


def test_alternatives_in_braces_are_limited() -> None:
    text = f"[tox]\nenvlist = {'{a,b,c,d,e,f,g,h}' * 8}\n"
    assert defines("tox.ini", text, "tox -e other") is None
