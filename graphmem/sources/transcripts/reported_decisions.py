"""Sentences that report a decision of the group: who decided, and what was chosen or turned down."""

from __future__ import annotations

import re

from graphmem.deferred_dataclass import dataclass

GROUP = (
    r"(?:we|everyone|tc\d+|(?:(?:the|our|all) )?(?:\w+ )?(?:committee|group|team|teams|board|council|developers|devs|"
    r"editors|maintainers|members|participants|working group|tsc|cg|wg))"
)
AGREEMENT = (
    r"(?:(?:general|rough|conditional|contingent|unanimous|broad|full|committee|strong) )*"
    r"(?:consensus|agreement|unanimous consent)"
)
_HOW = r"(?:(?:now|just|also|all|both|unanimously|formally|then|already|recently|therefore|instead) )*"
_DECIDED = r"(?P<did>decided|agreed|chosen|chose|settled|opted|resolved|voted)"
_LINK = r"(?P<link>to|on|that|for|not to|against|in favou?r of)"
_LEAD = re.compile(
    rf"(?P<who>{GROUP}(?:'ve| have| has)? {_HOW}|it (?:was|has been|is) {_HOW}|){_DECIDED}"
    r"(?: unanimously| by consensus)?(?: (?:on|in|at|during) (?:the|this|today's|last) (?:call|meeting|session))?"
    rf"(?::| {_LINK})? (?P<what>[\w`'\"“].*)",
    re.IGNORECASE,
)
_DECISION_IS = re.compile(
    rf"(?P<who>the|our) (?P<did>decision|resolution|consensus|agreement) (?:is|was) {_LINK} (?P<what>\S.*)",
    re.IGNORECASE,
)
_AGREEMENT = re.compile(
    rf"(?:{GROUP} (?:have|has|had|got|reached|came to|achieved) (?:an? )?|there (?:is|was|has been) (?:an? )?)?"
    rf"(?P<what>{AGREEMENT} (?:(?:was |is |has been )?(?:reached |achieved )?){_LINK} (?P<object>\S.*))",
    re.IGNORECASE,
)
#: A clause of time or cause before the group.
_CLAUSE = re.compile(
    r"(?:after|given|for|on|in|to|with|as|since|following|based on|because of|at)\b"
    rf"[^,]{{2,120}}, (?={GROUP}\b)",
    re.IGNORECASE,
)
#: What is done next, or in the talk, and chooses nothing.
_NEXT = re.compile(
    r"(?:not )?(?:\w+ly |further )?(?:discuss|talk|revisit|continue|wait|try|take|bring|ask|look|explore|"
    r"investigate|consider|"
    r"see|think|work|meet|schedule|have (?:a|another|the|some)|come|table|punt|start|begin|"
    r"go (?:ahead|back|around|through|over|out|on)|move (?:on|to the next|these|the discussion)|present|share|send|do|"
    r"get|give|say|disagree|follow|let|help|focus|spend|reach|put|ensure|make sure|redo|review|prepare|resolve|check|"
    r"write|sync|pause|stop here|aim|attempt|hold|convene|reconvene|open|create an? (?:issue|group|doc)|figure|find|"
    r"collect|gather|set up|run|test|iterate|document|next|adjourn|vote|email|invite|survey)\b",
    re.IGNORECASE,
)
#: Words that make a clause a choice and no finding.
_CHOSEN = re.compile(
    r"\b(?:should|shall|must|will|won't|would not|wouldn't|not going to|can't|cannot|(?:is|are) (?:not )?(?:going )?to|"
    r"remains?|needs to|doesn't need|don't want|has to|have to)\b",
    re.IGNORECASE,
)
_ASSENT = frozenset({"agreed that ", "agreed on "})
_POSSIBLE = re.compile(r"\b(?:could|might|may|eventually|ideally)\b", re.IGNORECASE)
_FINDING = re.compile(
    r"(?:an? |(?:the )?(?:value|necessity|importance|need|usefulness)\b|the (?:idea|fact|notion|point|following)\b|"
    r"(?:many|what|here|most|how|down|whether|with|and|in|at|upon|"
    r"by)\b)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ReportedDecision:
    """A decision that a sentence reports.

    Attributes:
        what: What was decided.
        is_agreement: Whether it is told as a consensus.
    """

    what: str
    is_agreement: bool = False


def reported_decision(words: str) -> ReportedDecision | None:
    """Return the decision that a sentence reports; None if it reports none, a finding, or a next step alone.

    Args:
        words: The sentence without bullets and words such as "ok".
    """
    words = _after_clause(words)
    agreement = _AGREEMENT.match(words)
    if agreement is not None:
        is_choice = _is_choice(agreement["link"], agreement["object"])
        return ReportedDecision(agreement["what"], is_agreement=True) if is_choice else None
    match = _LEAD.match(words) or _DECISION_IS.match(words)
    return None if match is None else _of_match(match, words)


def reports(words: str) -> bool:
    """Return whether a sentence tells that somebody decided or agreed, whatever it was."""
    return any(pattern.match(_after_clause(words)) is not None for pattern in (_LEAD, _DECISION_IS, _AGREEMENT))


def _of_match(match: re.Match[str], words: str) -> ReportedDecision | None:
    link, what = (match["link"] or "").casefold(), match["what"]
    is_named = bool(match["who"]) and not match["who"].casefold().startswith("it ")
    if not is_named and (not link or words[: match.start("what")].casefold() in _ASSENT):
        return None  # "agreed, …": a speaker's assent
    if not link and not match["did"].casefold().startswith("cho"):
        link = "that"
    if link == "on" and match["did"].casefold() == "voted":
        return None  # it says not how the vote went
    lead = f"{link} " if link in {"not to", "against"} else ""
    return ReportedDecision(lead + what) if _is_choice(link, what) else None


def _is_choice(link: str, what: str) -> bool:
    """Return whether what was decided is a choice, by the word before it: no finding, and no next step alone."""
    if link.casefold().endswith("to"):
        return _NEXT.match(what) is None
    if link.casefold() == "that":
        return _CHOSEN.search(what) is not None and _POSSIBLE.search(what) is None
    return _FINDING.match(what) is None


def _after_clause(words: str) -> str:
    """Return a sentence without a clause of time or cause before the group that decided."""
    match = _CLAUSE.match(words)
    return words if match is None else words[match.end() :]
