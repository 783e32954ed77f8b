"""Excerpts: the sentences of a text that match a query, without Markdown, cut only between words."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from graphmem.deferred_dataclass import dataclass
from graphmem.ranking import IDEOGRAPH
from graphmem.terms import text_terms

MAX_EXCERPT_CHARS = 320
#: Text beyond this length is ignored.
MAX_READ_CHARS = 40_000
#: Shorter sentences are usually headings or fields such as `Date: 2024-01-01`.
_SENTENCE_WORDS = 4
#: Weight of terms in the title, since the title is shown with the excerpt.
_TITLE_SHARE = 0.5
#: Weight of sentences under a heading such as `Decision`; other sections usually describe the context.
_DECIDED_SHARE = 1.5
_BEFORE_MATCH = 4

_GAP = " … "
_CUT = "…"
_FENCE = re.compile(r" {0,3}(?:```|~~~)")
_HEADING = re.compile(r" {0,3}#{1,6}(?:\s|$)")
_DECIDED = re.compile(r"(?:the )?(?:decision(?: outcome)?|outcome|resolution|solution|proposal)", re.IGNORECASE)
_ITEM = re.compile(r"\s{0,40}(?:[-*+]|\d{1,3}[.)])\s{1,8}")
_RULE = re.compile(r"[\s|:=*_-]{3,}")
_LINK = re.compile(r"!?\[([^\[\]\n]{1,300})\](?:\([^()\s]{0,500}\)|\[[^\[\]\n]{0,100}\])")
_URL = re.compile(r"https?://\S{1,2000}")
_SIGNS = re.compile(r"\*{1,3}|`+|(?<!\w)_{1,2}(?=\w)|(?<=\w)_{1,2}(?!\w)|</?[A-Za-z][^<>\n]{0,200}>|<!--|-->")
_SENTENCE_END = re.compile(
    r"(?<=[.!?])(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\bvs\.)(?<!\bcf\.)(?<!\bNo\.)\s+(?=[^\sa-z])|(?<=[。！？])"  # noqa: RUF001
)
_WORD = re.compile(rf"[{IDEOGRAPH}]{{2}}|[{IDEOGRAPH}]|\d+(?:\.\d+)+|[^\W{IDEOGRAPH}]+")


@dataclass(frozen=True, slots=True)
class _ExcerptSentence:
    index: int
    text: str
    is_decided: bool
    terms: frozenset[str]


def excerpt(text: str, terms: Collection[str], title: str = "", limit: int = MAX_EXCERPT_CHARS) -> str:
    """Return the sentence that matches the query best, and the sentence that adds most to it; else the first sentence.

    Args:
        text: Prose or Markdown.
        terms: The query's terms (`graphmem.terms.question_terms`).
        title: Shown with the excerpt; a sentence that repeats it is omitted.
        limit: The most characters; at least twenty.
    """
    query_terms, title_terms = frozenset(terms), frozenset(text_terms(title))
    candidates = [
        _ExcerptSentence(index, sentence, is_decided, query_terms & frozenset(text_terms(_URL.sub(" ", sentence))))
        for index, (sentence, is_decided) in enumerate(_sentences(text[:MAX_READ_CHARS]))
        if _key(sentence) != _key(title)
    ]
    if not candidates:
        return ""
    counts = Counter(term for sentence in candidates for term in sentence.terms)
    weights = {
        term: math.log(1 + len(candidates) / count) * (_TITLE_SHARE if term in title_terms else 1)
        for term, count in counts.items()
    }
    best = max(candidates, key=lambda sentence: (_weight(sentence, sentence.terms, weights), -sentence.index))
    if not best.terms:
        return shortened(_first(candidates), limit)
    return _joined(best, _second(best, candidates, weights, limit), query_terms, limit)


def sentences(text: str) -> list[str]:
    """Return the sentences of prose or Markdown in order, each on a single line; headings and code are omitted."""
    return [sentence for sentence, _ in _sentences(text)]


def shortened(text: str, limit: int) -> str:
    """Return a text on a single line, cut to `limit` characters; an ellipsis marks a cut."""
    words = " ".join(text.split())
    return words if len(words) <= limit else _window(words, 0, limit)


def matched_words(text: str, terms: Collection[str]) -> list[tuple[int, int]]:
    """Return the (start, end) positions of the words that match the query's terms, in order."""
    query_terms = frozenset(terms)
    return [word.span() for word in _WORD.finditer(text) if query_terms & frozenset(text_terms(word[0]))]


def _second(
    best: _ExcerptSentence, candidates: Sequence[_ExcerptSentence], weights: dict[str, float], limit: int
) -> _ExcerptSentence | None:
    """Return the sentence that adds most to the best sentence, if both fit."""
    rest = [
        sentence
        for sentence in candidates
        if sentence.terms - best.terms and len(best.text) + len(_GAP) + len(sentence.text) <= limit
    ]
    return max(
        rest,
        key=lambda sentence: (_weight(sentence, sentence.terms - best.terms, weights), -sentence.index),
        default=None,
    )


def _joined(best: _ExcerptSentence, second: _ExcerptSentence | None, query_terms: frozenset[str], limit: int) -> str:
    if second is None:
        return _around(best.text, query_terms, limit)
    first, last = sorted((best, second), key=lambda sentence: sentence.index)
    return f"{first.text}{' ' if last.index - first.index == 1 else _GAP}{last.text}"


def _around(text: str, query_terms: frozenset[str], limit: int) -> str:
    """Return a sentence, or as much of it as fits around the first matching word."""
    if len(text) <= limit:
        return text
    start, _ = matched_words(text, query_terms)[0] if matched_words(text, query_terms) else (0, 0)
    if start < limit // 2:
        return _window(text, 0, limit)
    before = [word.start() for word in re.finditer(r"\S+", text) if word.start() <= start]
    return _CUT + _window(text, before[-min(_BEFORE_MATCH, len(before))], limit - len(_CUT))


def _window(text: str, start: int, limit: int) -> str:
    """Return as much of a text from `start` on as fits, up to the end of a word."""
    rest = text[start:]
    if len(rest) <= limit:
        return rest
    end = limit - len(_CUT)
    while end > 0 and not _is_between_words(rest, end):
        end -= 1
    return rest[:end].rstrip(" ,;:") + _CUT


def _is_between_words(text: str, index: int) -> bool:
    before, after = text[index - 1], text[index]
    if before.isspace() or after.isspace():
        return True
    return _is_ideograph(before) and (_is_ideograph(after) or not after.isalnum())


def _is_ideograph(letter: str) -> bool:
    return re.match(f"[{IDEOGRAPH}]", letter) is not None


def _first(candidates: Sequence[_ExcerptSentence]) -> str:
    full_sentences = [
        sentence
        for sentence in candidates
        if len(sentence.text.split()) >= _SENTENCE_WORDS or not sentence.text.isascii()
    ]
    return next(
        (sentence for sentence in full_sentences if sentence.is_decided), (full_sentences or candidates)[0]
    ).text


def _weight(sentence: _ExcerptSentence, terms: Collection[str], weights: dict[str, float]) -> float:
    return math.fsum(weights[term] for term in terms) * (_DECIDED_SHARE if sentence.is_decided else 1)


def _key(text: str) -> str:
    return " ".join(text.casefold().split()).rstrip(".")


def _sentences(text: str) -> Iterator[tuple[str, bool]]:
    """Yield each sentence, and whether it is under a heading such as `Decision`."""
    for paragraph, is_decided in _paragraphs(text):
        for part in _SENTENCE_END.split(_plain(paragraph)):
            if any(map(str.isalnum, _URL.sub("", part))):
                yield part.strip(), is_decided


def _paragraphs(text: str) -> Iterator[tuple[str, bool]]:
    """Yield paragraphs, list items and table rows, with their lines joined."""
    lines: list[str] = []
    is_code = is_decided = False
    for line in text.splitlines():
        if _FENCE.match(line):
            is_code = not is_code
        elif is_code:
            continue
        elif not line.strip() or _HEADING.match(line) or _RULE.fullmatch(line):
            yield from _flushed(lines, is_decided)
            if heading := _HEADING.match(line):
                is_decided = _DECIDED.fullmatch(line[heading.end() :].strip(" #:")) is not None
        else:
            item = _ITEM.match(line)
            if item or line.lstrip().startswith("|"):
                yield from _flushed(lines, is_decided)
            lines.append((line[item.end() :] if item else line).strip().lstrip("> "))
    yield from _flushed(lines, is_decided)


def _flushed(lines: list[str], is_decided: bool) -> Iterator[tuple[str, bool]]:  # noqa: FBT001 - goes with the lines
    if lines:
        yield " ".join(lines), is_decided
    lines.clear()


def _plain(text: str) -> str:
    """Return a paragraph without Markdown syntax."""
    if text.startswith("|"):
        text = ", ".join(cell.strip() for cell in text.strip("| ").split("|"))
    return " ".join(_SIGNS.sub("", _LINK.sub(r"\1", text)).split())
