"""Explicit statements in a conversation: a decision, a rule, or a fact to remember.

Few forms count, and each must open its sentence: remarks in passing, questions, doubts, and sentences about
the moment alone are left to people. A speaker's own sentence is the quote; only its opening words are rephrased.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from graphmem.deferred_dataclass import dataclass
from graphmem.model import Kind
from graphmem.sources.transcripts.turns import Speaker, TranscriptTurn, spoken

_MOST_CHARS = 400
_LEAST_WORDS = 3
#: Sentences end at a stop before a blank and a capital, a digit, a quote or a code span; and at a line's end.
_SENTENCE = re.compile(r"(?<=[.!?])[ \t]+(?=[A-Z0-9\"'`])")
#: A line of at least so many characters that ends no sentence goes on in the next line, unless that is an item.
_MARGIN, _ENDS = 45, ".!?:;|>"
_ITEM = re.compile(r"[-*+#|>]|\d{1,3}[.)] ")
_OPENING = re.compile(
    r"^(?:[-*•] |\d{1,3}[.)] )?(?:\*\*)?(?:ok(?:ay)?|so|yes|yeah|right|great|perfect|also|and|please|btw|fyi|alright)?"
    r"(?:,|:|\.|!| -)? ?(?:please |also |then )?",
    re.IGNORECASE,
)
_VERB = (
    r"(?:use|add|commit|push|import|call|write|edit|touch|modify|change|run|install|depend|put|store|log|mock|skip|rebase|"
    r"deploy|create|make|keep|return|raise|catch|hardcode|hard-code|mix|rely|start|name|expose|pin|bump|delete|remove|"
    r"test|prefer|format|document|squash|open|validate|include|set|wrap|pass|follow|check|go|avoid|move|split|replace|"
    r"adopt|build|support|extend|switch|migrate|drop|generate|require|suppress|exclude|group|do not|don't)\b"
)
_WE_DO = (
    "use|go with|stick with|stay with|stick to|keep|standardize on|standardise on|build on|rely on|drop|avoid|target"
)


@dataclass(frozen=True, slots=True)
class _StatementPattern:
    """A form of explicit statement.

    Attributes:
        pattern: Matches the beginning of a sentence; the rest is the statement, after `lead`.
        lead: Words before the statement in the title; if a reason is needed, the sentence's own words.
        speakers: Whose sentences count.
        needs_reason: Whether a reason must be given in the sentence.
        is_request: Whether the sentence must begin with "please" or the like.
    """

    name: str
    kind: Kind
    pattern: re.Pattern[str]
    lead: str = ""
    speakers: frozenset[Speaker] = frozenset(Speaker)
    needs_reason: bool = False
    is_request: bool = False


_USER = frozenset({Speaker.USER})


def _form(
    name: str, kind: Kind, pattern: str, lead: str = "", *, by: frozenset[Speaker] = _USER, is_request: bool = False
) -> _StatementPattern:
    return _StatementPattern(name, kind, re.compile(pattern, re.IGNORECASE), lead, by, is_request=is_request)


_FORMS = (
    _form("decided", Kind.DECISION, rf"decision(?: made)?: ?(?:we (?:will )?|to )?(?={_VERB})", by=frozenset(Speaker)),
    _form(
        "decided",
        Kind.DECISION,
        r"(?:we|the team)(?:'ve| have)? (?:now |just )?(?:decided|agreed|chosen|chose|settled|opted)"
        r"(?: to| on| that| for|:)? ",
        by=frozenset(Speaker),
    ),
    _form("remember", Kind.FACT, r"remember(?: this)?: |remember this |remember to |for future reference[,:] "),
    # Without a request, it reminds the others of what they know.
    _form("remember", Kind.FACT, r"(?:remember|keep in mind) that ", is_request=True),
    _form(
        "from now on",
        Kind.CONVENTION,
        rf"(?:from now on|going forward)[,:]? (?=(?:we|all|every|always|never|please)\b|{_VERB})",
    ),
    _form("always", Kind.CONVENTION, rf"always (?={_VERB})", "always "),
    _form("never", Kind.CONVENTION, rf"never (?={_VERB})", "never "),
    _form("preferred", Kind.PREFERENCE, r"i (?:always |generally |strongly |much )?prefer (?:to )?", "prefer "),
    _StatementPattern(
        "do not",
        Kind.CONVENTION,
        re.compile(rf"(?:don'?t|do not|avoid|stop) (?:ever )?(?={_VERB}|[a-z]+ing\b)", re.IGNORECASE),
        speakers=_USER,
        needs_reason=True,
    ),
    _form("chosen", Kind.DECISION, rf"let'?s (?={_WE_DO})"),
    _form("chosen", Kind.DECISION, rf"we(?:'ll| will| are going to|'re going to) (?={_WE_DO})"),
    _form(
        "here",
        Kind.CONVENTION,
        r"in (?:this|our) (?:repo|repository|project|codebase|team|org)[, ]+(?=(?:we|always|never|all|every) )",
    ),
)
_REASON = re.compile(r",? (?:because|since|so that|given that|due to) ", re.IGNORECASE)
_INSTEAD = re.compile(
    r",? (?:instead of|rather than|over|in place of) "
    r"(?P<option>[^,;:()\s]{1,40}(?: [^,;:()\s]{1,40}){0,3}?)(?=[,;:()]| - | for | when | in | to |\.?$)",
    re.IGNORECASE,
)
#: Words of doubt, of plans, or of statements for this moment alone.
_PASSING = re.compile(
    r"\b(?:for now|right now|yet|today|this time|at the moment|for the moment|temporarily|this (?:pr|commit|session|"
    r"file|task|change|branch|one|test|function|line|issue|entirely|way)|that (?:file|one|test|function|line|commit|"
    r"branch|for)|maybe|perhaps|might|may want|likely|not sure|on this$|i think|i guess|probably|if you|unless you|"
    r"for me to|next step|first[, ]|worry|wait|(?:we|i) plan|you (?:can|may|could)|"
    r"(?:use|with) (?:this|the current|some of|our)|to illustrate|it|them|those|these|options? [a-z0-9]|"
    r"approach [a-z0-9]|(?:commit|push|add|change) this)\b",
    re.IGNORECASE,
)
#: Words that point to something said before: the statement is not understood without it.
_POINTING = re.compile(
    r"\b(?:this|that)(?=[.,;!]?\s*$|[,;] | (?:at|in|on|back|across|here|there|case|point|long|until|because|now|"
    r"already|more)\b)|"
    r"\bthis (?!(?:repo|repository|project|codebase|team|org|company|service|app|package|library|monorepo)\b)|"
    r"\b(?:that|all that) (?:change|pattern|meeting|question|point|way|topic|idea|proposal|approach|part|issue|problem|"
    r"design|with)\b|^(?:not to|to) (?:in|for|at|on)\b|"
    r"^(?:to |on |that )?(?:this|that|so|no|one|some|you)\b|\b(?:do|doing|did|does) (?:this|that|so)\b|"
    r"\b(?:the (?:former|latter|first|second|third|last|other)(?: one)?[.,]?$|the precedent|as (?:you|he|she|they) sa)|"
    r"\b(?:improvement|option|approach|step|item|idea|suggestion|number|point|choice|variant|alternative)s? "
    r"(?:\d+|[a-z])\b|\(\d{1,2}\)|\bthe [2-9]\b|"
    r"\b(?:last|previous|next|today's) (?:meeting|time|week)|"
    r"\b(?:a (?:while|long time)|meetings?|weeks|months|years) ago",
    re.IGNORECASE,
)
#: Words that keep a conversation going.
_MANNERS = re.compile(
    r"^(?:keep|stick with|go with) (?:this|that|going|making|doing|in mind|moving|working|discussing)\b|"
    r"\b(?:the|our) (?:current|existing|present|same) (?:proposal|process|plan|approach|state|design)\b|"
    r"\b(?:they're|you're|you have|they have|he's|she's)\b|\b(?:discussion|conversation|timebox|debate)s?\b|"
    r"\bin the loop\b|\b(?:you|everyone|people) (?:posted|informed|updated)\b",
    re.IGNORECASE,
)
_REQUEST = re.compile(r"\bplease\b", re.IGNORECASE)
#: A list of choices without a selected choice.
_CHOICE = re.compile(r", or |\byes/no\b", re.IGNORECASE)
_ASKED = re.compile(
    r"^(?:should|shall|can|could|would|will|do|does|did|is|are|what|why|how|when|where|which|who|if)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class ExplicitStatement:
    """A statement of a turn.

    Attributes:
        quote: The sentence, verbatim but for line breaks.
        title: The statement without its opening words and its reason.
        reason: The reason that the sentence gives; empty if it gives none.
        rejected: The options that it names as not taken.
        rule: The name of the form.
        turn: The turn with the sentence.
    """

    quote: str
    title: str
    kind: Kind
    reason: str
    rejected: tuple[str, ...]
    rule: str
    turn: TranscriptTurn


def explicit_statements(turn: TranscriptTurn) -> Iterator[ExplicitStatement]:
    """Yield the explicit statements of a turn in their order."""
    for sentence in sentences_of(turn.text):
        found = _statement(sentence, turn)
        if found is not None:
            yield found


def sentences_of(text: str) -> Iterator[str]:
    """Yield the sentences of a turn's speaker in their order, each on one line."""
    for paragraph in _paragraphs(spoken(text)):
        for sentence in _SENTENCE.split(" ".join(paragraph.split())):
            if sentence.strip():
                yield sentence.strip()


def sentences_with(quote: str, text: str) -> tuple[str, ...]:
    """Return the sentences of a turn that a quote is in, or that it spans; empty if it is not in the turn."""
    words, sentences = " ".join(quote.split()), tuple(sentences_of(text))
    start = " ".join(sentences).find(words)
    if not words or start < 0:
        return ()
    spanned, place = [], 0
    for sentence in sentences:
        if place < start + len(words) and start < place + len(sentence):
            spanned.append(sentence)
        place += len(sentence) + 1
    return tuple(spanned)


def _paragraphs(text: str) -> Iterator[str]:
    """Yield the lines of a text, joining lines that were broken at the margin."""
    joined: list[str] = []
    for line in map(str.strip, text.splitlines()):
        is_continued = bool(joined) and len(joined[-1]) >= _MARGIN and joined[-1][-1] not in _ENDS
        if joined and not (is_continued and line and not _ITEM.match(line)):
            yield " ".join(joined)
            joined = []
        if line:
            joined.append(line)
    if joined:
        yield " ".join(joined)


def _statement(sentence: str, turn: TranscriptTurn) -> ExplicitStatement | None:
    if not 0 < len(sentence) <= _MOST_CHARS or sentence.endswith(("?", ":", "…", "...")) or _CHOICE.search(sentence):
        return None
    opening = _opening(sentence)
    said, is_request = sentence[opening:].replace("**", ""), _REQUEST.search(sentence[:opening]) is not None
    if _ASKED.match(said):
        return None
    for form in _FORMS:
        match = form.pattern.match(said)
        if match is not None and turn.speaker in form.speakers and form.is_request <= is_request:
            return _of_form(form, match[0], said[match.end() :], sentence, turn)
    return None


def _opening(sentence: str) -> int:
    match = _OPENING.match(sentence)
    end = 0 if match is None else match.end()
    # A word that only begins like an opening, as in "always" or "solution", is no opening.
    return end if end == 0 or not sentence[end - 1].isalnum() else 0


def _of_form(
    form: _StatementPattern, lead: str, rest: str, quote: str, turn: TranscriptTurn
) -> ExplicitStatement | None:
    head, mark, reason = _parted(rest)
    if form.needs_reason and not mark:
        return None
    first, *_ = head.split(maxsplit=1) or [""]
    if len(head.split()) < _LEAST_WORDS - bool(form.lead) - bool(mark) or _PASSING.search(head):
        return None
    if _POINTING.search(head) or _MANNERS.search(head):
        return None
    if len(first) > 1 and first.isupper() and form.name == "decided":
        return None  # an entry of a report, as in "KEEP (3 votes)"
    rejected = tuple(match["option"].strip(" .`'\"") for match in _INSTEAD.finditer(head))
    title = f"{lead if form.needs_reason else form.lead}{head}".strip(" .!*")
    return ExplicitStatement(
        quote, title[0].upper() + title[1:], form.kind, reason.strip(" .!*"), rejected, form.name, turn
    )


def _parted(rest: str) -> tuple[str, str, str]:
    """Return a statement, the words before its reason, and the reason."""
    match = _REASON.search(rest)
    if match is None:
        return rest, "", ""
    return rest[: match.start()], match[0], rest[match.end() :]
