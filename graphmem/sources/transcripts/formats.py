"""Transcripts of agents, line by line: Claude Code, Codex, Gemini CLI, and messages in OpenAI's form.

The forms are those that the hosts write: JSON lines of Claude Code (`type`, `message`) and Codex (`response_item` with
a `payload`), Gemini's `type: gemini`, and `role` with `content`. Only text counts, not the results of tools.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from graphmem.deferred_dataclass import dataclass
from graphmem.sources.transcripts.turns import Speaker, TranscriptTurn

MAX_LINE_BYTES = 4 << 20
_SPEAKERS = {
    "user": Speaker.USER,
    "human": Speaker.USER,
    "assistant": Speaker.ASSISTANT,
    "gemini": Speaker.ASSISTANT,
    "model": Speaker.ASSISTANT,
}
_TEXTS = frozenset({"text", "input_text", "output_text"})


@dataclass(frozen=True, slots=True)
class Transcript:
    """The parsed part of a transcript.

    Attributes:
        turns: The turns with text, numbered from the first line of the file.
        session: The id of the conversation as the transcript names it; empty if it names none.
        skipped: The number of lines that are not of a known form.
        end: The byte after the last complete line: the next reading begins there.
        is_unfinished: Whether a line after `end` is half written, so that the next reading reads it.
        is_document: Whether the file is a single JSON document, in which turns are numbered by message.
    """

    turns: tuple[TranscriptTurn, ...]
    session: str
    skipped: int
    end: int
    is_unfinished: bool = False
    is_document: bool = False

    def turns_from(self, content: bytes, start: int) -> tuple[TranscriptTurn, ...]:
        """Return the turns in lines that end after a byte of the file; all turns of a single document."""
        first = 1 if self.is_document else content.count(b"\n", 0, start) + 1
        return tuple(turn for turn in self.turns if turn.number >= first)


def read_transcript(content: bytes, *, start: int = 0, first: int = 1) -> Transcript:
    """Return the turns of a transcript from a byte on.

    A last line without a line break is read if it is complete JSON, and left for the next reading if it is not.

    Args:
        content: The bytes of the file from its beginning.
        start: The byte to begin at, as an earlier reading returned it.
        first: The number of the first line read.
    """
    whole = _document(content) if start == 0 else None
    if whole is not None:
        said = tuple(_turns(whole))
        return Transcript(said, _session(whole), 0 if said else 1, len(content), is_document=True)
    turns, skipped, session, end, number = list[TranscriptTurn](), 0, "", start, first
    while end < len(content):
        mark = content.find(b"\n", end)
        is_last = mark < 0
        line = content[end:] if is_last else content[end:mark]
        value = _value(line)
        if value is None and is_last:
            break
        end = len(content) if is_last else mark + 1
        if value is None:
            skipped += bool(line.strip())
        else:
            session = session or _session(value)
            turn = _turn(value, number)
            if turn is not None:
                turns.append(turn)
        number += 1
    return Transcript(tuple(turns), session, skipped, end, bool(content[end:].strip()))


def turns_of(messages: Iterable[Mapping[str, object]]) -> tuple[TranscriptTurn, ...]:
    """Return the turns of messages in any of the forms, without entries other than messages of a user or assistant."""
    found = (_turn(message, number) for number, message in enumerate(messages, 1))
    return tuple(turn for turn in found if turn is not None)


def _document(content: bytes) -> object | None:
    """Return a file that is a single JSON document of messages; None if it is lines."""
    first, _, rest = content.partition(b"\n")
    if content.lstrip()[:1] not in {b"[", b"{"} or (_value(first) is not None and rest.strip()):
        return None
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, list) or (isinstance(value, dict) and "messages" in value) else None


def _turns(value: object) -> Iterator[TranscriptTurn]:
    messages = value.get("messages") if isinstance(value, dict) else value
    return iter(turns_of(_mapping(message) for message in (messages if isinstance(messages, list) else ())))


def _value(line: bytes) -> Mapping[str, object] | None:
    if len(line) > MAX_LINE_BYTES:
        return None
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _turn(line: Mapping[str, object], number: int) -> TranscriptTurn | None:
    if line.get("isMeta") or line.get("isSidechain") or line.get("isCompactSummary"):
        return None
    inner = next((line[name] for name in ("message", "payload") if isinstance(line.get(name), dict)), line)
    message = _mapping(inner)
    speaker = _SPEAKERS.get(str(message.get("role") or message.get("type") or line.get("type")))
    text = _text(message.get("content", message.get("text")))
    if speaker is None or not text.strip():
        return None
    return TranscriptTurn(speaker, text, number, _time(line.get("timestamp") or message.get("timestamp")))


def _text(content: object) -> str:
    if isinstance(content, str):
        return _valid(content)
    parts = [_mapping(part) for part in content] if isinstance(content, list) else []
    is_result = any(part.get("type") == "tool_result" for part in parts)
    texts = [part.get("text") for part in parts if part.get("type", "text") in _TEXTS and not is_result]
    return "\n\n".join(_valid(text) for text in texts if isinstance(text, str))


def _session(value: object) -> str:
    fields = _mapping(value)
    payload = _mapping(fields.get("payload"))
    named = fields.get("sessionId") or fields.get("session_id") or (payload.get("id") if "cwd" in payload else None)
    return _valid(named)[:200] if isinstance(named, str) else ""


def _time(value: object) -> datetime | None:
    if not isinstance(value, str) or len(value) > 40:  # noqa: PLR2004
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _valid(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
