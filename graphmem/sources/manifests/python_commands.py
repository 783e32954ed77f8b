"""Commands of tox and Nox."""

from __future__ import annotations

import ast
import re

from graphmem.sources.manifests.document_texts import ini_of, line_of
from graphmem.sources.manifests.parts import Command, Manifest, is_name
from graphmem.sources.manifests.python_packages import parsed_python

_ENVIRONMENT = "testenv:"
_TESTS = re.compile(r"\b(?:pytest|unittest|nosetests|nose2|trial|stestr)\b")


def read_tox(text: str) -> Manifest:
    """The environments of a `tox.ini`; `tox` alone runs the tests if the commands of `[testenv]` do."""
    parser = ini_of(text)
    parts = []
    if _TESTS.search(parser.get("testenv", "commands", fallback=None) or ""):
        parts.append(Command("test", "tox", line=line_of(text, "[testenv]")))
    for section in parser.sections():
        name = section.removeprefix(_ENVIRONMENT).strip()
        if section.startswith(_ENVIRONMENT) and is_name(name):
            parts.append(Command(name, f"tox -e {name}", line=line_of(text, f"[{section}]")))
    if parser.has_section("pytest"):
        parts.append(Command("test", "pytest", is_convention=True, line=line_of(text, "[pytest]")))
    return Manifest(tuple(parts))


def read_nox(text: str) -> Manifest:
    """The sessions of a `noxfile.py`, which is parsed and not run."""
    parts = []
    for node in parsed_python(text).body:
        if isinstance(node, ast.FunctionDef):
            names = [name for decorator in node.decorator_list if (name := _session(decorator, node.name))]
            parts += [Command(name, f"nox -s {name}", line=node.lineno) for name in names if is_name(name)]
    return Manifest(tuple(parts))


def _session(decorator: ast.expr, function: str) -> str:
    """The name of the session that a decorator makes of a function; empty if it makes none."""
    call = decorator if isinstance(decorator, ast.Call) else None
    if ast.unparse(call.func if call is not None else decorator) not in {"nox.session", "session"}:
        return ""
    names = [word.value for word in call.keywords if word.arg == "name"] if call is not None else []
    return str(names[0].value) if names and isinstance(names[0], ast.Constant) else function


def read_pytest_ini(text: str) -> Manifest:
    """The command of a `pytest.ini`."""
    ini_of(text)
    return Manifest((Command("test", "pytest", is_convention=True),))
