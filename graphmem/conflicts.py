"""Open conflicts: memories in force that cannot all be right, and the ways to settle them."""

from __future__ import annotations

from enum import StrEnum

from graphmem.answers import Card, Interval
from graphmem.deferred_dataclass import dataclass
from graphmem.digests import sha256
from graphmem.model import Point, Provenance

_ID_CHARS = 10


class Settlement(StrEnum):
    """A way to settle a conflict.

    `supersede`: one claim supersedes the others from now on. `correct`: the others were never right. `both`: all claims
    stay in force; only for a recorded conflict, whose record is revoked.
    """

    SUPERSEDE = "supersede"
    CORRECT = "correct"
    BOTH = "both"


class FoundBy(StrEnum):
    """The rule by which a conflict was found.

    `subject`: several memories in force for a subject in one scope. `fork`: several successors of a memory, after a
    merge. `link`: a recorded conflict. `option`: one claim chose an option that the other rejected. `negation`: equal
    words, negated in one claim. `value`: equal words but for a number.
    """

    SUBJECT = "subject"
    FORK = "fork"
    LINK = "link"
    OPTION = "option"
    NEGATION = "negation"
    VALUE = "value"


@dataclass(frozen=True, slots=True)
class OpenConflict:
    """A conflict that is not settled.

    Attributes:
        id: The conflict's id; it changes with the claims.
        found_by: The rule by which it was found.
        what: The subject, the id of the forked memory or of the first claim, the key of the option, or the words that
            the claims have in common.
        claims: The memories in conflict; the first would lead, by `rule`.
        evidence: For each claim, its writer, source and reason.
        rule: The rule of precedence that would decide; empty if none does.
        overlap: The intervals in which all claims are in force.
        ways: Commands that settle the conflict.
    """

    id: str
    found_by: FoundBy
    what: str
    claims: tuple[Card, ...]
    evidence: tuple[Provenance, ...]
    rule: str
    overlap: tuple[Interval, ...]
    ways: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Conflicts:
    """The open conflicts at a point."""

    conflicts: tuple[OpenConflict, ...]
    at: Point


def conflict_id(found_by: FoundBy, claims: tuple[str, ...]) -> str:
    """Return the id of the conflict between some memories."""
    digest = sha256("\x1f".join([found_by, *sorted(claims)]).encode("utf-8", "surrogatepass")).hexdigest()
    return f"c-{digest[:_ID_CHARS]}"


def ways_to_settle(conflict: str, found_by: FoundBy, claims: tuple[str, ...]) -> tuple[str, ...]:
    """Return the commands that settle a conflict, without their reason."""
    winners = [f"graphmem settle {conflict} supersede --winner {claim} --reason …" for claim in claims]
    stay = [f"graphmem settle {conflict} both --reason …"] if found_by is FoundBy.LINK else []
    return (*winners, *stay)
