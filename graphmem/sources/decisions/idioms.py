"""Other ways of saying the same, rewritten to the few verbs that the grammar of relations knows."""

from __future__ import annotations

import re

from graphmem.sources.decisions.references import TOKEN

SELF = "\ue002"
REF = TOKEN.pattern.replace("(", "(?:")
_ANY_REF = rf"(?:{REF}|{SELF})"
#: References in a row, with nothing but signs and joining words between.
REFS = rf"{_ANY_REF}(?:[ \t]*(?:,|and|&|/|\+|or|plus)[ \t]*(?:and[ \t]+)?{_ANY_REF}){{0,20}}"

_LINK_TAG = re.compile(
    r"<a\s[^<>]{0,200}?href=[\"']?(?P<target>[^\s\"'<>]{1,500})[^<>]{0,200}>(?P<words>[^<>]{1,300})</a>"
)
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_TAG = re.compile(r"</?[A-Za-z][^<>:@]{0,300}>")
_ADMONITION = re.compile(
    r"^\W{0,6}?(?:(?:!!!|\?\?\?\+?|:::)\s*\w+(?:\s+\"[^\"]{0,100}\")?|\[!\w+\]|\.\.\s*(?:note|warning|important|caution"
    r"|danger|attention|tip|hint|admonition)::|(?:NOTE|WARNING|IMPORTANT|CAUTION|TIP):)\s*"
)
_EMPHASIS = re.compile(r"(?:(?<=^)|(?<=[\s>]))_{1,3}(?=\w)|(?<=[\w.)\]])_{1,3}(?=[\s.,;:!?]|$)")

_GONE = r"(?:obsolete|redundant|moot|void|invalid|superfluous|unnecessary|outdated|irrelevant)"
_ACTS = r"(?:supp?er[cs]{1,2}e+de?|replace|obsolete|deprecate|override|overrule|revoke|rescind|overturn|supplant)"
_AMENDS = r"(?:amend|extend|modifie|modify|refine|revise|update|clarifie|clarify)"
_SUCCESSION = r"(?:replacement|successor|supersession|substitute|superset)"
_STARTS = (
    r"(?P<lead>(?:^|[,;(\u2013\u2014-]|\band|\b(?:accepted|approved|active|proposed|draft|implemented|"
    r"final))\s{0,3}(?:(?:fully|now|thereby|thus)\s)?)"
)
_NO_LONGER = re.compile(
    r"\b(?:(?:is|are|was|has been)\s+)?no longer (?:(?:is|being) )?(?:valid|in force|in effect|in use|used|"
    r"applicable|current"
    r"|relevant|active|recommended|needed|applies|appropriate|accurate|followed|true|holds|up to date)\b"
    r"(?:\s*[,;]?\s*(?:and|as|since|because|being|having been)\b)?",
    re.IGNORECASE,
)
_REWRITES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), canonical)
    for pattern, canonical in (
        (
            (
                rf"\b(?:makes?|renders?|made|rendered|making|rendering)\s+"
                rf"(?P<refs>{REFS})\s+{_GONE}\b"
            ),
            r"obsoletes \g<refs>",
        ),
        (rf"\b(?:made|rendered)\s+{_GONE}\s+(?P<by>by|with|through|in)\b", r"obsoleted by"),
        (rf"\bhas (?:now )?taken (?:over|the place of)\b(?: from)?(?=\s+{_ANY_REF})", "replaces"),
        (rf"\btakes (?:over from|the place of)(?=\s+{_ANY_REF})", "replaces"),
        (
            (
                rf"(?:\b(?:is|as|being|become|becomes)\s+)?(?:\b(?:a|the|an?\s+direct|the\s+direct|its)\s+)?\b{_SUCCESSION}\s+"
                rf"(?:for|of|to)\s+(?:the\s+)?(?={_ANY_REF})"
            ),
            " replaces ",
        ),
        (rf"(?<={SELF})\s+(?P<verb>supp?er[cs]{{1,2}}e+de|replace|obsolete|amend)(?=\s)", r" \g<verb>s"),
        (
            rf"(?:\b(?:is|as|proposes|makes|introduces|contains)\s+)?(?:\b(?:an?|the)\s+)?\b(?:amendment|modification)\s+(?:to|of)\s+(?=(?:the\s+)?{_ANY_REF})",
            " amends ",
        ),
        (
            rf"(?P<lead>^\W*|{SELF}\s+is\s+)(?:an?\s+)?(?:update|revision|continuation\s+and\s+update)\s+(?:to|of)\s+(?:the\s+)?(?:previous\s+|original\s+|earlier\s+)?(?={REF})",
            r"\g<lead>amends ",
        ),
        (
            (
                rf"\bpartial(?:ly)?\s+(?:supersedes?|supercedes?|supersession|replacement)\s+(?:of|for)\s+"
                rf"(?={REF})"
            ),
            "partially supersedes ",
        ),
        (rf"\b{_ACTS}s\s*(?:and|or|&|/)\s*(?:also\s+)?{_ACTS}s\b", "supersedes"),
        (rf"\b{_ACTS}d\s*(?:and|or|&|/)\s*(?:also\s+)?{_ACTS}d\b", "superseded"),
        (rf"\b{_AMENDS}s\s*(?:and|or|&|/)\s*(?:(?:partially|partly)\s+)?(?:{_ACTS}|{_AMENDS})s\b", "amends"),
        (r"\b(?:overriden|overridden|overruled|overrode)\s+by\b", "superseded by"),
        (
            (
                r"\b(?:revoked|repealed|annulled|nullified|voided|invalidated|undone|succeeded|subsumed|"
                r"absorbed)\s+by\b"
            ),
            "replaced by",
        ),
        (
            (
                rf"\b(?:reverted|reversed|cancell?ed|overturned|revoked|rescinded|undone)\s+(?:by|in|with|through|"
                rf"via)\s+(?={_ANY_REF})"
            ),
            "replaced by ",
        ),
        (
            (
                rf"\b(?:superseded|superceded|replaced|obsoleted)\s+(?:through|via|per|in|as per)\s+"
                rf"(?={_ANY_REF})"
            ),
            "superseded by ",
        ),
        (
            (
                r"\b(?:retired|dropped|abandoned|closed|discontinued|cancell?ed|archived|obsolete|shelved)"
                r"(?:,?\s+|\s*\(\s*)in\s+favou?r\s+of\b"
            ),
            "replaced by",
        ),
        (
            rf"\b(?:revokes|repeals|annuls|nullifies|invalidates|retires|reverts|reverses|undoes|withdraws)\s+(?P<own>(?:the\s+decisions?\s+(?:made\s+)?(?:in|of)\s+)?{REFS})(?!['\u2019]|\s+[a-z]+s?\b(?<!and)(?<!by)(?<!in)(?<!with))",
            r"supersedes \g<own>",
        ),
        (
            (
                rf"(?P<old>{REF})\s+(?:is|are)\s+hereby\s+(?P<verb>superseded|replaced|revoked|rescinded|deprecated|"
                rf"withdrawn|obsoleted|amended)(?!\s+by)"
            ),
            r"\g<old> is \g<verb> by " + SELF,
        ),
    )
)
#: In running text, only a single point of the other record is overridden.
_OVERRIDES = re.compile(
    rf"\b(?:overrules|overrides)\s+(?P<own>(?:the\s+decisions?\s+(?:made\s+)?(?:in|of)\s+)?{REFS})", re.IGNORECASE
)
#: Only as a status: elsewhere the subject is not known.
_STATUS_REWRITES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), canonical)
    for pattern, canonical in (
        (
            (
                rf"{_STARTS}(?:supp?er[cs]{{1,2}}e+ding|replacing|obsoleting|deprecating|overriding|"
                rf"supplanting)\b"
            ),
            r"\g<lead>supersedes",
        ),
        (rf"{_STARTS}(?:amending|modifying|extending|revising|updating|refining|clarifying)\b", r"\g<lead>amends"),
        (
            (
                rf"^(?P<lead>\W*)(?:deprecate|supersede|replace|obsolete)\s+(?=(?:in\s+favou?r\s+of|by|"
                rf"with)\s+{REF})"
            ),
            r"\g<lead>superseded ",
        ),
        (
            (
                rf"\b(?:merged|folded|incorporated|consolidated|absorbed|subsumed|rolled)\s+(?:in)?to\s+"
                rf"(?={REF})"
            ),
            "replaced by ",
        ),
        (
            (
                rf"\bthis\b(?=\s+(?:(?:has|is|was)\s+(?:\w+\s+){{0,2}}(?:{_ACTS}d|{_AMENDS}e?d)|(?:\w+ly\s+)?(?:{_ACTS}"
                rf"|{_AMENDS})s)\b)"
            ),
            SELF,
        ),
        (r"(?<=s )this(?: one)?(?=\s*(?:[.)*_]|$))", SELF),
    )
)
_THIS = re.compile(
    rf"^(?P<lead>[\W]*)this(?=\s+(?:(?:now|thus|also|fully|partially|partly)\s+)?(?:supp?er[cs]{{1,2}}e+des|amends)\s+(?:the\s+)?{REF})",
    re.IGNORECASE,
)
#: `ADR-1 (superseded by this)`: brackets behind a record are about that record.
_ASIDE = re.compile(
    rf"(?P<old>{REF})(?P<between>[^\ue000-\ue002().;]{{0,80}})\(\s*(?P<how>(?:now\s+)?(?:partially|partly)?\s*"
    rf"(?:(?:{_ACTS}d|{_AMENDS}e?d)(?:\s+in\s+part)?\s+(?:by|in|here)|(?:{_ACTS}|{_AMENDS})s)(?:\s+parts\s+of)?)\s+(?:this(?:\s+one)?|{SELF})\s*\)",
    re.IGNORECASE,
)


def plain(text: str) -> str:
    """The text without tags, admonition marks and emphasis by underscores; links made of tags as Markdown links."""
    if "<" in text:
        text = _LINK_TAG.sub(r"[\g<words>](\g<target>)", text)
        text = _TAG.sub(" ", _BREAK.sub(". ", text))
    text = _ADMONITION.sub("", text)
    return _EMPHASIS.sub("", text) if "_" in text else text


def canonical(masked: str, *, is_status: bool) -> str:
    """A text with its references marked, its idioms rewritten to the verbs of the grammar.

    Args:
        masked: The text, with the record itself as `SELF`.
        is_status: True for a place in which a sentence without a subject is about the record itself.
    """
    for pattern, verb in _REWRITES:
        masked = pattern.sub(verb, masked)
    masked = _ASIDE.sub(rf"\g<old>\g<between>. \g<old> \g<how> {SELF}. ", masked)
    masked = _OVERRIDES.sub(r"supersedes \g<own>" if is_status else r"amends \g<own>", masked)
    if not is_status:
        return _THIS.sub(rf"\g<lead>{SELF}", masked)
    masked = _NO_LONGER.sub(" ", masked)
    for pattern, verb in _STATUS_REWRITES:
        masked = pattern.sub(verb, masked)
    return masked
