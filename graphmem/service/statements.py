"""Statements made from texts and from other statements, and the notes on a write that was recorded as a proposal."""

from __future__ import annotations

from graphmem.deferred_dataclass import replace
from graphmem.model import Change, Kind, Origin, Propose, Statement, Supersede
from graphmem.statement_text import title_and_body


class StatementText(str):
    """A text that `supersede` always takes as a new statement, even if it equals the id of a memory."""

    __slots__ = ()


def statement_from(content: Statement | str, kind: Kind) -> Statement:
    """Return a statement; of a text, the first line is the title and the rest is the body.

    Args:
        content: A text, or a statement, returned unchanged.
        kind: The kind of the statement that is made from a text.
    """
    if isinstance(content, Statement):
        return content
    title, body = title_and_body(content)
    return Statement(title=title, body=body, kind=kind)


def restated(text: str, old: Statement, speaker: Origin = Origin.HUMAN) -> Statement:
    """Return a new statement about the subject of an old one.

    Kind, subject, labels, language and anchors are taken from the old statement; rationale, aliases, alternatives and
    the date of observation are not. Confidence is 1, and the new statement is not mandatory.

    Args:
        text: The new words: the first line is the title, the rest is the body.
        old: The old statement.
        speaker: The origin of the new statement.
    """
    title, body = title_and_body(text)
    about = replace(old, title=title, body=body, rationale="", aliases=(), alternatives=(), observed_at=None)
    return replace(about, origin=speaker, confidence=1.0, is_mandatory=False)


def copied_statement(old: Statement, speaker: Origin) -> Statement:
    """Return a statement with the less trusted of its own origin and the speaker's.

    It stays mandatory only if that origin may make statements mandatory.
    """
    origin = min(old.origin, speaker, key=lambda candidate: candidate.trust)
    return replace(old, origin=origin, is_mandatory=old.is_mandatory and origin.may_mandate)


def notes_on(change: Change) -> tuple[str, ...]:
    """Return the notes on a ledger entry: for a proposal, the reason and how to accept it; otherwise none."""
    if not isinstance(change.operation, Propose):
        return ()
    proposed = change.operation.asked
    why = f"{change.provenance.origin.value!r} is not trusted enough for it"
    if isinstance(proposed, Supersede) and change.provenance.origin.is_trusted:
        why = "the new words are not trusted enough for it, or the old ones are mandatory"
    accepting = "to accept it, a more trusted author must make the same change in their own words"
    return (f"only a proposal was recorded and nothing changed, since {why}; {accepting}",)
