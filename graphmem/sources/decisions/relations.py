"""Statements of a record that it replaces, or is replaced by, another: the grammar of a sentence."""

from __future__ import annotations

import re
from datetime import datetime
from enum import Enum, auto
from itertools import islice

from graphmem.deferred_dataclass import dataclass
from graphmem.sources.decisions.dates import find_dates
from graphmem.sources.decisions.idioms import REF, SELF
from graphmem.sources.decisions.limits import (
    ENTIRE,
    LIST,
    MAX_VERBS,
    SUPERSEDE,
    UNREAL,
    limit_after,
    portion_within,
)
from graphmem.sources.decisions.references import TOKEN, MarkedText, RecordReference
from graphmem.sources.decisions.sections import STATUS_SECTIONS, heading_name
from graphmem.sources.decisions.statuses import leading_status

_FULL = rf"{SUPERSEDE}e?|replace|obsolete|supplant|rescind|overturn"
_PART = r"amend|extend|refine|revise|update|modifie|clarifie|augment|supplement|narrow"
_ACTIVE = re.compile(
    rf"\b(?:(?P<full>(?:{_FULL})s|deprecates|replaced|{SUPERSEDE}e?d(?! by))|(?P<part>(?:{_PART})s|amended))\b",
    re.IGNORECASE,
)
_PASSIVE = re.compile(
    rf"\b(?:(?P<full>(?:{_FULL})e?d|overridden|deprecated|withdrawn)|(?P<part>(?:{_PART})e?d))\b", re.IGNORECASE
)
_ANY = re.compile(
    rf"(?:{_FULL}|{_PART}|overridden|deprecate)(?:s|e?d)\b|\bwithdrawn in\b"
    r"|\b(?:undo|revert|reverse|replace|supersede|overturn|rescind|retire|abandon|amend|revoke|deprecate|withdraw|override"
    r"|overrule|cancel|annul|repeal|invalidate)(?:s|e?d)?\b|(?:supersed|replac|deprecat|revok|withdraw|revert|revers)ing\b"
    r"|\b(?:replacement|successor|amendment|update (?:to|of)|subsumed|absorbed|undoes|obsolete|in favou?r)\b",
    re.IGNORECASE,
)
#: Cheaper to search for than `_ANY`, which never matches without a word of this list.
_STEMS = (
    "supers", "superc", "suppers", "supperc", "replac", "obsolete",
    "supplant", "rescind", "overturn", "amend", "extend", "refine",
    "revise", "updat", "modifie", "clarifie", "augment", "supplement", "narrow", "overrid", "deprecat", "withdraw",
    "undo", "revert", "revers", "retire", "abandon", "revok", "overrule", "cancel", "annul", "repeal", "invalidat",
    "successor", "subsumed", "absorbed", "in favo",
)  # fmt: skip
_SELF_WORDS = re.compile(
    r"\b(?:this|the present|the current)[ \t]+(?:new[ \t]+)?"
    r"(?:(?:architecture[ \t]+)?decision[ \t]+record|adr|record|decision|document|proposal|standard|"
    r"specification|[pkx]ep|rfc"
    r"|(?-i:[A-Z]{2,4}P))\b",
    re.IGNORECASE,
)
_FILLER = re.compile(
    r"[\s,*_~\"'`\u2018-\u201d-]*\b(?:is|are|was|were|has|have|had|been|being|be|now|also|then|therefore|thus|hereby"
    r"|fully|entirely|"
    r"completely|wholly|formally|officially|explicitly|effectively|subsequently|later|recently|since|which|that|and|"
    r"it|both|implicitly|itself|but|as|already)[\s,*_~-]*$",
    re.IGNORECASE,
)
_PARTLY = re.compile(r"\b(?:partially|partly|in (?:large )?part|mostly|largely|substantially)[\s,*_-]*$", re.IGNORECASE)
_PROVISIONALLY = re.compile(r"\b(?:provisionally|temporarily)[\s,*_-]*$", re.IGNORECASE)
_LABEL = re.compile(
    r"^[\s*_>~]*(?:(?:note|nb|status|update|edit|important|warning|history|notice|as of)\b)?[\s*_:,.\u2013\u2014-]*",
    re.IGNORECASE,
)
_SECTION_WORDS = re.compile(
    r"^[\s*_>]*(?:(?:these|those)\b|(?:the |some |all )?(?:sections?|parts?|portions?|items?|points?|paragraphs?"
    r"|steps?|"
    r"options?|rules?|rest|remainder)\b|this (?:section|part|paragraph|table|list|requirement|rule)\b)",
    re.IGNORECASE,
)
_OBJECT = re.compile(
    rf"(?P<mid>[^{SELF}\ue000,:]{{0,120}}?)(?P<obj>{SELF}|\bit\b|{LIST})(?P<after>['\u2019]s?\s+[\w -]+)?",
    re.IGNORECASE,
)
_ELSEWHERE = re.compile(
    r"\b(?:with|by|per|see|as|via|using|that|which|under|against|following|described|because|and|since|when)\b",
    re.IGNORECASE,
)
_PAST = re.compile(r".*ed")
_BY = re.compile(
    r"^(?P<mid>[^.;]{0,100}?)\b(?P<preposition>by|with|in favou?r of)[ \t:]+(?P<rest>.*)$", re.IGNORECASE | re.DOTALL
)
_DATED_BY = re.compile(
    rf"^[ \t]*(?:on[ \t]+)?[\w ,/-]{{0,24}}?[ \t]*(?:per|via|in|through|by|\()[ \t]*(?P<list>{LIST})", re.IGNORECASE
)
_NAMED = re.compile(
    rf"\W*(?:(?:the|a|an|our|new|newer|later|following|both|adrs?|decisions?|peps?)\W+)*(?P<list>{LIST})",
    re.IGNORECASE,
)
#: `by the approach described in ADR-7`, `by the decision to use X (ADR-7)`.
_DESCRIBED = re.compile(
    rf"(?P<mid>\W*(?:[\w'/-]+\s+){{1,8}}?)(?:(?:in|from|of|see|by)\s|[(:,]\s*(?:see\s)?)\W*(?P<list>{LIST})",
    re.IGNORECASE,
)
_WEAK_MID = re.compile(
    r"^[\s*_,():]*(?:(?:in full|fully|entirely|completely|on|now|later|since|as of|yes)[\s*_,():]*)*$", re.IGNORECASE
)
_TO = re.compile(r"^\s*(?:to|until|till|through|-|\u2013|\u2014|\.\.)\s*$", re.IGNORECASE)
_LEADS = re.compile(r"[,;:(.\u2013\u2014-]\s*[*_]*$")
#: A noun right behind a record is the part of it that is meant: `the original ADR-7 value definitions`.
_ATTRIBUTIVE = re.compile(
    r"^[ \t](?!(?:and|or|but|by|in|on|with|without|which|that|as|at|for|to|from|of|because|since|when|while|where|via"
    r"|after|before|through|under|per|so|if|is|was|are|were|has|have|only|entirely|fully|completely|partially|partly|instead"
    r"|above|below|here|today|now|also)\b)(?P<noun>[a-z][\w-]+(?:[ \t][a-z][\w-]+){0,3})"
)
_ENTIRE_NOUN = re.compile(
    r"^(?:the|our|its|that)\s+(?:(?:original|initial|previous|above|present)\s+)?(?:decision|approach|choice|proposal|record|adr"
    r"|recommendation)(?:\s+(?:to|on|for|of|described|made|in)\b[\w\s/-]{0,80})?$",
    re.IGNORECASE,
)
#: `The key ids defined by this record`: a part of it, unless it is the decision itself.
_SELF_DESCRIBED = re.compile(
    rf"^(?P<part>(?:the|some|all|any|these|those|its)\s+(?!(?:\w+\s+)?(?:decision|approach|proposal|solution|design|choice|content)s?\b)"
    rf"[\w][\w /-]{{1,80}}?)\s+(?:defined|described|specified|listed|introduced|given|stated|required)\s+(?:by|"
    rf"in)\s+{SELF}$",
    re.IGNORECASE,
)
#: `This record proposes an approach to X, which was superseded by ...`: the record, named by its proposal.
_PROPOSES = re.compile(
    rf"{SELF}\s+(?:proposes|describes|defines|documents|outlines|introduces)\s+(?:an?|the)\s+(?:[\w-]+\s+){{0,3}}"
    r"(?:approach|proposal|process|design|solution|mechanism|way)\b[^.;\ue000-\ue002]{0,120}",
    re.IGNORECASE,
)
_DOUBTED = re.compile(r"\b(?:not|never|no|may|might|could|would|should|will|if|until|unless)\b", re.IGNORECASE)
#: `The restriction from ADR-7 on keys`, made obsolete by this record: a part of the other record.
_PART_OF_ANOTHER = re.compile(
    rf"^\W*(?P<part>(?:the|some|all|any)\s+(?:[\w-]+\s+){{1,5}})(?:from|in|of|by)\s+(?P<list>{REF})(?P<rest>[^\ue000-\ue002]*)$",
    re.IGNORECASE,
)
_EXCEPT = re.compile(r"^(?:except|apart|but|other than|though|however)\b", re.IGNORECASE)
_NOUN = re.compile(
    r"(?!(?:on|in|as|at|by|it|this|we|see|from|since|after|until|was|is|not)\b)[A-Za-z][\w/-]*(?:\s(?!(?:was|were|is|are|has|have|had|and|but)\b)[\w/-]+){0,6}",
    re.IGNORECASE,
)
_MAX_MID_WORDS = 8


class TextContext(Enum):
    """The place of a sentence: it decides the subject of a sentence without a subject."""

    STATUS = auto()
    RELATED = auto()
    BODY = auto()


@dataclass(frozen=True, slots=True)
class RelationClaim:
    """A claim of a record about itself and another.

    Attributes:
        target: The other record, as named.
        replaces: True if the record supersedes `target`, False if `target` supersedes it.
        is_full: False for an amendment, an extension or the replacement of a part.
        part: The replaced part of the old record, in the words of the record.
    """

    target: RecordReference
    replaces: bool
    is_full: bool
    part: str | None = None
    at: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class MarkedSentence:
    """A sentence with its references marked.

    Attributes:
        leader: The reference that its list item begins with: the subject of what follows.
        opens_block: True for the first sentence of a paragraph or list item.
        heading: The heading of its section.
    """

    marked: MarkedText
    text: str
    context: TextContext
    leader: RecordReference | None = None
    opens_block: bool = False
    heading: str = ""


@dataclass(frozen=True, slots=True)
class _Subject:
    """The subject of a verb: the record itself, other records, or (neither) something else."""

    is_self: bool = False
    records: tuple[RecordReference, ...] = ()
    part: str | None = None


@dataclass(frozen=True, slots=True)
class _Clause:
    left: str
    right: str
    is_full: bool
    is_partly: bool
    is_provisional: bool
    is_first: bool
    is_passive: bool
    stem: str


def mark_self(text: str) -> str:
    """The text with every phrase that means the record itself replaced by `SELF`."""
    return _SELF_WORDS.sub(SELF, text)


def speaks_of_relations(text: str) -> bool:
    """True if a text has a verb that could declare a relation: most texts have none."""
    lower = text.lower()
    return any(stem in lower for stem in _STEMS) and _ANY.search(text) is not None


def relations_in(sentence: MarkedSentence) -> list[RelationClaim]:
    """The relations that a sentence declares; none for wishes, conditions, denials and talk of third parties."""
    match: list[RelationClaim] = []
    for verb in islice(_ACTIVE.finditer(sentence.text), MAX_VERBS):
        match += _active(sentence, _clause(sentence.text, verb, is_passive=False))
    for verb in islice(_PASSIVE.finditer(sentence.text), MAX_VERBS):
        match += _passive(sentence, _clause(sentence.text, verb, is_passive=True))
    return match


def _clause(text: str, verb: re.Match[str], *, is_passive: bool) -> _Clause:
    start, end = _left_edge(text, verb.start()), _right_edge(text, verb.end())
    left, is_partly, is_provisional = text[start : verb.start()], False, False
    while True:
        cut = _FILLER.search(left) or _PARTLY.search(left) or _PROVISIONALLY.search(left)
        if cut is None or not cut.group():
            break
        is_partly |= bool(_PARTLY.search(left))
        is_provisional |= bool(_PROVISIONALLY.search(left))
        if UNREAL.search(cut.group()):
            break
        left = left[: cut.start()]
    is_full = verb["full"] is not None
    is_first = not left.strip(" *_>~\"'([:-") and start == 0
    return _Clause(
        left, text[verb.end() : end], is_full, is_partly, is_provisional, is_first, is_passive, verb.group().lower()
    )


def _left_edge(text: str, position: int) -> int:
    depth = 0
    for index in range(position - 1, max(-1, position - 600), -1):
        sign = text[index]
        depth += (sign == ")") - (sign == "(")
        if depth < 0 or (
            depth == 0 and (sign == ";" or (sign in ":\u2014\u2192" and text[index + 1 : index + 2] in {" ", "*"}))
        ):
            return index + 1
    return max(0, position - 600)


def _right_edge(text: str, position: int) -> int:
    depth = 0
    for index in range(position, min(len(text), position + 600)):
        sign = text[index]
        depth += (sign == "(") - (sign == ")")
        if depth < 0 or (depth == 0 and sign == ";"):
            return index
    return min(len(text), position + 600)


def _subject(sentence: MarkedSentence, clause: _Clause) -> _Subject | None:
    bare = re.sub(r"\([^()]*\)", " ", clause.left)
    if clause.is_passive and clause.is_full and _PROPOSES.fullmatch(_bare(bare)) and not _DOUBTED.search(bare):
        return _Subject(is_self=True)
    if UNREAL.search(bare):
        return None
    rest = _bare(_LABEL.sub("", _bare(bare)))
    for date in reversed(list(find_dates(rest))):
        rest = (rest[: date.start] + rest[date.end :]).strip(" *_,:()-")
    if rest.endswith(SELF) and _SECTION_WORDS.match(bare):
        return _Subject(is_self=True, part=_part(sentence, bare[: bare.rfind(SELF)]))
    if re.search(rf"\b(?:drafts?|versions?|revisions?|iterations?|authors?) (?:of|to) {SELF}$", rest, re.IGNORECASE):
        return None
    if described := _SELF_DESCRIBED.match(rest):
        return _Subject(is_self=True, part=_part(sentence, described["part"]))
    if rest.endswith(SELF):
        return _Subject(is_self=True)
    if tail := re.search(rf"{SELF}['\u2019]s?\s+(?P<part>[\w -]{{1,80}})$", rest):
        return _Subject(is_self=True, part=tail["part"])
    if re.search(rf"(?:^|[\s,]){REF}$", rest) and re.fullmatch(
        rf"\W*{LIST}|(?:as of|since|in)?[\s\w,]{{0,20}},\s*{REF}", rest
    ):
        return _Subject(records=sentence.marked.references_in(rest))
    if _SECTION_WORDS.match(bare) and re.search(r"supp?er", clause.stem):
        return _Subject(is_self=True, part=_part(sentence, bare))
    if sentence.leader is not None:
        return None if TOKEN.search(rest) or SELF in rest else _Subject(records=(sentence.leader,))
    return _of_status(sentence, clause, rest) or _unsaid(sentence, clause, rest)


def _unsaid(sentence: MarkedSentence, clause: _Clause, rest: str) -> _Subject | None:
    """The record itself, if it is the only possible subject of a verb without a subject."""
    status = leading_status(rest)
    if _PAST.fullmatch(clause.stem) and not clause.is_passive:
        return None
    is_distinct = clause.stem != "updates" or bool(_LEADS.search(clause.left))
    is_implied = not rest or (status is not None and is_distinct and not _bare(rest[status.end :]))
    return _implied(sentence, clause) if is_implied else None


def _of_status(sentence: MarkedSentence, clause: _Clause, rest: str) -> _Subject | None:
    """Whom a status section means by `the decision to use X`, `except for X` or `X` alone: itself, or its part X."""
    if not clause.is_passive or heading_name(sentence.heading) not in STATUS_SECTIONS or TOKEN.search(rest):
        return None
    status = leading_status(rest)
    words = _bare(rest[status.end :]) if status else rest
    if _ENTIRE_NOUN.match(words):
        return _Subject(is_self=True)
    if _EXCEPT.match(words) or (re.match(r"supp?er|replaced|deprecated", clause.stem) and _NOUN.fullmatch(words)):
        return _Subject(is_self=True, part=_part(sentence, words))
    return None


def _bare(text: str) -> str:
    """Text without the marks, emoji and punctuation around it; the tokens of references are no marks."""
    return re.sub(r"^[^\w\ue000-\ue002]+|[^\w\ue000-\ue002]+$", "", text)


def _implied(sentence: MarkedSentence, clause: _Clause) -> _Subject | None:
    if sentence.context is not TextContext.BODY:
        return _Subject(is_self=True)
    if not (sentence.opens_block and clause.is_first and re.match(r"supp?er|amend", clause.stem)):
        return None
    return _Subject(is_self=True, part=sentence.heading or None if clause.is_passive else None)


def _part(sentence: MarkedSentence, text: str) -> str | None:
    words = " ".join(re.sub(r"[*_~]+", "", sentence.marked.restore(text)).split()).strip(" ,:;")
    words = re.sub(r"\s+(?:of|in|from)$", "", words)
    return words[:300] or None


def _active(sentence: MarkedSentence, clause: _Clause) -> list[RelationClaim]:
    if (
        sentence.leader is not None
        and re.search(rf"(?:{SELF}|\bthis)\s*$", clause.left)
        and not clause.right.strip(" .*_)")
    ):
        return [RelationClaim(sentence.leader, replaces=True, is_full=clause.is_full and not clause.is_partly)]
    subject, match = _subject(sentence, clause), _OBJECT.match(clause.right)
    if subject is None and match and match["obj"] == SELF:
        subject = _named_last(sentence, clause)
    if subject is None or match is None:
        return []
    mid = match["mid"]
    if _ELSEWHERE.search(mid) or UNREAL.search(mid) or len(mid.split()) > _MAX_MID_WORDS:
        return []
    is_entire = bool(ENTIRE.match(mid))
    part = None if is_entire else _part(sentence, mid)
    if match["after"]:
        part, is_entire = _part(sentence, match["after"][2:]), False
    elif noun := _ATTRIBUTIVE.match(clause.right[match.end() :]):
        part, is_entire = _part(sentence, noun["noun"]), False
    limit = limit_after(clause.right[match.end() :]) or portion_within(match["obj"])
    if clause.is_full and limit:
        part, is_entire = part or _part(sentence, limit), False
    is_full = clause.is_full and is_entire and not clause.is_partly and subject.part is None
    if match["obj"] == SELF or (match["obj"].lower() == "it" and sentence.context is TextContext.STATUS):
        return [RelationClaim(target, replaces=False, is_full=is_full, part=part) for target in subject.records]
    if not subject.is_self or match["obj"].lower() == "it":
        return []
    records = sentence.marked.references_in(match["obj"])
    return [RelationClaim(target, replaces=True, is_full=is_full, part=part or subject.part) for target in records]


def _named_last(sentence: MarkedSentence, clause: _Clause) -> _Subject | None:
    """The records right before a verb whose object is this record: `See ADR-2, which supersedes this`."""
    bare = re.sub(r"\([^()]*\)", " ", clause.left)
    named = re.search(rf"(?:^|\b(?:see|see also|to|use|read|in|by|with)\s)\W*({LIST})\W*$", bare, re.IGNORECASE)
    if named is None or re.search(
        r"\b(?:not|no|never|would|could|may|might|should|if|unless|until|when)\b", bare, re.IGNORECASE
    ):
        return None
    return _Subject(records=sentence.marked.references_in(named[1]))


def _passive(sentence: MarkedSentence, clause: _Clause) -> list[RelationClaim]:
    subject = _subject(sentence, clause)
    agent = _BY.match(clause.right)
    if subject is None and agent and re.match(rf"\W*{SELF}", agent["rest"]) and not UNREAL.search(clause.left):
        return _part_of_another(sentence, clause)
    if subject is None:
        return []
    if not clause.is_full and (dated := _DATED_BY.match(clause.right)) and subject.is_self:
        records = sentence.marked.references_in(dated["list"])
        return [
            _dated(RelationClaim(target, replaces=False, is_full=False, part=subject.part), clause)
            for target in records
        ]
    if agent is None or (clause.stem == "withdrawn" and not agent["preposition"].lower().startswith("in")):
        return []
    mid = agent["mid"]
    if TOKEN.search(mid) or len(mid.split()) > _MAX_MID_WORDS or UNREAL.search(mid):
        return []
    part = subject.part
    without_dates = re.sub(r"\d[\d/.-]*", "", mid)
    is_partly = clause.is_partly or bool(re.search(r"\b(?:in part|partially|partly)\b", mid, re.IGNORECASE))
    if not _WEAK_MID.match(without_dates) and not is_partly:
        part = part or _part(sentence, mid)
    is_full = clause.is_full and part is None and not is_partly
    if re.match(rf"\W*{SELF}", agent["rest"]):
        return [RelationClaim(target, replaces=True, is_full=is_full, part=part) for target in subject.records]
    if not subject.is_self:
        return []
    records, limit = _agents(sentence, clause, agent["rest"])
    if limit and is_full:
        is_full, part = False, _part(sentence, limit)
    return [_dated(RelationClaim(target, replaces=False, is_full=is_full, part=part), clause) for target in records]


def _part_of_another(sentence: MarkedSentence, clause: _Clause) -> list[RelationClaim]:
    match = _PART_OF_ANOTHER.match(clause.left)
    if match is None:
        return []
    part = _part(sentence, match["part"])
    return [
        RelationClaim(target, replaces=True, is_full=False, part=part)
        for target in sentence.marked.references_in(match["list"])
    ]


def _agents(sentence: MarkedSentence, clause: _Clause, rest: str) -> tuple[tuple[RecordReference, ...], str | None]:
    """(the successors, the replaced part if it is limited)."""
    match = _NAMED.match(rest) or _DESCRIBED.match(rest)
    if match and not (match.re is _DESCRIBED and UNREAL.search(match["mid"])):
        limit = limit_after(rest[match.end() :]) or portion_within(match["list"])
        return sentence.marked.references_in(match["list"]), limit
    if not clause.is_full:
        return (), None
    words = re.split(r"[.;](?:\s|$)|\s\(|,\s", rest)[0].strip(" *_\"'`\u201c\u201d")
    if sentence.context is TextContext.STATUS and words and not TOKEN.search(words):
        return (RecordReference(words[:200], title=words[:200]),), None
    return (), None


def _dated(relation: RelationClaim, clause: _Clause) -> RelationClaim:
    """The relation with the date, or the provisional period, next to its reference."""
    rest = re.split(r"\.\s", clause.right)[0]
    dates = list(find_dates(rest))
    if not dates:
        return relation
    at: datetime | None = dates[0].at
    until: datetime | None = None
    if len(dates) > 1 and _TO.match(rest[dates[0].end : dates[1].start]):
        until = dates[1].at
    elif clause.is_provisional and re.search(r"\b(?:until|till)\s*$", rest[: dates[0].start]):
        at, until = None, dates[0].at
    return RelationClaim(relation.target, relation.replaces, relation.is_full, relation.part, at, until)
