"""Statements and their lives from the words of another memory; words that make no statement are reported."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from graphmem.deferred_dataclass import dataclass
from graphmem.errors import InvalidInput
from graphmem.model import Anchor, AnchorKind, Kind, Move, Origin, Statement, Status
from graphmem.sources.memories.export import ExportedItem, Gathered
from graphmem.sources.observations import Observation
from graphmem.statement_text import title_and_body

REFUSED = "graphmem does not take it"
NOT_UNICODE = "text that is no Unicode"
_FIRST, _INSTANT = datetime.min.replace(tzinfo=UTC), timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceWords:
    """The words of a statement in a source, with their attributes.

    Attributes:
        key: See `graphmem.sources.observations.Observation`.
        text: The first line becomes the title, the rest the body.
    """

    key: str
    text: str
    path: str
    line: int
    kind: Kind = Kind.FACT
    origin: Origin = Origin.AGENT
    aliases: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    anchors: tuple[tuple[AnchorKind, str], ...] = ()
    observed_at: datetime | None = None
    is_present: bool = True
    is_partial: bool = False


@dataclass(frozen=True, slots=True)
class Lifetime:
    """The time for which words are in force.

    Attributes:
        start: None if the source has no date.
        changed_at: Time of the last change of the words, if later than the start.
        end: Time of the end, with the word of the source.
    """

    start: datetime | None = None
    changed_at: datetime | None = None
    end: tuple[datetime, str] | None = None

    def moves(self, read_at: datetime) -> tuple[Move, ...]:
        """The life as moves.

        If the start is unknown and the end is past, the start is the instant before the end, so that a later reading
        gives the same moves.
        """
        if self.end is None:
            return (Move(Status.ACTIVE, self.start or read_at),)
        at, word = self.end
        start = self.start or min(read_at, max(at, _FIRST + _INSTANT) - _INSTANT)
        return (Move(Status.ACTIVE, start), Move(Status.ENDED, max(at, start), ordinal=1, source_word=word))


def keep(
    gathered: Gathered,
    words: SourceWords,
    life: Lifetime,
    read_at: datetime,
    *,
    user: str | None = None,
    is_owner_named: bool = True,
) -> bool:
    """Add a statement to `gathered`, or a loss with the reason; True if the statement was added."""
    try:
        words.text.encode("utf-8")
        statement = _statement(words)
    except UnicodeEncodeError:
        gathered.pass_over(words.path, words.line, NOT_UNICODE)
        return False
    except InvalidInput as refusal:
        gathered.pass_over(words.path, words.line, REFUSED, refusal)
        return False
    moves = life.moves(read_at)
    observation = Observation(
        key=words.key,
        statement=statement,
        moves=moves,
        path=words.path,
        line=words.line,
        is_dated=life.start is not None,
        changed_at=life.changed_at or moves[0].at,
        is_present=words.is_present,
        is_partial=words.is_partial,
    )
    gathered.items.append(ExportedItem(observation, user, is_owner_named))
    return True


def _statement(words: SourceWords) -> Statement:
    title, body = title_and_body(words.text)
    return Statement(
        title=title,
        body=body,
        kind=words.kind,
        origin=words.origin,
        aliases=tuple(dict.fromkeys(words.aliases)),
        labels=tuple(dict.fromkeys(words.labels)),
        anchors=tuple(Anchor(kind, name) for kind, name in words.anchors),
        observed_at=words.observed_at,
    )
