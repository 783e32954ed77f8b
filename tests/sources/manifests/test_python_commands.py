"""Commands of tox, Nox and pytest."""

from __future__ import annotations

from graphmem.sources.manifests.parts import Command, Manifest
from graphmem.sources.manifests.python_commands import read_nox, read_pytest_ini, read_tox


def invocations(manifest: Manifest) -> list[str]:
    return [part.invocation for part in manifest.parts if isinstance(part, Command)]


def test_tox_runs_its_environments() -> None:
    text = "[tox]\nenvlist = py311\n[testenv]\ncommands = pytest {posargs}\n[testenv:lint]\ncommands = ruff check\n"
    assert invocations(read_tox(text)) == ["tox", "tox -e lint"]


def test_nox_sessions_have_the_name_of_their_decorator() -> None:
    text = (
        "import nox\n@nox.session(name='type-check')\ndef types(s): ...\n@nox.session\ndef lint(s): ...\ndef f(): ...\n"
    )
    assert invocations(read_nox(text)) == ["nox -s type-check", "nox -s lint"]


def test_a_pytest_ini_stands_for_pytest() -> None:
    assert invocations(read_pytest_ini("[pytest]\naddopts = -q\n")) == ["pytest"]
