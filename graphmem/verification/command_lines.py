"""Commands of task runners in a line of a shell."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

_PARTS = re.compile(r"&&|\|\||[;|]")
_PROMPT = re.compile(r"^\s*(?:[$>%]\s+)?(?:(?:sudo|time|exec|command|env)\s+)?(?:[A-Z_][A-Z0-9_]*=\S*\s+)*")
_NAME = re.compile(r"[A-Za-z_][\w.:/@-]*")
_PACKAGE_MANAGERS = frozenset({"npm", "pnpm", "yarn", "bun"})
_BUILT_IN = frozenset({"test", "start", "stop", "restart"})
_OPTIONS_WITH_VALUE = frozenset(
    {"-C", "-f", "-j", "--directory", "--file", "--prefix", "--filter", "-F", "--dir", "-w", "--workspace", "-c"}
)
_OWN_PREFIXES = ("uv run ", "poetry run ", "pipenv run ", "hatch run ", "mise exec -- ", "uvx ")


def command_targets(line: str) -> Iterator[str]:
    """The tasks that a line starts: `make NAME`, `npm run NAME`, `just NAME`, `tox -e NAME`."""
    for part in _PARTS.split(line):
        words = _without_prefix(_PROMPT.sub("", part.strip(), count=1)).split()
        if len(words) > 1:
            yield from _targets(words[0], words[1:])


def script_words(line: str) -> Iterator[str]:
    """The words of a line that name a program or a folder: the first word of each command, and the argument of `cd`."""
    for part in _PARTS.split(line):
        words = _without_prefix(_PROMPT.sub("", part.strip(), count=1)).split()
        yield from words[1:2] if words[:1] == ["cd"] else words[:1]


def _without_prefix(command: str) -> str:
    return next((command.removeprefix(prefix) for prefix in _OWN_PREFIXES if command.startswith(prefix)), command)


def _targets(program: str, words: list[str]) -> Iterator[str]:
    if program in {"make", "gmake"}:
        yield from (f"make {name}" for name in _arguments(words) if "=" not in name)
    elif program == "just":
        yield from (f"just {name}" for name in _arguments(words)[:1])
    elif program in _PACKAGE_MANAGERS:
        yield from _script(words)
    elif program == "tox":
        yield from _environments(words)


def _arguments(words: list[str]) -> list[str]:
    """The words that are names, up to the first that is neither a name nor an option."""
    names: list[str] = []
    is_value = False
    for word in words:
        if is_value or word.startswith("-"):
            is_value = not is_value and word in _OPTIONS_WITH_VALUE
        elif "=" in word:
            continue
        elif _NAME.fullmatch(word):
            names.append(word)
        else:
            break
    return names


def _script(words: list[str]) -> Iterator[str]:
    names = _arguments(words)
    if names[:1] == ["run"] or names[:1] == ["run-script"]:
        yield from (f"npm run {name}" for name in names[1:2])
    elif names and names[0] in _BUILT_IN:
        yield f"npm run {names[0]}"


def _environments(words: list[str]) -> Iterator[str]:
    for option, value in pairwise(words):
        if option in {"-e", "run-e"}:
            yield from (f"tox -e {name}" for name in value.split(",") if _NAME.fullmatch(name))
