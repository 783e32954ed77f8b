"""Packages that shell commands add, under quotes, separators, assignments and runners."""

from __future__ import annotations

import pytest

from graphmem.guard.shell_commands import commands_in, packages_of


def added(text: str) -> list[tuple[str, str]]:
    return [(one.ecosystem, one.name) for words in commands_in(text) for one in packages_of(words)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("pip install pytz", [("pypi", "pytz")]),
        ("A=1 sudo -E pip3 install -U 'pytz>=2020' requests[socks]==2", [("pypi", "pytz"), ("pypi", "requests")]),
        ("cd x && npm i -D lodash@4 @types/node", [("npm", "lodash"), ("npm", "@types/node")]),
        (
            "uv add --dev pytz; go get github.com/pkg/errors@latest",
            [("pypi", "pytz"), ("golang", "github.com/pkg/errors")],
        ),
        ("poetry add pytz --group dev", [("pypi", "pytz")]),
        ("pnpm add -w foo@npm:bar@1 | tee log", [("npm", "bar")]),
        ("yarn add left-pad # pytz", [("npm", "left-pad")]),
        ("bun add elysia", [("npm", "elysia")]),
        ("cargo add serde --features derive", [("cargo", "serde")]),
        ("gem install rails -v 7", [("gem", "rails")]),
        ("bundle add rails", [("gem", "rails")]),
        ("mvn dependency:get -Dartifact=org.apache:commons:1.0", [("maven", "org.apache:commons")]),
        ('bash -c "pip install pytz"', [("pypi", "pytz")]),
        ("python3.11 -m pip install -r requirements.txt pytz", [("pypi", "pytz")]),
        ("uv run pip install pytz", [("pypi", "pytz")]),
        ("pip install \\\n  pytz", [("pypi", "pytz")]),
    ],
)
def test_a_package_manager_adds_what_it_names(text: str, found: list[tuple[str, str]]) -> None:
    assert added(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "echo 'pip install pytz'",
        "git commit -m 'pip install pytz && npm i lodash'",
        "pip uninstall pytz",
        "npm run install lodash",
        "npm install",
        "pip install -r pytz.txt",
        "pip install ./pytz",
        "cat <<EOF > x\npip install pytz\nEOF",
        "# pip install pytz",
    ],
)
def test_what_only_names_a_package_adds_nothing(text: str) -> None:
    assert added(text) == []
