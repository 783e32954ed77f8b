"""From texts to statements, and what is said of a write that was only proposed."""

from __future__ import annotations

from dataclasses import replace

from graphmem.model import Change, Kind, Origin, Propose, Statement, Supersede
from graphmem.statement_text import title_and_body


class Words(str):
    """A text that supersedes as words, also if a memory has it as its id."""

    __slots__ = ()


def statement_from(said: Statement | str, kind: Kind) -> Statement:
    """A statement, or the one that a text makes: first line the title, the rest the body."""
    if isinstance(said, Statement):
        return said
    title, body = title_and_body(said)
    return Statement(title=title, body=body, kind=kind)


def restated(text: str, old: Statement, speaker: Origin = Origin.HUMAN) -> Statement:
    """New words for what an old statement was about, of the origin of who says them, and bound to nobody."""
    title, body = title_and_body(text)
    about = replace(old, title=title, body=body, rationale="", aliases=(), alternatives=(), observed_at=None)
    return replace(about, origin=speaker, confidence=1.0, is_mandatory=False)


def said_again(old: Statement, speaker: Origin) -> Statement:
    """An old statement in the name of the less trusted of who said it and who says it again."""
    origin = min(old.origin, speaker, key=lambda one: one.trust)
    return replace(old, origin=origin, is_mandatory=old.is_mandatory and origin.may_mandate)


def notes_on(change: Change) -> tuple[str, ...]:
    """What is to be said of an entry: why it is only a proposal, and how that becomes more."""
    if not isinstance(change.operation, Propose):
        return ()
    asked = change.operation.asked
    why = f"{change.provenance.origin.value!r} is not trusted enough for it"
    if isinstance(asked, Supersede) and change.provenance.origin.is_trusted:
        why = "the new words are not trusted enough for it, or the old ones are mandatory"
    accepting = "to accept it, somebody who is trusted enough says the same in their own words"
    return (f"only a proposal was recorded and nothing changed, since {why}; {accepting}",)
