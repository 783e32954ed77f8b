"""The sentence or two of a text that a question is about: without Markdown, and never cut inside a word."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from graphmem.ranking import IDEOGRAPH
from graphmem.terms import text_terms

MAX_EXCERPT_CHARS = 320
#: What lies further in a long text is not looked at.
MAX_READ_CHARS = 40_000
#: Fewer words are most often a heading or a field such as `Date: 2024-01-01`.
_SENTENCE_WORDS = 4
#: A term of the title counts half, since the title is shown beside the excerpt.
_TITLE_SHARE = 0.5
#: What stands under a heading such as `Decision` says what is so; the rest most often says what was.
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
class _Sentence:
    place: int
    text: str
    is_decided: bool
    terms: frozenset[str]


def excerpt(text: str, terms: Collection[str], title: str = "", limit: int = MAX_EXCERPT_CHARS) -> str:
    """What a text says about a question: its best sentence, and the one that adds most to that; else its first.

    Args:
        text: Prose or Markdown.
        terms: What the question is about (`graphmem.terms.question_terms`).
        title: Shown beside the excerpt, so what repeats it is left out.
        limit: At most so many characters; at least twenty.
    """
    asked, told = frozenset(terms), frozenset(text_terms(title))
    found = [
        _Sentence(place, one, is_decided, asked & frozenset(text_terms(_URL.sub(" ", one))))
        for place, (one, is_decided) in enumerate(_sentences(text[:MAX_READ_CHARS]))
        if _key(one) != _key(title)
    ]
    if not found:
        return ""
    held = Counter(term for one in found for term in one.terms)
    weights = {
        term: math.log(1 + len(found) / count) * (_TITLE_SHARE if term in told else 1) for term, count in held.items()
    }
    best = max(found, key=lambda one: (_weight(one, one.terms, weights), -one.place))
    if not best.terms:
        return shortened(_first(found), limit)
    return _joined(best, _second(best, found, weights, limit), asked, limit)


def sentences(text: str) -> list[str]:
    """The sentences of prose or Markdown in their order, each on one line; headings and code are left out."""
    return [one for one, _ in _sentences(text)]


def shortened(text: str, limit: int) -> str:
    """A text on one line, in at most so many characters; what is left out at the end is told by an ellipsis."""
    words = " ".join(text.split())
    return words if len(words) <= limit else _window(words, 0, limit)


def matched_words(text: str, terms: Collection[str]) -> list[tuple[int, int]]:
    """Where the words of a text stand that a question is about: from each start to before its end, in order."""
    asked = frozenset(terms)
    return [found.span() for found in _WORD.finditer(text) if asked & frozenset(text_terms(found[0]))]


def _second(best: _Sentence, found: Sequence[_Sentence], weights: dict[str, float], limit: int) -> _Sentence | None:
    """The sentence that adds most to the best one, if both have room."""
    rest = [one for one in found if one.terms - best.terms and len(best.text) + len(_GAP) + len(one.text) <= limit]
    return max(rest, key=lambda one: (_weight(one, one.terms - best.terms, weights), -one.place), default=None)


def _joined(best: _Sentence, second: _Sentence | None, asked: frozenset[str], limit: int) -> str:
    if second is None:
        return _around(best.text, asked, limit)
    first, last = sorted((best, second), key=lambda one: one.place)
    return f"{first.text}{' ' if last.place - first.place == 1 else _GAP}{last.text}"


def _around(text: str, asked: frozenset[str], limit: int) -> str:
    """A sentence, or as much of it as has room around the first word that is asked for."""
    if len(text) <= limit:
        return text
    start, _ = matched_words(text, asked)[0] if matched_words(text, asked) else (0, 0)
    if start < limit // 2:
        return _window(text, 0, limit)
    before = [found.start() for found in re.finditer(r"\S+", text) if found.start() <= start]
    return _CUT + _window(text, before[-min(_BEFORE_MATCH, len(before))], limit - len(_CUT))


def _window(text: str, start: int, limit: int) -> str:
    """What has room of a text from a place on, up to the end of a word; nothing of a word that has none itself."""
    rest = text[start:]
    if len(rest) <= limit:
        return rest
    end = limit - len(_CUT)
    while end > 0 and not _is_between_words(rest, end):
        end -= 1
    return rest[:end].rstrip(" ,;:") + _CUT


def _is_between_words(text: str, place: int) -> bool:
    before, after = text[place - 1], text[place]
    if before.isspace() or after.isspace():
        return True
    return _is_ideograph(before) and (_is_ideograph(after) or not after.isalnum())


def _is_ideograph(letter: str) -> bool:
    return re.match(f"[{IDEOGRAPH}]", letter) is not None


def _first(found: Sequence[_Sentence]) -> str:
    whole = [one for one in found if len(one.text.split()) >= _SENTENCE_WORDS or not one.text.isascii()]
    return next((one for one in whole if one.is_decided), (whole or found)[0]).text


def _weight(one: _Sentence, terms: Collection[str], weights: dict[str, float]) -> float:
    return math.fsum(weights[term] for term in terms) * (_DECIDED_SHARE if one.is_decided else 1)


def _key(text: str) -> str:
    return " ".join(text.casefold().split()).rstrip(".")


def _sentences(text: str) -> Iterator[tuple[str, bool]]:
    """Each sentence, and whether it stands under a heading such as `Decision`."""
    for paragraph, is_decided in _paragraphs(text):
        for part in _SENTENCE_END.split(_plain(paragraph)):
            if any(map(str.isalnum, _URL.sub("", part))):
                yield part.strip(), is_decided


def _paragraphs(text: str) -> Iterator[tuple[str, bool]]:
    """Paragraphs, items of lists and rows of tables, each with its lines joined."""
    lines: list[str] = []
    is_code = is_decided = False
    for line in text.splitlines():
        if _FENCE.match(line):
            is_code = not is_code
        elif is_code:
            continue
        elif not line.strip() or _HEADING.match(line) or _RULE.fullmatch(line):
            yield from _whole(lines, is_decided)
            if heading := _HEADING.match(line):
                is_decided = _DECIDED.fullmatch(line[heading.end() :].strip(" #:")) is not None
        else:
            item = _ITEM.match(line)
            if item or line.lstrip().startswith("|"):
                yield from _whole(lines, is_decided)
            lines.append((line[item.end() :] if item else line).strip().lstrip("> "))
    yield from _whole(lines, is_decided)


def _whole(lines: list[str], is_decided: bool) -> Iterator[tuple[str, bool]]:  # noqa: FBT001 - goes with the lines
    if lines:
        yield " ".join(lines), is_decided
    lines.clear()


def _plain(text: str) -> str:
    """A paragraph without the signs of Markdown."""
    if text.startswith("|"):
        text = ", ".join(cell.strip() for cell in text.strip("| ").split("|"))
    return " ".join(_SIGNS.sub("", _LINK.sub(r"\1", text)).split())
