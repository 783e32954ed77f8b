"""Explicit statements in a conversation: a decision, a rule, or a fact to remember.

Few forms count, and each must open its sentence: remarks in passing, questions, doubts, and sentences about
the moment alone are left to people. A speaker's own sentence is the quote; only its opening words are rephrased.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from graphmem.deferred_dataclass import dataclass
from graphmem.model import Kind
from graphmem.sources.transcripts.marked_places import PlacedText, inline_mark, placed_texts, with_place, without_links
from graphmem.sources.transcripts.reported_decisions import reported_decision
from graphmem.sources.transcripts.resolutions import has_subject, is_resolution
from graphmem.sources.transcripts.turns import Speaker, TranscriptTurn, spoken
from graphmem.sources.transcripts.unsettled_words import is_nameless, is_unsettled

_MOST_CHARS = 400
_LEAST_WORDS = 3
#: Sentences end at a stop before a blank and a capital, a digit, a quote or a code span; and at a line's end.
_SENTENCE = re.compile(r"(?<=[.!?])[ \t]+(?=[A-Z0-9\"'`])")
#: A line of at least so many characters that ends no sentence goes on in the next line, unless that is an item.
_MARGIN, _ENDS = 45, ".!?:;|>"
_ITEM = re.compile(r"[-*+#|>]|\d{1,3}[.)] ")
_APOSTROPHE = re.compile(r"(?<=[A-Za-z])\u2019(?=[a-z])")
_COLUMNS = re.compile(r"^\||\s\|\s")
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
    _form(
        "remember",
        Kind.FACT,
        r"remember(?: this)?: |remember this (?!is |was |has |isn|wasn|will )|remember to |for future reference[,:] ",
    ),
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
#: Words that say what a choice or a preference is for, or what it is taken over.
_PURPOSE = re.compile(r"\S (?:for|in|as|across|on|instead of|rather than|over|in place of) \S", re.IGNORECASE)
_COMPARED = re.compile(r" (?:instead of|rather than|over|in place of) ", re.IGNORECASE)
#: What others offered.
_OFFERED = re.compile(r"(?:being|having|the|we|my|your|our|that|this|his|her|their)\b", re.IGNORECASE)
#: What a preference of a person is about who works on a project, and not on the matter of a debate.
_WORK = re.compile(
    r"\b(?:commits?|tests?|names?|naming|comments?|docstrings?|code|messages?|functions?|classes|modules?|files?|"
    r"branch(?:es)?|prs?|pull requests|diffs?|types?|lines?|imports?|answers?|responses?|replies|explanations?|spaces|"
    r"tabs|indentation|style|scripts?|libraries|dependencies|packages|variables|errors|exceptions|logs?|docs|documentation|"
    r"subjects|summaries|changes|patches|refactoring|constants|helpers|snippets|examples)\b",
    re.IGNORECASE,
)
_REQUEST = re.compile(r"\bplease\b", re.IGNORECASE)
#: A list of choices without a selected choice.
_CHOICE = re.compile(r", or |\byes/no\b", re.IGNORECASE)
_QUESTION = re.compile(
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
        excerpt: Lines in which the rules read this statement alone.
    """

    quote: str
    title: str
    kind: Kind
    reason: str
    rejected: tuple[str, ...]
    rule: str
    turn: TranscriptTurn
    excerpt: str = ""


def explicit_statements(turn: TranscriptTurn) -> Iterator[ExplicitStatement]:
    """Yield the explicit statements of a turn in their order."""
    for placed in placed_texts(_paragraphs(spoken(turn.text))):
        for sentence in _sentences(placed.text):
            statement = _statement(sentence, placed, turn)
            if statement is not None:
                yield statement


def sentences_of(text: str) -> Iterator[str]:
    """Yield the sentences of a turn's speaker in their order, each on one line."""
    for paragraph in _paragraphs(spoken(text)):
        yield from _sentences(paragraph)


def _sentences(paragraph: str) -> Iterator[str]:
    for sentence in _SENTENCE.split(" ".join(paragraph.split())):
        if sentence.strip():
            yield sentence.strip()


def sentences_with(quote: str, text: str) -> tuple[str, ...]:
    """Return the sentences of a turn that a quote is in, or that it spans; empty if it is not in the turn."""
    words, sentences = " ".join(quote.split()), tuple(sentences_of(text))
    start = " ".join(sentences).find(words)
    if not words or start < 0:
        return ()
    spanned, sentence_start = [], 0
    for sentence in sentences:
        if sentence_start < start + len(words) and start < sentence_start + len(sentence):
            spanned.append(sentence)
        sentence_start += len(sentence) + 1
    return tuple(spanned)


def _paragraphs(text: str) -> Iterator[str]:
    """Yield the lines of a text, joining lines that were broken at the margin."""
    joined: list[str] = []
    for line in map(str.strip, text.splitlines()):
        is_continued = bool(joined) and len(joined[-1]) >= _MARGIN and joined[-1][-1] not in _ENDS
        is_continued = is_continued and not (
            joined[0].startswith("#") or _COLUMNS.search(joined[-1]) or _COLUMNS.search(line)
        )
        if joined and not (is_continued and line and not _ITEM.match(line)):
            yield " ".join(joined)
            joined = []
        if line:
            joined.append(line)
    if joined:
        yield " ".join(joined)


def _statement(sentence: str, placed: PlacedText, turn: TranscriptTurn) -> ExplicitStatement | None:
    if not 0 < len(sentence) <= _MOST_CHARS or sentence.endswith(("?", ":", "…", "...")) or _CHOICE.search(sentence):
        return None
    return _reported(sentence, placed, turn) or _of_forms(sentence, turn) or _resolution(sentence, placed, turn)


def _of_forms(sentence: str, turn: TranscriptTurn) -> ExplicitStatement | None:
    opening = _opening(sentence)
    words, is_request = _plain(sentence[opening:]), _REQUEST.search(sentence[:opening]) is not None
    if _QUESTION.match(words):
        return None
    for form in _FORMS:
        match = form.pattern.match(words)
        if match is not None and turn.speaker in form.speakers and form.is_request <= is_request:
            return _of_form(form, match[0], words[match.end() :], sentence, turn)
    return None


_BULLETS = re.compile(
    r"(?:[-*+•]\s*|\[[ xX]\]\s*|\d{1,3}[.)]\s+|[*_]*\d+(?:\.\d+)+[*_]*\s*(?:[:|\u2013\u2014-]+\s*|\s))*"
)
#: What a sentence does after "Decision:".
_DECIDED_TO = re.compile(_VERB, re.IGNORECASE)
_ENTRY = re.compile(r"[A-Z]{2,}(?=[ .,:]|$)")
_LEAST_WORDS_ALONE = 5


def _resolution(sentence: str, placed: PlacedText, turn: TranscriptTurn) -> ExplicitStatement | None:
    """Return the statement of a sentence in a marked place, or under a mark of its own; None if it makes none."""
    inline = inline_mark(sentence)
    bullets = _BULLETS.match(sentence)
    words = sentence[bullets.end() if bullets else 0 :] if inline is None else inline[1]
    mark = placed.mark if inline is None else inline[0]
    if mark is None or not (mark.is_decided or turn.speaker is Speaker.USER) or (inline and _ENTRY.match(words)):
        return None
    words = without_links(_plain(words)).strip()
    head, _, reason = _parted(words)
    is_chosen = inline is not None and mark.is_decided and _DECIDED_TO.match(head) is not None
    if is_unsettled(head) or (not is_chosen and (_is_alone(head, placed) or not is_resolution(head))):
        return None
    if is_chosen and (len(head.split()) < _LEAST_WORDS or (is_nameless(head) and not placed.topic)):
        return None
    return _made(sentence, turn, ("resolved", Kind.DECISION), (head, reason), placed)


def _reported(sentence: str, placed: PlacedText, turn: TranscriptTurn) -> ExplicitStatement | None:
    """Return the decision that a sentence reports; None if it reports none."""
    words = without_links(_plain(sentence[_opening(sentence) :]))
    reported = reported_decision(words)
    if reported is None or _QUESTION.match(words):
        return None
    head, mark, reason = _parted(reported.what)
    if len(head.split()) < _LEAST_WORDS - bool(mark) or is_unsettled(head):
        return None
    if reported.is_agreement and (not is_resolution(head) or _is_alone(head, placed)):
        return None
    needs_topic = is_nameless(head)
    if needs_topic and not placed.topic:
        return None
    place = placed if reported.is_agreement or needs_topic else _NOWHERE
    return _made(sentence, turn, ("decided", Kind.DECISION), (head, reason), place)


def _is_alone(words: str, placed: PlacedText) -> bool:
    """Return whether a statement is too short to be understood without a topic, and has none."""
    least = _LEAST_WORDS if has_subject(words) else _LEAST_WORDS_ALONE
    return not placed.topic and (len(words.split()) < least or is_nameless(words))


_NOWHERE = PlacedText("")


def _made(
    sentence: str, turn: TranscriptTurn, form: tuple[str, Kind], parts: tuple[str, str], placed: PlacedText
) -> ExplicitStatement:
    """Return a statement about the topic of its place.

    Args:
        sentence: The quote.
        turn: The turn with the sentence.
        form: The name of the form, and the kind.
        parts: What is stated, and the reason.
        placed: The place of the sentence.
    """
    (rule, kind), (head, reason) = form, parts
    rejected = tuple(match["option"].strip(" .`'\"") for match in _INSTEAD.finditer(head))
    title = head.strip(" .!*")
    title = title[0].upper() + title[1:]
    title = f"{placed.topic}: {title}" if placed.topic else title
    excerpt = with_place(sentence, placed.topic, placed.mark)
    return ExplicitStatement(sentence, title, kind, reason.strip(" .!*"), rejected, rule, turn, excerpt)


def _plain(words: str) -> str:
    """Return words without bold, and with straight apostrophes inside of words."""
    return _APOSTROPHE.sub("'", words.replace("**", ""))


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
    if len(head.split()) < _LEAST_WORDS - bool(form.lead) - bool(mark) or is_unsettled(head):
        return None
    if form.name == "chosen" and not (mark or _PURPOSE.search(head)):
        return None
    if form.name == "preferred" and not _is_of_work(lead, head):
        return None
    title = f"{lead if form.needs_reason else form.lead}{head}"
    made = _made(quote, turn, (form.name, form.kind), (head, reason), _NOWHERE)
    title = title.strip(" .!*")
    return replace(made, title=title[0].upper() + title[1:])


def _is_of_work(lead: str, head: str) -> bool:
    """Return whether a preference compares things, or is about how work is done and nothing that others offered."""
    if _OFFERED.match(head) is not None:
        return False
    is_action = lead.rstrip().casefold().endswith(" to")
    return _COMPARED.search(head) is not None or (not is_action and _WORK.search(head) is not None)


def _parted(rest: str) -> tuple[str, str, str]:
    """Return a statement, the words before its reason, and the reason."""
    match = _REASON.search(rest)
    if match is None:
        return rest, "", ""
    return rest[: match.start()], match[0], rest[match.end() :]
