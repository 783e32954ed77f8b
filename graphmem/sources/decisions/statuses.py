"""The words that records use for their state, with misspelt words and emoji."""

from __future__ import annotations

import difflib
import re

from graphmem.deferred_dataclass import dataclass
from graphmem.model import Status

_WORDS: dict[Status | None, tuple[str, ...]] = {
    Status.PROPOSED: (
        "proposed", "proposal", "draft", "drafted", "pending", "in review", "under review", "review", "rfc", "wip",
        "in discussion", "under discussion", "open", "incomplete", "provisional", "provisionally accepted", "suggested",
        "idea", "candidate", "tentative", "tentatively accepted", "in progress", "request for comments", "proto",
        "work in progress", "to be decided", "tbd", "todo", "undecided", "new", "initial", "active review", "last call",
        "awaiting review", "scheduled for review", "awaiting approval", "protoxep",
    ),
    Status.DEFERRED: ("deferred", "on hold", "postponed", "paused", "parked", "shelved", "stalled", "delayed",
                      "stagnant", "dormant"),
    Status.ACTIVE: (
        "accepted", "approved", "adopted", "active", "final", "finalised", "finalized", "decided", "agreed",
        "implemented", "implementable", "in force", "in effect", "in use", "done", "complete", "completed", "ratified",
        "enacted", "living", "stable", "current", "experimental", "amended", "updated", "revised", "clarified", "valid",
        "enforced", "effective", "confirmed", "resolved", "published", "standard", "partially implemented",
        "informational", "activated", "enabled", "deployed", "released", "merged", "recommended",
    ),
    Status.REJECTED: (
        "rejected", "declined", "withdrawn", "not accepted", "not approved", "abandoned", "dismissed", "cancelled",
        "canceled", "not adopted", "denied", "dropped", "closed", "discarded", "wontfix", "won't do", "april fool",
    ),
    Status.ENDED: (
        "deprecated", "obsolete", "obsoleted", "retired", "expired", "removed", "no longer", "retracted", "revoked",
        "archived", "outdated", "sunset", "historical", "historic", "inactive", "reverted", "reversed", "rescinded",
    ),
    None: ("superseded", "superceded", "superceeded", "replaced", "supplanted", "overridden"),
}  # fmt: skip
#: Words with another meaning in a series of records, by its prefix.
_IN_SERIES: dict[str, dict[str, Status]] = {
    "XEP": {
        "draft": Status.ACTIVE, "experimental": Status.PROPOSED, "protoxep": Status.PROPOSED,
        "retracted": Status.REJECTED,
    },
}  # fmt: skip
_BY_WORD = {word: status for status, words in _WORDS.items() for word in words}
_SINGLE = [word for word in _BY_WORD if " " not in word and len(word) >= len("accepted")]
_LONGEST_FIRST = sorted(_BY_WORD, key=len, reverse=True)
_PHRASE = re.compile(r"(?:" + "|".join(re.escape(word) for word in _LONGEST_FIRST) + r")(?![\w'])", re.IGNORECASE)
_EMOJI: dict[str, Status | None] = {
    "\u2705": Status.ACTIVE, "\u2714": Status.ACTIVE, "\u2611": Status.ACTIVE, "\U0001f7e2": Status.ACTIVE,
    "\u267b": Status.ACTIVE, "\u274c": Status.REJECTED, "\u26d4": Status.REJECTED, "\U0001f6ab": Status.REJECTED,
    "\U0001f534": Status.REJECTED, "\u231b": None, "\u23f3": None, "\U0001f914": Status.PROPOSED,
    "\U0001f6a7": Status.PROPOSED, "\U0001f4dd": Status.PROPOSED, "\U0001f7e1": Status.PROPOSED,
    "\u23f8": Status.DEFERRED, "\U0001f5d1": Status.ENDED, "\u26b0": Status.ENDED,
}  # fmt: skip
_LEAD = re.compile(
    r"^(?:[\W_]*(?:originally|initially|first|previously|formerly|currently|now|was|is|has been|been|fully|"
    r"status(?: of this \w+)?)\b)*[\W_]*",
    re.IGNORECASE,
)
_PARTLY = re.compile(r"^(?:partly|partially|in part|provisionally|temporarily|conditionally)[ -]+", re.IGNORECASE)
_FUZZY = 0.84


@dataclass(frozen=True, slots=True)
class StatusWord:
    """A state in a record's own words.

    Attributes:
        status: None for superseded, which is not a state: the supersessions give its meaning.
        word: As the record writes it.
        is_partial: Superseded only in part or for a while, so the record stays in force otherwise.
        is_revision: The text was revised, and its state did not change.
        end: Where the word ends in the text that was read.
    """

    status: Status | None
    word: str
    is_partial: bool = False
    is_revision: bool = False
    end: int = 0


def leading_status(text: str) -> StatusWord | None:
    """The state that `text` begins with, None if it begins with none or quotes a template's choices."""
    if is_template(text):
        return None
    start = _lead_length(text)
    rest = text[start:]
    partly = _PARTLY.match(rest)
    offset = partly.end() if partly else 0
    result = _PHRASE.match(rest, offset)
    word = result.group() if result else _misspelt(rest[offset:])
    if word is None:
        return _emoji(text)
    is_superseded = _status_of(word) is None
    if partly and not is_superseded and rest[: partly.end()].lower().startswith(("prov", "tent")):
        return StatusWord(Status.PROPOSED, rest[: offset + len(word)], end=start + offset + len(word))
    return StatusWord(
        _status_of(word),
        rest[: offset + len(word)],
        is_partial=bool(partly) and is_superseded,
        is_revision=word.lower() in {"amended", "updated", "revised", "clarified"},
        end=start + offset + len(word),
    )


def in_series(word: str, prefix: str) -> Status | None:
    """The meaning of a word in the series of a prefix like `XEP`; None if the series gives it none of its own."""
    return _IN_SERIES.get(prefix.upper(), {}).get(word.strip().lower())


def is_template(text: str) -> bool:
    """True if `text` lists the states to choose from, like an unfilled template."""
    choices = [part for part in re.split(r"[|/]", text) if _PHRASE.match(part.strip(" \t*_`{}[]<>()\"'"))]
    return len(choices) > 1 and ("|" in text or len(choices) > len(("a", "b")))


def _lead_length(text: str) -> int:
    match = _LEAD.match(text)
    return match.end() if match else 0


def _status_of(word: str) -> Status | None:
    lower = word.lower()
    if lower in _BY_WORD:
        return _BY_WORD[lower]
    return _BY_WORD[difflib.get_close_matches(lower, _SINGLE, 1, _FUZZY)[0]]


def _misspelt(text: str) -> str | None:
    match = re.match(r"[A-Za-z]{6,14}(?![\w'])", text)
    if (
        match
        and not match.group().lower().endswith("s")
        and difflib.get_close_matches(match.group().lower(), _SINGLE, 1, _FUZZY)
    ):
        return match.group()
    return None


def _emoji(text: str) -> StatusWord | None:
    for position, sign in enumerate(text[:8]):
        if sign in _EMOJI:
            return StatusWord(_EMOJI[sign], sign, end=position + 1)
    return None
