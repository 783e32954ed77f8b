"""Phrases for the relations between memories: a single table for the command line, the page, agents and sentences.

A phrase is written from the viewpoint of one memory. `relation_words` returns the text before and after the name of the
other memory, so that a surface can quote, link or mark the name: ("superseded by", " on 2025-09-01").
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from graphmem.vocabulary import LinkKind, SupersessionKind


class Side(StrEnum):
    """The memory of a supersession from whose viewpoint a phrase is written."""

    NEW = "new"
    OLD = "old"


class Effect(StrEnum):
    """The effect of a declared supersession at the requested point, which depends on the states of both memories.

    `NAMED` is for a memory whose own status is superseded although its named successor is not in force.
    """

    IN_EFFECT = "in effect"
    TO_COME = "to come"
    OVER = "over"
    PROPOSED = "proposed"
    DEFERRED = "deferred"
    REJECTED = "rejected"
    RETRACTED = "retracted"
    CORRECTED = "corrected"
    UNUSED = "unused"
    NAMED = "named"


class Words(NamedTuple):
    """The text before and after the other memory's name; `after` is empty or begins with a space or a comma."""

    before: str
    after: str = ""

    def around(self, name: str, part: str | None = None) -> str:
        """Return the phrase with the other memory's name, and the part of that memory if the relation is partial."""
        return f"{self.before} {name}{f' ({part})' if part else ''}{self.after}"


class Dates(NamedTuple):
    """Formatted dates for a phrase; empty strings for missing dates."""

    on: str = ""
    until: str = ""


class _Verb(NamedTuple):
    infinitive: str
    present: str
    participle: str


_VERBS = {
    SupersessionKind.UPDATE: _Verb("supersede", "supersedes", "superseded"),
    SupersessionKind.CORRECTION: _Verb("correct", "corrects", "corrected"),
    SupersessionKind.AMENDMENT: _Verb("amend", "amends", "amended"),
}

#: `{on}` is " on DATE", `{since}` " since DATE", `{until}` " until DATE"; each is empty without its date.
_TABLE: dict[tuple[Effect, Side], tuple[str, str]] = {
    (Effect.IN_EFFECT, Side.NEW): ("{present}", "{since}{until}"),
    (Effect.IN_EFFECT, Side.OLD): ("{participle} by", "{on}{until}"),
    (Effect.TO_COME, Side.NEW): ("will {infinitive}", "{on}{until}"),
    (Effect.TO_COME, Side.OLD): ("will be {participle} by", "{on}{until}"),
    (Effect.OVER, Side.NEW): ("formerly {participle}", "{on}{until}"),
    (Effect.OVER, Side.OLD): ("formerly {participle} by", "{on}{until}"),
    (Effect.PROPOSED, Side.NEW): ("proposed to {infinitive}", ""),
    (Effect.PROPOSED, Side.OLD): ("proposed to be {participle} by", ""),
    (Effect.DEFERRED, Side.NEW): ("would {infinitive}", ", but is deferred"),
    (Effect.DEFERRED, Side.OLD): ("would be {participle} by", ", which is deferred"),
    (Effect.REJECTED, Side.NEW): ("was to {infinitive}", ", but was rejected"),
    (Effect.REJECTED, Side.OLD): ("was to be {participle} by", ", which was rejected"),
    (Effect.RETRACTED, Side.NEW): ("was to {infinitive}", ", but was retracted"),
    (Effect.RETRACTED, Side.OLD): ("was to be {participle} by", ", which was retracted"),
    (Effect.CORRECTED, Side.NEW): ("was to {infinitive}", ", but was itself corrected"),
    (Effect.CORRECTED, Side.OLD): ("was to be {participle} by", ", which was itself corrected"),
    (Effect.UNUSED, Side.NEW): ("was to {infinitive}", ", but ended without having been in force"),
    (Effect.UNUSED, Side.OLD): ("was to be {participle} by", ", which ended without having been in force"),
    (Effect.NAMED, Side.NEW): ("named as successor of", ", itself {status}"),
    (Effect.NAMED, Side.OLD): ("names as its successor", ", itself {status}"),
}


def relation_words(
    kind: SupersessionKind,
    side: Side,
    effect: Effect,
    dates: Dates | None = None,
    *,
    status: str = "only proposed",
) -> Words:
    """Return the phrase for a supersession from the viewpoint of one side.

    Args:
        kind: Update, correction or amendment.
        side: The side whose viewpoint is taken.
        effect: The effect at the requested point.
        dates: The start and end, if known.
        status: The standing of a successor that is only named, for example `only deferred` or `rejected`.
    """
    on, until = dates or Dates()
    filling = {
        **_VERBS[kind]._asdict(),
        "on": f" on {on}" if on else "",
        "since": f" since {on}" if on else "",
        "until": f" until {until}" if until else "",
        "status": status,
    }
    before, after = _TABLE[effect, side]
    return Words(before.format_map(filling), after.format_map(filling))


#: For relations over several supersessions; {count} is the number of memories in between.
_CHAINED = {
    Side.NEW: Words("supersedes", ", through {count}"),
    Side.OLD: Words("comes before", ", through {count}"),
    None: Words("is in one chain with", ", through {count}"),
}


def chain_words(side: Side | None, count: int) -> Words:
    """Return the phrase for a relation over several supersessions.

    Args:
        side: `NEW` if all are in effect and lead to this memory, `OLD` if all lead away from it, None otherwise.
        count: The number of memories in between.
    """
    before, after = _CHAINED[side]
    return Words(before, after.format(count="1 other" if count == 1 else f"{count} others"))


#: The rules of precedence, each with an explanation.
RULE_WORDS = {
    "class of trust": "statements of people, documents, commits and agents lead",
    "mandatory": "a mandatory memory leads",
    "mandatory width": "of two mandatory memories the wider scope leads",
    "branch": "the nearer branch leads",
    "scope": "the narrower scope leads",
    "trust of origin": "the more trusted origin leads",
    "start": "the later start leads",
    "observed at": "the later observation leads",
    "digest of id": "no other rule decides, so a fixed arbitrary order does",
}


def rule_words(rule: str) -> str:
    """Return a rule of precedence with its explanation; an unknown rule is returned as it is."""
    return f"{rule}: {RULE_WORDS[rule]}" if rule in RULE_WORDS else rule


def precedence_words(*, is_head: bool, rule: str) -> Words:
    """Return the phrase for two memories in force for the same subject.

    Args:
        is_head: Whether this memory leads.
        rule: The rule that decides.
    """
    return Words("overrules" if is_head else "overruled by", f" ({rule_words(rule)})")


#: The verb of a recorded supersession, independent of its later effect.
RECORDED_WORDS = {kind: verb.present for kind, verb in _VERBS.items()}

#: The relation of an answer to a memory that is not in force, by the answer's `Standing` value.
RESOLVED_WORDS = {
    "holds": "in force in its place",
    "not yet in force": "not in force yet",
    "named as successor, not in force itself": "named as successor, not in force itself",
    "nothing holds now; last was this": "last of its chain",
}

#: Verbs of typed links, for the source's side and the target's.
LINK_WORDS = {
    LinkKind.DEPENDS_ON: ("depends on", "needed by"),
    LinkKind.IMPLEMENTS: ("implements", "implemented by"),
    LinkKind.REFINES: ("refines", "refined by"),
    LinkKind.FIXES: ("fixes", "fixed by"),
    LinkKind.CONFLICTS_WITH: ("conflicts with", "conflicts with"),
}


def link_words(kind: LinkKind, *, is_outgoing: bool) -> str:
    """Return the verb of a typed link, seen from one of its sides."""
    return LINK_WORDS[kind][0 if is_outgoing else 1]
