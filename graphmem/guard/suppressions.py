"""Reads comments in code that excuse a line from a rule of a linter or from a memory."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from graphmem.deferred_dataclass import dataclass

_LONGEST = 1_000
_REASON = re.compile(r"^(?:\s{0,20}(?://|#|--|-|–|:|because\b))?\s{0,20}(.{0,500}?)\s{0,20}(?:\*/.{0,20})?$")
_GO = re.compile(r"//\s?nolint:([\w,-]{1,200})(.{0,600})$")
_RUFF = re.compile(
    r"#\s{0,5}noqa:\s{0,5}([A-Z]{1,8}\d{1,5}(?:[,\s]{1,3}[A-Z]{1,8}\d{1,5}){0,20})(.{0,600})$", re.IGNORECASE
)
_ESLINT = re.compile(
    r"eslint-disable(-next-line|-line)?\s{1,9}([\w@/, -]{1,300}?)(?:\s{1,9}--\s{0,9}(.{0,500}?))?"
    r"\s{0,9}(?:\*/.{0,200})?$"
)
_OWN = re.compile(
    r"(?://|#|/\*|--|<!--)\s{0,9}graphmem:\s{0,9}allow\s{1,9}([\w.:/-]{1,200})(?:[\s:–-]{1,9}(.{0,500}?))?"
    r"\s{0,9}(?:\*/|-->)?\s{0,9}$"
)


@dataclass(frozen=True, slots=True)
class Suppression:
    """A comment that excuses a line.

    Attributes:
        rule: The rule of a linter, in small letters; or the memory's id or alias.
        reason: The reason that the comment gives; may be empty.
        is_of_memory: True if the comment names a memory.
    """

    rule: str
    reason: str
    is_of_memory: bool = False


#: Rules of linters that forbid imports.
IMPORT_RULES = frozenset(
    {
        *("depguard", "gomodguard", "importas", "tid251", "tid253", "no-restricted-imports", "no-restricted-modules"),
        *("@typescript-eslint/no-restricted-imports", "n/no-restricted-import", "n/no-restricted-require"),
        *("no-restricted-syntax", "import/no-restricted-paths", "node/no-restricted-import"),
    }
)


def suppressions_on(lines: Sequence[str], first: int, last: int) -> list[Suppression]:
    """Return the suppressions that hold for the lines `first` to `last` of a text, numbered from 0.

    Those are on the lines themselves, on the comment line before them, and, for ESLint, those for the rest of a file.
    """
    found = [suppression for line in lines[first : last + 1] for suppression in _on_line(line)]
    if first > 0 and lines[first - 1].lstrip().startswith(("//", "#", "/*", "*", "{/*")):
        found += _before(lines[first - 1])
    return found + _of_file(lines[:first])


def _on_line(line: str) -> Iterator[Suppression]:
    line = line[:_LONGEST]
    if match := _GO.search(line):
        yield from (Suppression(rule.lower(), _reason(match[2])) for rule in match[1].split(",") if rule)
    if match := _RUFF.search(line):
        yield from (Suppression(rule.lower(), _reason(match[2])) for rule in re.split(r"[,\s]+", match[1]))
    if (match := _ESLINT.search(line)) and match[1] == "-line":
        yield from _eslint(match)
    yield from _own(line)


def _before(line: str) -> Iterator[Suppression]:
    line = line[:_LONGEST]
    if (match := _ESLINT.search(line)) and match[1] == "-next-line":
        yield from _eslint(match)
    if match := _GO.search(line.strip()):
        yield from (Suppression(rule.lower(), _reason(match[2])) for rule in match[1].split(",") if rule)
    yield from _own(line)


def _of_file(lines: Sequence[str]) -> list[Suppression]:
    """Return ESLint's suppressions for the rest of a file that are not taken back."""
    return [
        suppression
        for line in lines
        if "eslint-disable" in line and (match := _ESLINT.search(line[:_LONGEST])) and not match[1]
        for suppression in _eslint(match)
    ]


def _eslint(match: re.Match[str]) -> Iterator[Suppression]:
    reason = (match[3] or "").strip()
    yield from (Suppression(rule.strip().lower(), reason) for rule in match[2].split(",") if rule.strip())


def _own(line: str) -> Iterator[Suppression]:
    # Without a reason, graphmem's own comment excuses nothing.
    if (match := _OWN.search(line)) and (match[2] or "").strip():
        yield Suppression(match[1], match[2].strip(), is_of_memory=True)


def _reason(rest: str) -> str:
    match = _REASON.match(rest)
    return match[1].strip() if match else ""
