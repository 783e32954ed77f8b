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
_MAX_GLOB_CHARS = 300
_FRONT = re.compile(r"\A---[ \t]*\n.*?^---[ \t]*$", re.DOTALL | re.MULTILINE)
_BARE_STAR = re.compile(r"^(?P<key>[ \t]*(?:-|[\w-]{1,40}:))[ \t]+(?P<value>[*!&][^\n\"']*)$", re.MULTILINE)


def with_quoted_globs(text: str) -> str:
    """A text whose front matter has quotes around values that begin with `*`: tools accept them, YAML does not."""
    front = _FRONT.match(text)
    if front is None:
        return text
    quoted = _BARE_STAR.sub(lambda match: f"{match['key']} '{match['value'].rstrip()}'", front.group())
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
        yield from (glob for glob in map(str.strip, _between_commas(value)) if glob)


def _between_commas(text: str) -> Iterator[str]:
    """The parts of a list; a comma within braces belongs to its glob."""
    start = depth = 0
    for index, letter in enumerate(text):
        depth += (letter == "{") - (letter == "}")
        if letter == "," and depth <= 0:
            yield text[start:index]
            start = index + 1
    yield text[start:]


def _expanded(glob: str) -> list[str]:
    """A glob with braces as globs without: `*.{ts,tsx}` is `*.ts` and `*.tsx`; none if it is too long."""
    globs = [glob] if len(glob) <= _MAX_GLOB_CHARS else []
    while globs and (braces := _BRACES.search(globs[0])) is not None:
        options = braces[1].split(",")
        halves = [part.split(braces.group(), 1) for part in globs if braces.group() in part]
        globs = [option.join(pair) for pair in halves for option in options][:MAX_GLOBS]
    return globs
