"""A Markdown note as Basic Memory writes it: front matter, observations and relations among its text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import field

from graphmem.deferred_dataclass import dataclass
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
class NoteObservation:
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
    observations: tuple[NoteObservation, ...]
    pointers: tuple[Pointer, ...]

    def text_of(self, name: str) -> str | None:
        """A field of the front matter as a text."""
        front = self.fields.get(name)
        return front.text if front is not None and front.values else None


@dataclass(slots=True)
class _NoteParts:
    observations: list[NoteObservation] = field(default_factory=list)
    pointers: list[Pointer] = field(default_factory=list)
    rest: list[str] = field(default_factory=list)


def front_matter(text: str) -> tuple[Mapping[str, Field], str | None, str, int]:
    """(fields, reason why they could not be read, text after them, line at which that begins)."""
    front = _FRONT.match(text)
    if front is None:
        return {}, None, text, 1
    first_line = front.group().count("\n") + 1
    try:
        fields = {text_line.name: text_line for text_line in parse_yaml(front["yaml"], first_line=2)}
    except RefusedYaml as refusal:
        return {}, str(refusal), text[front.end() :], first_line
    return fields, None, text[front.end() :], first_line


def take_apart(text: str) -> Note:
    """A note's parts."""
    fields, refused, body, first_line = front_matter(text)
    taken = _NoteParts()
    for line, lines in _blocks(body, first_line):
        _take(taken, line, lines)
    return Note(fields, refused, _tidied(taken.rest), first_line, tuple(taken.observations), tuple(taken.pointers))


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


def _take(taken: _NoteParts, line: int, lines: list[str]) -> None:
    item = _ITEM.match(lines[0])
    if item is None:
        taken.rest += lines
        return
    text = "\n".join([item["text"], *(text_line.strip() for text_line in lines[1:])]).strip()
    related = _RELATION.match(text)
    if related is not None:
        taken.pointers.append(Pointer(related["quoted"] or related["word"], related["target"].strip(), line))
    observations = None if related else _observation(text, line)
    if observations is None:
        taken.rest += lines
    else:
        taken.observations.append(observations)


def _observation(text: str, line: int) -> NoteObservation | None:
    """The observation in a list item; None without a category or a tag."""
    front = _CATEGORY.match(text)
    category = front["category"].strip() if front else None
    if category is not None and (_TIMECODE.match(category) or _is_task_mark(category)):
        return None
    tags = tuple(dict.fromkeys(match["tag"] for match in _TAG.finditer(text)))
    if (front is None and not tags) or _LINK.match(text) or text.startswith(("[ ]", "[x]", "[X]", "[-]")):
        return None
    words = front["said"] if front else text
    context = _CONTEXT.match(words)
    if context is not None and context["context"].strip():
        return NoteObservation(context["said"], line, category, tags, context["context"].strip())
    return NoteObservation(words, line, category, tags)


def _is_task_mark(category: str) -> bool:
    return len(category) == 1 and (category in "xX" or not category.isalnum())


def _tidied(lines: list[str]) -> str:
    """The text without headings that have nothing beneath them, and without gaps."""
    remaining: list[str] = []
    for line in reversed(lines):
        heading, below = (
            _HEADING.match(line),
            next((text_line for text_line in reversed(remaining) if text_line.strip()), None),
        )
        under = _HEADING.match(below) if below else None
        if heading and (below is None or (under and len(under["marks"]) <= len(heading["marks"]))):
            continue
        remaining.append(line)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(reversed(remaining))).strip()
