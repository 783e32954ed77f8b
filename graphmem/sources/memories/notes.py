"""A Markdown note as Basic Memory writes it: front matter, observations and relations among its text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from graphmem.sources.decisions.front_matter import Field, RefusedYaml, parse_yaml

_FRONT = re.compile(r"\A---[ \t]*\n(?P<yaml>.*?)^---[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_FENCE = re.compile(r"^\s{0,3}(`{3,}|~{3,})")
_ITEM = re.compile(r"^(?P<indent>\s*)[-*+][ \t]+(?P<text>\S.*)$")
_HEADING = re.compile(r"^ {0,3}(?P<marks>#{1,6})[ \t]+(?P<text>.*?)[ \t]*#*[ \t]*$")
_CATEGORY = re.compile(r"^\[(?P<category>[^\[\]()]+)\]\s+(?P<said>\S.*)$", re.DOTALL)
_TIMECODE = re.compile(r"^\d{1,3}:\d{2}(?::\d{2})?(?:[.,]\d{1,3})?(?:\s+-\s+\d{1,3}:\d{2}\S*)?$")
_LINK = re.compile(r"^\[[^\]]*\]\([^)]*\)$|^\[\[[^\]]*\]\]$")
_CONTEXT = re.compile(r"^(?P<said>.*\S)\s*\((?P<context>[^()]*)\)$", re.DOTALL)
_TAG = re.compile(r"(?:(?<=\s)|^)#(?P<tag>[^\s#]+)")
_RELATION = re.compile(
    r"^(?:(?P<quote>[\"'])(?P<quoted>[^\"']+)(?P=quote)|(?P<word>[^\s\[\]\"']+))\s+\[\[(?P<target>[^\[\]]+)\]\]"
    r"\s*(?:\([^()]*\))?$"
)


@dataclass(frozen=True, slots=True)
class Said:
    """An observation in a note.

    Attributes:
        text: Without its category, with tags and all other text.
        context: The text in brackets at its end.
    """

    text: str
    line: int
    category: str | None = None
    tags: tuple[str, ...] = ()
    context: str | None = None


@dataclass(frozen=True, slots=True)
class Pointer:
    """A relation: its name, and the title, path or permalink that it points to."""

    word: str
    target: str
    line: int


@dataclass(frozen=True, slots=True)
class Note:
    """The parts of a note.

    Attributes:
        fields: Front matter by key.
        refused: The reason why front matter could not be read; None if it could, or is missing.
        body: The text without front matter and observations.
    """

    fields: Mapping[str, Field]
    refused: str | None
    body: str
    line: int
    said: tuple[Said, ...]
    pointers: tuple[Pointer, ...]

    def text_of(self, name: str) -> str | None:
        """A field of the front matter as a text."""
        found = self.fields.get(name)
        return found.text if found is not None and found.values else None


@dataclass(slots=True)
class _Taken:
    said: list[Said] = field(default_factory=list)
    pointers: list[Pointer] = field(default_factory=list)
    rest: list[str] = field(default_factory=list)


def front_matter(text: str) -> tuple[Mapping[str, Field], str | None, str, int]:
    """(fields, reason why they could not be read, text after them, line at which that begins)."""
    found = _FRONT.match(text)
    if found is None:
        return {}, None, text, 1
    first_line = found.group().count("\n") + 1
    try:
        fields = {one.name: one for one in parse_yaml(found["yaml"], first_line=2)}
    except RefusedYaml as refusal:
        return {}, str(refusal), text[found.end() :], first_line
    return fields, None, text[found.end() :], first_line


def take_apart(text: str) -> Note:
    """A note's parts."""
    fields, refused, body, first_line = front_matter(text)
    taken = _Taken()
    for line, lines in _blocks(body, first_line):
        _take(taken, line, lines)
    return Note(fields, refused, _tidied(taken.rest), first_line, tuple(taken.said), tuple(taken.pointers))


def _blocks(body: str, first_line: int) -> Iterator[tuple[int, list[str]]]:
    """List items with their continuation lines, and each other line by itself; code is a single block."""
    gathered: list[str] = []
    start, fence = first_line, ""
    for number, line in enumerate(body.split("\n"), first_line):
        mark = _FENCE.match(line)
        if fence or mark:
            goes_on = bool(fence) or (bool(gathered) and bool(_ITEM.match(gathered[0])) and line.startswith(" "))
            fence = "" if fence and mark and mark[1].startswith(fence) else fence or (mark[1] if mark else "")
        else:
            goes_on = _goes_on(gathered, line)
        if not goes_on and gathered:
            yield start, gathered
            gathered = []
        if not gathered:
            start = number
        gathered.append(line)
    if gathered:
        yield start, gathered


def _goes_on(gathered: list[str], line: str) -> bool:
    item = _ITEM.match(gathered[0]) if gathered else None
    if item is None or not line.strip() or _ITEM.match(line):
        return False
    return len(line) - len(line.lstrip()) > len(item["indent"])


def _take(taken: _Taken, line: int, lines: list[str]) -> None:
    item = _ITEM.match(lines[0])
    if item is None:
        taken.rest += lines
        return
    text = "\n".join([item["text"], *(one.strip() for one in lines[1:])]).strip()
    related = _RELATION.match(text)
    if related is not None:
        taken.pointers.append(Pointer(related["quoted"] or related["word"], related["target"].strip(), line))
    said = None if related else _said(text, line)
    if said is None:
        taken.rest += lines
    else:
        taken.said.append(said)


def _said(text: str, line: int) -> Said | None:
    """The observation in a list item; None without a category or a tag."""
    found = _CATEGORY.match(text)
    category = found["category"].strip() if found else None
    if category is not None and (_TIMECODE.match(category) or _is_task_mark(category)):
        return None
    tags = tuple(dict.fromkeys(match["tag"] for match in _TAG.finditer(text)))
    if (found is None and not tags) or _LINK.match(text) or text.startswith(("[ ]", "[x]", "[X]", "[-]")):
        return None
    words = found["said"] if found else text
    context = _CONTEXT.match(words)
    if context is not None and context["context"].strip():
        return Said(context["said"], line, category, tags, context["context"].strip())
    return Said(words, line, category, tags)


def _is_task_mark(category: str) -> bool:
    return len(category) == 1 and (category in "xX" or not category.isalnum())


def _tidied(lines: list[str]) -> str:
    """The text without headings that have nothing beneath them, and without gaps."""
    kept: list[str] = []
    for line in reversed(lines):
        heading, below = _HEADING.match(line), next((one for one in reversed(kept) if one.strip()), None)
        under = _HEADING.match(below) if below else None
        if heading and (below is None or (under and len(under["marks"]) <= len(heading["marks"]))):
            continue
        kept.append(line)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(reversed(kept))).strip()
