"""The part of a conversation that a language model is sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from graphmem.secrets.redaction import without_secrets
from graphmem.sources.transcripts import TranscriptTurn, spoken

#: Characters of turns in a call: about 5,000 tokens, which small local models take.
PART_CHARS = 20_000


def sent_turns(turns: Iterable[TranscriptTurn]) -> Iterator[TranscriptTurn]:
    """Yield the turns with the words that may be sent: those of the speaker, without secrets; empty ones are left out.

    Secrets are replaced even if the gate before writes is switched off.
    """
    for turn in turns:
        text = without_secrets(spoken(turn.text)).strip()
        if text:
            yield replace(turn, text=text)


def parts_of(turns: Iterable[TranscriptTurn], most_chars: int = PART_CHARS) -> Iterator[Sequence[TranscriptTurn]]:
    """Yield the turns in parts of limited length; a longer turn is cut, and each piece has its number."""
    part: list[TranscriptTurn] = []
    size = 0
    for turn in turns:
        for start in range(0, len(turn.text), most_chars):
            piece = replace(turn, text=turn.text[start : start + most_chars])
            if part and size + len(piece.text) > most_chars:
                yield part
                part, size = [], 0
            part.append(piece)
            size += len(piece.text)
    if part:
        yield part
