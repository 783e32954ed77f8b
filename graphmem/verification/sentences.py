"""Sentences and fenced blocks of a Markdown text, without those that make no statement about the code of today."""

from __future__ import annotations

import re
from collections.abc import Iterator

from graphmem.deferred_dataclass import dataclass

_FENCE = re.compile(r"\s{0,8}(`{3,}|~{3,})\s*([\w-]*)")
_ITEM = re.compile(r"\s*(?:[-*+]|\d+[.)])\s+|\s*[|>#]")
_END = re.compile(r"(?<=[.!?;])(?<!e\.g\.)(?<!i\.e\.)\s+(?=[A-Z`\[*(_\"])")
_MARKED = re.compile(r"`[^`\n]*`|\]\([^()\n]*\)|[\w.@-]*/[\w./@-]*|[\w-]+\.\w+")
_HEDGES = re.compile(
    r"\b(?:removed|deleted|renamed|previously|formerly|no longer|obsolete|examples?|for instance|such as|e\.g"
    r"|creat(?:e[sd]?|ing)|if (?:it|they|one|any) exists?|if (?:present|any|available|existing|missing)"
    r"|(?:do|does) not exist|doesn't exist|hypothetical|placeholder|imaginary|(?:was|were|been|got) moved)\b",
    re.IGNORECASE,
)
_SAMPLE_NAME = re.compile(r"\b(?:like|named|called)\s+[`\"']", re.IGNORECASE)
_OTHER_REPOSITORY = re.compile(
    r"\b(?:other|another|separate|sibling|upstream|downstream|external|private)\s+(?:\w+\s+)?repo(?:s|sitor(?:y|ies))?\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class TextSentence:
    """A sentence of prose, of a list item or of a table row, on a single line."""

    text: str


@dataclass(frozen=True, slots=True)
class Fence:
    """A fenced block of code.

    Attributes:
        language: The word after the opening fence in lower case; empty if there is none.
    """

    language: str
    lines: tuple[str, ...]


def sentences(text: str) -> Iterator[TextSentence | Fence]:
    """The sentences and fenced blocks of a text that state how the code is.

    A sentence that ends in a colon decides for the block or the list that it introduces, too.
    """
    is_introduced_by_hedge = False
    for block in _blocks(text):
        if isinstance(block, Fence):
            if not is_introduced_by_hedge:
                yield block
            is_introduced_by_hedge = False
            continue
        is_item = _ITEM.match(block) is not None
        if is_item and is_introduced_by_hedge:
            continue
        stated = [part for part in _END.split(block) if part.strip()]
        for part in stated:
            if not is_hedged(part):
                yield TextSentence(part)
        is_introduced_by_hedge = bool(stated) and stated[-1].rstrip(" *_").endswith(":") and is_hedged(stated[-1])


def is_hedged(sentence: str) -> bool:
    """Return True if a sentence is about the past, the possible or the future, or about another repository.

    Names in that sentence do not count.
    """
    prose = _MARKED.sub(lambda match: match.group() if match.group().lower() == "e.g" else " ", sentence)
    patterns = ((_HEDGES, prose), (_OTHER_REPOSITORY, prose), (_SAMPLE_NAME, sentence))
    return any(pattern.search(text) is not None for pattern, text in patterns)


def _blocks(text: str) -> Iterator[str | Fence]:
    """Paragraphs, list items, headings and table rows, each joined to a line, and fenced blocks."""
    lines: list[str] = []
    fence: str | None = None
    language, code = "", list[str]()
    for line in text.splitlines():
        match = _FENCE.match(line)
        if fence is not None:
            if match is not None and match[1].startswith(fence) and not match[2]:
                yield Fence(language, tuple(code))
                fence, code = None, []
            else:
                code.append(line)
        elif match is not None or not line.strip() or _ITEM.match(line):
            if lines:
                yield " ".join(lines)
            lines = []
            if match is not None:
                fence, language = match[1], match[2].lower()
            elif line.strip():
                lines = [line.strip()]
        else:
            lines.append(line.strip())
    if lines:
        yield " ".join(lines)
    if code:
        yield Fence(language, tuple(code))
