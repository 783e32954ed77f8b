"""Turns of a conversation, and the words in them by a person or an agent."""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum

from graphmem.deferred_dataclass import dataclass


class Speaker(StrEnum):
    """The speaker of a turn."""

    USER = "user"
    ASSISTANT = "assistant"


@dataclass(frozen=True, slots=True)
class TranscriptTurn:
    """A turn of a conversation.

    Attributes:
        number: The position of the turn in the conversation, from 1.
        text: The full text, including text that graphmem or the host added.
        said_at: The time, with a zone; None if the transcript has none.
    """

    speaker: Speaker
    text: str
    number: int
    said_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A message of a conversation, as a caller sends it.

    Attributes:
        role: `user` or `assistant`; messages of other roles are left out.
        content: The text.
        number: The position in the conversation, from 1; 0 for the position among the sent messages.
        said_at: The time, with a zone; None if it is not known.
    """

    role: str
    content: str
    number: int = 0
    said_at: datetime | None = None


#: Texts that a host or graphmem puts into a turn, and texts that a person marked as private.
_MARKED = ("private", "system-reminder", "system_reminder", "command-name", "command-message", "command-args")
_OUTPUT = ("local-command-stdout", "local-command-stderr", "environment_context", "user_instructions", "graphmem")
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9_-]{0,40})(?:\s[^<>]{0,200})?>")
_STRIPPED = frozenset((*_MARKED, *_OUTPUT))
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
#: The first words of graphmem's own lines; no speaker wrote a line with this beginning.
_OWN = re.compile(r"^\s*(?:#+ )?(?:graphmem[: ]|Memory of graphmem\b|\[graphmem)", re.IGNORECASE)
#: The id and the start of a memory, as they are in each line of a context block: `[2qt4h0 2026-01-01 mandatory]`.
_OWN_MARK = re.compile(r"\[[0-9a-hjkmnp-tv-z]{6,12} \d{4}-\d\d(?:-\d\d)?[^\[\]]{0,80}\]")
#: The element around text of untrusted memories; its tag differs from answer to answer.
_UNTRUSTED = "untrusted-"


def spoken(text: str) -> str:
    """Return the words of a turn by its speaker.

    Left out are elements such as `<private>` and `<system-reminder>` with all that is in them, fenced code, quoted
    lines, and lines of graphmem, those of its context blocks too. An element that is not closed goes to the end.
    """
    lines: list[str] = []
    fence = ""
    for line in _without_elements(text).splitlines():
        mark = _FENCE.match(line)
        if fence:
            if mark and mark[1].startswith(fence) and not line.strip().strip("`~"):
                fence = ""
            continue
        if mark:
            fence = mark[1]
            lines.append("")
        elif not line.lstrip().startswith(">") and not _OWN.match(line) and not _OWN_MARK.search(line):
            lines.append(line)
    return "\n".join(lines)


def _without_elements(text: str) -> str:
    kept: list[str] = []
    place, inside, depth = 0, "", 0
    for tag in _TAG.finditer(text):
        name = tag[2].lower()
        if inside:
            if name == inside:
                depth += -1 if tag[1] else 1
                if depth == 0:
                    inside, place = "", tag.end()
        elif name in _STRIPPED or name.startswith(_UNTRUSTED):
            kept.append(text[place : tag.start()])
            place = tag.end()
            if not tag[1]:
                inside, depth = name, 1
    if not inside:
        kept.append(text[place:])
    return "\n".join(kept)
