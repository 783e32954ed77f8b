"""Decisions about other records, and references to them, that the grammar of sentences does not cover."""

from __future__ import annotations

import re
from itertools import islice

from graphmem.model import Status
from graphmem.sources.decisions.idioms import REF, SELF
from graphmem.sources.decisions.limits import ENTIRE, LIST, MAX_VERBS, SUPERSEDE, UNREAL
from graphmem.sources.decisions.references import MarkedText
from graphmem.sources.decisions.relations import MarkedSentence, RelationClaim
from graphmem.sources.decisions.statuses import leading_status

#: Words of a decision that act on another record: `We will partly undo ADR-109`, or a title `Revert ADR-7`.
_DECIDES = re.compile(
    rf"(?P<lead>^[\W\d]*|{SELF}\s?[:.\u2013\u2014-][^\w\ue000-\ue002]{{0,8}}"
    r"|\bwe (?:(?:will|shall|now|hereby|are|(?:have )?decided? to)\s)?(?:\b(?:also|therefore|thus|hereby)\s)?)"
    r"(?P<partly>(?:partly|partially|in part)\s)?"
    r"(?P<verb>(?:revert|supersed|overturn|rescind|retir|abandon|amend|revers|replac|withdraw|revok|deprecat)ing"
    r"|undo|revert|reverse|replace|supersede|overturn|rescind|retire|abandon|amend|revoke|deprecate|withdraw|override"
    r"|overrule)"
    rf"(?P<tail>\s[^\ue000-\ue002.;:]{{0,60}})(?P<list>{LIST})(?P<after>['\u2019]s?\s+[\w -]{{1,80}})?",
    re.IGNORECASE,
)
#: The same anywhere in a record, if it names itself: `With this ADR we supersede ADR-7`.
_OWN_DECISION = re.compile(
    rf"\b(?:in|with|by|through) {SELF},? we (?:hereby |now |also |therefore |will )?"
    rf"(?P<verb>supersede|replace|revoke|amend|deprecate|reverse|overturn|rescind)(?P<tail>\s[^\ue000-\ue002.;:]{{0,60}}?)"
    rf"(?P<list>{LIST})(?P<after>['\u2019]s?\s+[\w -]{{1,80}})?(?P<partly>\s+in part\b)?",
    re.IGNORECASE,
)
#: `This record was superseded. Please see ADR-7`, with the pointer in a sentence of its own.
_POINTS = re.compile(
    rf"(?P<lead>^\W*(?:status\W+)?|{SELF}[\w ,]{{0,40}}\b|\bthis (?:is|was|has been) (?:now )?)"
    rf"(?P<verb>{SUPERSEDE}e?d|replaced|obsoleted?)\b"
    rf"(?P<gap>[^\w\ue000]{{1,6}}|\.\s[^\ue000-\ue002]{{1,160}}\.\s)(?:please )?(?:see|refer to|use|read)\b"
    rf"(?P<mid>[\w ,:*_]{{0,40}}?)(?P<list>{LIST})",
    re.IGNORECASE,
)
_POINTS_RIGHT_ON = re.compile(
    rf"[\s\W]{{0,6}}(?:see|use|in|->|=>)?[\s\W]{{0,6}}(?:also|instead)?[\s:]*(?P<list>{LIST})", re.IGNORECASE
)
_POINTS_ON = re.compile(
    rf"[^\w\ue000]{{1,6}}(?:please )?(?:see|use|refer to|read)\b[\s:]*(?:instead\s)?(?P<list>{LIST})\s*"
    rf"(?:instead)?\W*$",
    re.IGNORECASE,
)
_CHANGED = re.compile(
    rf"\b(?:in|with|since)\s+{REF},?\s+(?:we|it was|this was|has)\b[^.;]{{0,60}}\b(?:changed|replaced|moved|"
    rf"switched|adopted|chose|chosen"
    r"|decided|introduced|dropped)\b|\b(?:changed|replaced|moved|switched|revised|reversed)\b[^.;]{0,60}\b(?:in|by|with)\s+"
    rf"{REF}",
    re.IGNORECASE,
)
_UNREAL_AFTER = re.compile(
    r"\b(?:not|never|would|could|might|should|if)\b\s+(?:\w+\s+)?(?:changed|replaced|moved|supersede)", re.IGNORECASE
)


def decided_in(marked: MarkedText, text: str) -> list[RelationClaim]:
    """The relations that a title, or the text of a decision, declares with verbs of its own."""
    return [pointer for match in islice(_DECIDES.finditer(text), MAX_VERBS) for pointer in _decided(marked, match)]


def own_decisions(marked: MarkedText, text: str) -> list[RelationClaim]:
    """The relations of a text in which the record names itself as the subject: `With this ADR we supersede ADR-7`."""
    return [pointer for match in islice(_OWN_DECISION.finditer(text), MAX_VERBS) for pointer in _decided(marked, match)]


def _decided(marked: MarkedText, match: re.Match[str]) -> list[RelationClaim]:
    if not ENTIRE.match(match["tail"]) and not match["partly"]:
        return []
    is_entire = bool(ENTIRE.match(match["tail"])) and not match["after"] and not match["partly"]
    is_full = is_entire and not match["verb"].lower().startswith("amend")
    part = " ".join(match["after"][2:].split()) if match["after"] else None
    return [
        RelationClaim(claim, replaces=True, is_full=is_full, part=part) for claim in marked.references_in(match["list"])
    ]


def changed_in(marked: MarkedText, text: str) -> list[RelationClaim]:
    """The only record in which, according to a status of `superseded`, it was changed: `but in ADR-9 we moved to X`."""
    status = leading_status(text)
    if status is None or status.status is not None or len(marked.references) != 1 or text.count(SELF):
        return []
    if not _CHANGED.search(text) or _UNREAL_AFTER.search(text[status.end :]):
        return []
    return [RelationClaim(marked.references[0], replaces=False, is_full=not status.is_partial)]


def pointed_at(marked: MarkedText, text: str) -> list[RelationClaim]:
    """The successor to which a superseded record refers its reader, in a sentence of its own."""
    match = _POINTS.search(text)
    if match is None or UNREAL.search(match["lead"]):
        return []
    return [RelationClaim(target, replaces=False, is_full=True) for target in marked.references_in(match["list"])]


def bare_pointer(sentence: MarkedSentence) -> list[RelationClaim]:
    """The record right behind a state: `Superseded (see ADR-7)`, `Deprecated, use ADR-7 instead`."""
    status = leading_status(sentence.text)
    if status is None or status.word.lower().endswith(("s", "e")):
        return []
    rest = sentence.text[status.end :]
    if status.status is Status.ENDED:
        pointer = _POINTS_ON.match(rest)
    else:
        pointer = _POINTS_RIGHT_ON.match(rest) if status.status is None else None
    if pointer is None:
        return []
    targets = sentence.marked.references_in(pointer["list"])
    return [RelationClaim(reference, replaces=False, is_full=not status.is_partial) for reference in targets]
