"""A transcript on this machine as it is captured: statements by rule, and what the user's language model reads.

A memory's server gets the sentences that make a statement, not the transcript. The endpoint that the user names gets
what `graphmem.extraction.sent_turns` passes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from graphmem.capture_rules import CapturePolicy
from graphmem.deferred_dataclass import dataclass
from graphmem.service import Write
from graphmem.sources.transcripts import (
    ExplicitStatement,
    Message,
    Transcript,
    TranscriptTurn,
    explicit_statements,
    read_transcript,
    sentences_with,
)
from graphmem.sources.transcripts.quoted_statements import (
    ModelReading,
    QuotedStatement,
    StatementModel,
    with_quotes,
)
from graphmem.sources.transcripts.tracked_texts import TrackedTexts

if TYPE_CHECKING:
    from graphmem.service import GraphMemory
    from graphmem.service.captured_statements import CaptureReport

_TRACKED = "stands in a tracked file"


@dataclass(slots=True)
class TranscriptReading:
    """The statements of a transcript that no tracked file of the repository around a folder makes.

    Attributes:
        content: The bytes of the transcript.
        transcript: Its turns.
        statements: Those by rule.
        dropped: The number of statements that were left out, by reason.
    """

    content: bytes
    transcript: Transcript
    statements: list[ExplicitStatement]
    dropped: Counter[str] = field(default_factory=Counter)
    _texts: TrackedTexts | None = None

    @classmethod
    def of(cls, content: bytes, folder: Path) -> TranscriptReading:
        """Return the reading of a transcript."""
        transcript, texts = read_transcript(content), TrackedTexts(folder)
        said = [statement for turn in transcript.turns for statement in explicit_statements(turn)]
        new = [statement for statement in said if not texts.say(statement.title)]
        dropped = Counter({_TRACKED: len(said) - len(new)} if len(new) < len(said) else {})
        return cls(content, transcript, new, dropped, texts)

    def captured(
        self,
        memory: GraphMemory,
        model: StatementModel | None,
        *,
        start: int = 0,
        session: str = "",
        policy: CapturePolicy | None = None,
        write: Write | None = None,
    ) -> CaptureReport:
        """Record the statements, and those that a language model reads in the turns from a byte on.

        Args:
            memory: Where they are recorded.
            model: Reads statements; None for those by rule alone.
            start: The byte from which no model has read the transcript.
            session: The id of the conversation; by default the transcript's.
            policy: As for `GraphMemory.capture`.
            write: Scope, actor and reason of the memories.
        """
        turns = self.transcript.turns_from(self.content, start)
        is_read = model is not None and policy != CapturePolicy.REFUSE and bool(turns)
        reading = model.statements_in(turns) if is_read and model is not None else ModelReading()
        dropped = self.dropped + Counter(reading.dropped)
        quoted = self._quoted(reading, turns, dropped)
        report = memory.capture(
            self._messages(quoted),
            session=session or self.transcript.session,
            policy=policy,
            quoted=quoted,
            write=write,
        )
        return replace(
            report,
            dropped=dict(dropped + Counter(report.dropped)),
            turns=len(self.transcript.turns),
            unread=reading.failure,
        )

    def _quoted(
        self, reading: ModelReading, turns: Sequence[TranscriptTurn], dropped: Counter[str]
    ) -> list[QuotedStatement]:
        """Return the model's statements with true quotes that no tracked file makes."""
        quoted = []
        for said in with_quotes(reading.statements, turns, dropped):
            if self._texts is not None and (self._texts.say(said.title) or self._texts.say(said.quote)):
                dropped[_TRACKED] += 1
                continue
            quoted.append(
                QuotedStatement(
                    said.title, said.quote, said.turn.number, said.turn.speaker, said.kind, said.reason, said.rejected
                )
            )
        return quoted

    def _messages(self, quoted: Sequence[QuotedStatement]) -> list[Message]:
        """Return a message for each turn with a statement: its sentences with statements, in paragraphs of their own.

        Rules read a sentence alone as they read it in its turn. One that counts by its place comes last, below lines
        that make such a place.
        """
        turns = {turn.number: turn for turn in self.transcript.turns}
        sentences: dict[int, dict[str, None]] = {}
        for statement in self.statements:
            sentences.setdefault(statement.turn.number, {})[statement.excerpt or statement.quote] = None
        for said in quoted:
            # A quote over several sentences stays in one piece.
            piece = " ".join(sentences_with(said.quote, turns[said.number].text))
            sentences.setdefault(said.number, {})[piece] = None
        return [
            Message(turns[number].speaker, "\n\n".join(_whole(texts)), number, turns[number].said_at)
            for number, texts in sorted(sentences.items())
        ]


def _whole(texts: Iterable[str]) -> list[str]:
    """Return the texts that are in no other, those of one line first."""
    listed = list(texts)
    whole = [text for text in listed if not any(text != other and text in other for other in listed)]
    return sorted(whole, key=lambda text: "\n" in text)
