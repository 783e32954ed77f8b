"""How one memory relates to another, in words: one table for the command line, the page, agents and sentences.

A relation is told from one side of it. `relation_words` gives what stands before the name of the other memory and what
stands after it, so that a surface may quote, link or mark the name: ("superseded by", " on 2025-09-01").
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from graphmem.vocabulary import LinkKind, SupersessionKind


class Side(StrEnum):
    """From which memory of a supersession it is told."""

    NEW = "new"
    OLD = "old"


class Effect(StrEnum):
    """What a declared supersession does at the asked point, which follows from how both of its sides stand there.

    `NAMED` is for a memory that says of itself that it is superseded, by one that is not in force.
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
    """What stands before the other memory's name, and after it; `after` is empty or begins with a blank or comma."""

    before: str
    after: str = ""

    def around(self, name: str, part: str | None = None) -> str:
        """The phrase with the other memory's name in it, and the part of that which is concerned."""
        return f"{self.before} {name}{f' ({part})' if part else ''}{self.after}"


class Dates(NamedTuple):
    """The dates that a phrase may tell, already written; empty if there is none."""

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
    """The phrase for one supersession as seen from one of its sides.

    Args:
        kind: Update, correction or amendment.
        side: Which of both is told about.
        effect: What it does at the asked point.
        dates: When it begins and ends, as far as that is known.
        status: Of a successor that is only named: how it stands itself, such as `only deferred` or `rejected`.
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


#: Over several supersessions; {count} is how many memories stand between both.
_CHAINED = {
    Side.NEW: Words("supersedes", ", through {count}"),
    Side.OLD: Words("comes before", ", through {count}"),
    None: Words("is in one chain with", ", through {count}"),
}


def chain_words(side: Side | None, count: int) -> Words:
    """The phrase for a relation over several supersessions.

    Args:
        side: `NEW` if all of them are in effect and lead to the memory that is told about, `OLD` if all lead away from
            it, None for any other way.
        count: How many memories stand between both.
    """
    before, after = _CHAINED[side]
    return Words(before, after.format(count="1 other" if count == 1 else f"{count} others"))


#: The rules of precedence, each with what it says.
RULE_WORDS = {
    "class of trust": "what people, documents, commits and agents say leads",
    "mandatory": "what is mandatory leads",
    "mandatory width": "of two mandatory ones the wider scope leads",
    "branch": "the nearer branch leads",
    "scope": "the narrower scope leads",
    "trust of origin": "the more trusted origin leads",
    "start": "the later start leads",
    "observed at": "the later observation leads",
    "digest of id": "nothing else decides, so an arbitrary but fixed order does",
}


def rule_words(rule: str) -> str:
    """A rule of precedence with what it says; an unknown rule is its name alone."""
    return f"{rule}: {RULE_WORDS[rule]}" if rule in RULE_WORDS else rule


def precedence_words(*, is_head: bool, rule: str) -> Words:
    """The phrase for two memories that are in force for one subject, of which one leads.

    Args:
        is_head: Whether the one that leads is told about.
        rule: By which rule it leads.
    """
    return Words("overrules" if is_head else "overruled by", f" ({rule_words(rule)})")


#: What a ledger entry recorded, whatever came of it since.
RECORDED_WORDS = {kind: verb.present for kind, verb in _VERBS.items()}

#: What an answer is to a memory that is not in force itself, by the standing of that answer (`graphmem.temporal`).
RESOLVED_WORDS = {
    "holds": "in force in its place",
    "not yet in force": "not in force yet",
    "named as successor, not in force itself": "named as successor, not in force itself",
    "nothing holds now; last was this": "last of its chain",
}

#: A typed link from its source's side, and from its target's.
LINK_WORDS = {
    LinkKind.DEPENDS_ON: ("depends on", "needed by"),
    LinkKind.IMPLEMENTS: ("implements", "implemented by"),
    LinkKind.REFINES: ("refines", "refined by"),
    LinkKind.FIXES: ("fixes", "fixed by"),
    LinkKind.CONFLICTS_WITH: ("conflicts with", "conflicts with"),
}


def link_words(kind: LinkKind, *, is_outgoing: bool) -> str:
    """A typed link as told from one of its sides."""
    return LINK_WORDS[kind][0 if is_outgoing else 1]
