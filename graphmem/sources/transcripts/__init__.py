"""Transcripts of conversations: their turns, and the statements that they make explicitly."""

from graphmem.sources.transcripts.explicit_statements import ExplicitStatement, explicit_statements, sentences_with
from graphmem.sources.transcripts.formats import Transcript, read_transcript, turns_of
from graphmem.sources.transcripts.turns import Message, Speaker, TranscriptTurn, spoken

__all__ = [
    "ExplicitStatement",
    "Message",
    "Speaker",
    "Transcript",
    "TranscriptTurn",
    "explicit_statements",
    "read_transcript",
    "sentences_with",
    "spoken",
    "turns_of",
]
