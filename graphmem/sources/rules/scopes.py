"""The files to which a rule applies: the globs of a rule file's front matter, else the folder of the file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from graphmem.sources.decisions.front_matter import Field

#: Keys of Cursor, Copilot and Claude.
GLOB_KEYS = ("globs", "apply-to", "paths")
MAX_GLOBS = 100
_ALWAYS = "always-apply"
_EVERYTHING = frozenset({"*", "**", "**/*", "*.*", "**/*.*"})
_BRACES = re.compile(r"\{([^{}]{0,500})\}")
_COMMA = re.compile(r",(?![^{}]*\})")
_FRONT = re.compile(r"\A---[ \t]*\n.*?^---[ \t]*$", re.DOTALL | re.MULTILINE)
_BARE_STAR = re.compile(r"^(?P<key>[ \t]*(?:-|[\w-]{1,40}:))[ \t]+(?P<value>[*!&][^\n\"']*)$", re.MULTILINE)


def with_quoted_globs(text: str) -> str:
    """A text whose front matter has quotes around values that begin with `*`: tools accept them, YAML does not."""
    front = _FRONT.match(text)
    if front is None:
        return text
    quoted = _BARE_STAR.sub(lambda match: f'{match["key"]} "{match["value"].rstrip()}"', front.group())
    return quoted + text[front.end() :]


def scope_of(folder: str, fields: Mapping[str, Field]) -> tuple[str, ...]:
    """Globs of the files to which the rules of a file apply; empty for the whole repository.

    Args:
        folder: The folder of the file (`folder_of`).
        fields: Its front matter.
    """
    always = fields.get(_ALWAYS)
    globs: list[str] = []
    if always is None or always.text.casefold() != "true":
        globs = [glob for key in GLOB_KEYS if key in fields for glob in _globs(fields[key])]
    if not globs:
        return (f"{folder}**",) if folder else ()
    return scoped(folder, globs)


def scoped(folder: str, globs: list[str]) -> tuple[str, ...]:
    """Globs relative to a folder as globs of the repository; empty if they admit every file of the repository."""
    expanded = [plain for glob in globs for plain in _expanded(glob.removeprefix("./").lstrip("/"))]
    if any(glob in _EVERYTHING for glob in expanded):
        return (f"{folder}**",) if folder else ()
    usable = (glob for glob in expanded if glob and not glob.startswith("!") and ".." not in glob.split("/"))
    return tuple(dict.fromkeys(folder + (glob if "/" in glob else f"**/{glob}") for glob in usable))[:MAX_GLOBS]


def _globs(field: Field) -> Iterator[str]:
    for value in field.values:
        yield from (glob.strip() for glob in _COMMA.split(value) if glob.strip())


def _expanded(glob: str) -> list[str]:
    """A glob with braces as globs without: `*.{ts,tsx}` is `*.ts` and `*.tsx`."""
    globs = [glob]
    while (match := _BRACES.search(globs[0])) is not None and len(globs) <= MAX_GLOBS:
        globs = [
            one[: found.start()] + option + one[found.end() :]
            for one in globs
            if (found := _BRACES.search(one))
            for option in match[1].split(",")
        ]
    return globs[:MAX_GLOBS]
