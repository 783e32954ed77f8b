"""Statements that a model behind an OpenAI-compatible endpoint reads: one structured call for each part of a talk."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

from graphmem.deferred_dataclass import dataclass
from graphmem.extraction.answer_form import INSTRUCTIONS, SCHEMA, statements_of
from graphmem.extraction.completions import Completions, EndpointFailure
from graphmem.extraction.sent_turns import parts_of, sent_turns
from graphmem.sources.transcripts import TranscriptTurn
from graphmem.sources.transcripts.quoted_statements import ModelReading, QuotedStatement


@dataclass(frozen=True, slots=True)
class ChatEndpoint:
    """Reads statements with the model of an endpoint.

    Attributes:
        completions: The endpoint.
    """

    completions: Completions

    def statements_in(self, turns: Sequence[TranscriptTurn]) -> ModelReading:
        """Return the statements that the model reads; after a call that fails, the rest of the turns is left unread."""
        statements: list[QuotedStatement] = []
        dropped = Counter[str]()
        try:
            for part in parts_of(sent_turns(turns)):
                answer = self.completions.object(_messages(part), "statements", SCHEMA)
                statements += statements_of(answer, dropped)
        except EndpointFailure as failure:
            return ModelReading(tuple(statements), dict(dropped), str(failure))
        return ModelReading(tuple(statements), dict(dropped))


def _messages(part: Sequence[TranscriptTurn]) -> list[dict[str, str]]:
    lines = [{"turn": turn.number, "speaker": turn.speaker.value, "text": turn.text} for turn in part]
    return [
        {"role": "system", "content": INSTRUCTIONS},
        {"role": "user", "content": "\n".join(json.dumps(line, ensure_ascii=False) for line in lines)},
    ]
