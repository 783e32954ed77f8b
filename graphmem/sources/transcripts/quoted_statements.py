"""Statements that a language model read in a conversation, and the check of their quotes against the turns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from graphmem.deferred_dataclass import dataclass, field
from graphmem.model import Kind
from graphmem.sources.transcripts.explicit_statements import ExplicitStatement
from graphmem.sources.transcripts.turns import Speaker, TranscriptTurn, spoken

#: Limits of a quote and of a title.
MAX_QUOTE_CHARS, MAX_TITLE_CHARS, MAX_REASON_CHARS = 600, 200, 400
_LEAST_QUOTE_WORDS = 3
#: The `rule` of a statement that a model read.
MODEL_RULE = "model"
_NO_TURN, _OTHER_SPEAKER = "no such turn", "another speaker"
_NO_QUOTE, _SHORT, _NO_WORDS = "quote not in its turn", "quote too short or too long", "without a statement"


@dataclass(frozen=True, slots=True)
class QuotedStatement:
    """A statement of a conversation in other words than the speaker's, with the words that it was read in.

    Attributes:
        title: The statement.
        quote: Words of the turn, verbatim but for white space.
        number: The turn, from 1.
        speaker: `user` or `assistant`.
        reason: The reason that the turn gives; empty if it gives none.
        rejected: Options that the turn names as not taken.
    """

    title: str
    quote: str
    number: int
    speaker: Speaker
    kind: Kind = Kind.FACT
    reason: str = ""
    rejected: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "rejected", tuple(self.rejected))


@dataclass(frozen=True, slots=True)
class ModelReading:
    """What a language model read in turns.

    Attributes:
        statements: The statements, unchecked.
        dropped: The number of statements of the model that have no valid form, by reason.
        failure: Why the rest of the turns was not read; empty if all were.
    """

    statements: tuple[QuotedStatement, ...] = ()
    dropped: Mapping[str, int] = field(default_factory=dict)
    failure: str = ""


class StatementModel(Protocol):
    """A language model that reads statements in a conversation."""

    def statements_in(self, turns: Sequence[TranscriptTurn]) -> ModelReading:
        """Return the statements that the model reads in turns; a failure of the model is part of the answer."""
        ...


def with_quotes(
    statements: Iterable[QuotedStatement], turns: Iterable[TranscriptTurn], dropped: Counter[str]
) -> Iterator[ExplicitStatement]:
    """Yield the statements whose quotes are in the words of their turns, and count the others by reason.

    Args:
        statements: As a model gave them.
        turns: The turns that they name by number.
        dropped: Gets the counts.
    """
    numbered = {turn.number: turn for turn in turns}
    spoken_words: dict[int, str] = {}
    for statement in statements:
        turn = numbered.get(statement.number)
        if turn is not None and turn.number not in spoken_words:
            spoken_words[turn.number] = _flat(spoken(turn.text))
        fault = _fault(statement, turn, spoken_words.get(statement.number, ""))
        if fault or turn is None:
            dropped[fault] += 1
        else:
            yield _explicit(statement, turn)


def _fault(statement: QuotedStatement, turn: TranscriptTurn | None, words: str) -> str:
    quote = _flat(statement.quote)
    if turn is None:
        return _NO_TURN
    if turn.speaker != statement.speaker:
        return _OTHER_SPEAKER
    if len(quote) > MAX_QUOTE_CHARS or len(quote.split()) < _LEAST_QUOTE_WORDS:
        return _SHORT
    if quote not in words:
        return _NO_QUOTE
    return "" if 0 < len(_flat(statement.title)) <= MAX_TITLE_CHARS else _NO_WORDS


def _explicit(statement: QuotedStatement, turn: TranscriptTurn) -> ExplicitStatement:
    return ExplicitStatement(
        _flat(statement.quote),
        _flat(statement.title),
        statement.kind,
        _flat(statement.reason)[:MAX_REASON_CHARS],
        tuple(filter(None, map(_flat, statement.rejected))),
        MODEL_RULE,
        turn,
    )


def _flat(text: str) -> str:
    return " ".join(text.split())
