"""Matches of commands by their words: `npm install` is in `npm --silent install left-pad`, not in `npm run install`."""

from __future__ import annotations

import re
from collections.abc import Sequence

_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
#: Programs that run the command that follows them.
_WRAPPERS = frozenset({"sudo", "env", "command", "exec", "time", "nohup"})
_SUFFIXES = (".exe", ".cmd", ".bat")


def runs_command(key: Sequence[str], words: Sequence[str]) -> bool:
    """Return True if a command line runs the command of a key.

    Args:
        key: The words of the key: a program, then subcommands and options.
        words: The words of the command line, as a shell splits them.

    Returns:
        True if the program is the same, by its name without folder, its subcommands follow in the same order, with at
        most options between them, and its options are anywhere after the program.
    """
    words = _without_wrappers(words)
    if not key or not words or _program(words[0]) != _program(key[0]):
        return False
    arguments = list(words[1:])
    options = [word for word in key[1:] if word.startswith("-")]
    if not all(_has_option(option, arguments) for option in options):
        return False
    at = 0
    for word in (word for word in key[1:] if not word.startswith("-")):
        index = _next(word, arguments, at)
        if index is None:
            return False
        at = index + 1
    return True


def _without_wrappers(words: Sequence[str]) -> Sequence[str]:
    at = 0
    while at < len(words) and (_ASSIGNMENT.match(words[at]) or _program(words[at]) in _WRAPPERS):
        at += 1
    return words[at:]


def _program(word: str) -> str:
    name = word.replace("\\", "/").rpartition("/")[2]
    return next((name[: -len(suffix)] for suffix in _SUFFIXES if name.lower().endswith(suffix)), name)


def _has_option(option: str, arguments: Sequence[str]) -> bool:
    return any(word == option or word.startswith(f"{option}=") for word in arguments)


def _next(word: str, arguments: Sequence[str], start: int) -> int | None:
    """Return the index of a subcommand; options before it, each with at most a single value, are skipped."""
    at = start
    while at < len(arguments):
        if arguments[at] == word:
            return at
        if not arguments[at].startswith("-"):
            return None
        takes_value = "=" not in arguments[at] and at + 1 < len(arguments) and not arguments[at + 1].startswith("-")
        at += 2 if takes_value and arguments[at + 1] != word else 1
    return None
