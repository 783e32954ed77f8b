"""Places of a text that are marked as decisions: a section, a column or a line under a word such as "Decision".

Minutes, notes and summaries record there what was decided. The heading above says what it is about.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from graphmem.deferred_dataclass import dataclass

_DECIDED = r"(?:decision outcomes?|decisions?|agreements?|agreed|decided)"
_CONCLUDED = r"(?:resolutions?|resolved|conclusions?|consensus)"
_MARK_WORDS = rf"(?:{_DECIDED}|{_CONCLUDED})(?: (?:items?|made|taken|reached))?"
_BESIDE = r"(?:action items?|actions?|next steps|summary|rationale)"
_MARK = re.compile(
    rf"(?:summary of |list of )?(?:the |our |key |main |final )?{_MARK_WORDS}"
    rf"(?:\s*(?:/+|&|,|and|or)\s*(?:{_MARK_WORDS}|{_BESIDE}))*",
    re.IGNORECASE,
)
_DECIDED_MARK = re.compile(rf"\b{_DECIDED}\b", re.IGNORECASE)
#: A mark at the beginning of a sentence, as in "Decision 12.1: …" and "RESOLVED - …".
_INLINE = re.compile(
    rf"(?:[-*+•] ?|\d{{1,3}}[.)] )?[*_`]*(?P<mark>{_MARK_WORDS})(?: ?#?\d+(?:\.\d+)*)?[*_`]*"
    r"(?:\s*:|\s+[-\u2013\u2014](?=\s))[*_`]*\s*(?=\S)",
    re.IGNORECASE,
)
_HEADING = re.compile(r"(?P<marks>#{1,6})\s+(?P<words>\S.*)")
#: A line of its own in bold or before a colon is a heading below the others.
_LABEL = re.compile(r"(?:\*\*|__)(?P<bold>[^*_]{1,80})(?:\*\*|__):?|(?P<plain>[A-Za-z][A-Za-z /&]{2,40}):")
_LOWEST = 7
_ITEM = re.compile(r"[-*+•] ?|\d{1,3}[.)] ")
_RULER = re.compile(r"[\s|:-]*-[\s|:-]*")
_TEXT_COLUMN = re.compile(r"descriptions?|decisions?(?: made)?|resolutions?|agreements?", re.IGNORECASE)
_TASKS = re.compile(r"\bactions?\b|\bwho\b", re.IGNORECASE)
_TOPIC_COLUMN = re.compile(r"topics?|areas?|subjects?|issues?|questions?|eips?|proposals?", re.IGNORECASE)
#: Headings that name a meeting or a part of its minutes, and no matter.
_NO_TOPIC = re.compile(
    r"\b(?:meetings?|calls?|minutes|notes|summary|summaries|agendas?|discussions?|attendees|decisions?|action items|"
    r"overview|plan|report|answer|results?|introduction|topics?|highlights|recap|status updates?|"
    r"january|february|march|april|may|june|july|august|september|october|november|december)\b",
    re.IGNORECASE,
)
_LINK = re.compile(r"!?\[((?:[^\[\]]|\[[^\[\]]*\])*)\]\([^()]*(?:\([^()]*\)[^()]*)*\)")
_NUMBER = re.compile(
    r"(?:\d+[a-z]?(?:\.[\da-z]+)*|[ivx]+)[.):]*\s+(?:\(?continued\)?\s+)?|[^\w`\"'\[(]+", re.IGNORECASE
)
_MOST_TOPIC_CHARS = 120


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark of decisions.

    Attributes:
        is_decided: Whether its words say that something was decided, and do not conclude alone.
    """

    is_decided: bool


@dataclass(frozen=True, slots=True)
class PlacedText:
    """A text with the headings that it is under.

    Attributes:
        text: A paragraph, or a cell of a table.
        topic: What the text is about, as the heading above says; empty if none does.
        mark: The mark of the section or column that it is in; None outside of all.
    """

    text: str
    topic: str = ""
    mark: Mark | None = None


@dataclass(frozen=True, slots=True)
class _Heading:
    level: int
    words: str
    mark: Mark | None


@dataclass(frozen=True, slots=True)
class _DecisionTable:
    text_column: int
    topic_column: int | None
    mark: Mark


def placed_texts(paragraphs: Iterable[str]) -> Iterator[PlacedText]:
    """Yield the paragraphs and the decisions in tables, each with its place; headings are yielded outside of places.

    Args:
        paragraphs: In their order, each on one line.
    """
    headings: list[_Heading] = []
    table: _DecisionTable | None = None
    was_item = True
    for paragraph in paragraphs:
        heading = _heading(paragraph)
        if heading is not None:
            headings = [*(above for above in headings if above.level < heading.level), heading]
            table, was_item = None, True
            yield PlacedText(paragraph)
            continue
        table = (table or _table(paragraph)) if "|" in paragraph else None
        if table is not None:
            yield from _of_row(table, paragraph, _topic(headings))
            continue
        if paragraph.startswith("|"):
            yield PlacedText(max(_cells(paragraph), key=len), _topic(headings), headings[-1].mark if headings else None)
            continue
        is_item = _ITEM.match(paragraph) is not None
        if headings and headings[-1].level == _LOWEST and not (is_item or was_item):
            headings.pop()
        was_item = is_item
        yield PlacedText(paragraph, _topic(headings), headings[-1].mark if headings else None)


def inline_mark(sentence: str) -> tuple[Mark, str] | None:
    """Return the mark that opens a sentence, and the sentence after it; None if none does."""
    match = _INLINE.match(sentence)
    return None if match is None else (_mark(match["mark"]), sentence[match.end() :])


def with_place(sentence: str, topic: str, mark: Mark | None) -> str:
    """Return lines in which a sentence has the given place."""
    lines = ["# Notes"] if topic or mark else []
    lines += [f"## {topic}"] if topic else []
    lines += ["### Decision" if mark.is_decided else "### Conclusion"] if mark else []
    return "\n".join([*lines, sentence])


def without_links(text: str) -> str:
    """Return a text with the words of Markdown links in place of the links."""
    return _LINK.sub(r"\1", text)


def _heading(line: str) -> _Heading | None:
    match = _HEADING.fullmatch(line)
    if match is not None:
        level, words = len(match["marks"]), match["words"]
    elif label := _LABEL.fullmatch(line):
        level, words = _LOWEST, label["bold"] or label["plain"]
    else:
        return None
    words = _bare(words)
    return _Heading(level, words, _mark(words) if _MARK.fullmatch(words) else None)


def _bare(words: str) -> str:
    """Return the words of a heading without links, marks, numbers and bold."""
    words = without_links(words).replace("**", "").replace("\\", "").strip(" \t#:*_-|")
    number = _NUMBER.match(words)
    while number is not None and number.end() < len(words):
        words = words[number.end() :]
        number = _NUMBER.match(words)
    return words.rstrip(" .,:;")


def _mark(words: str) -> Mark:
    return Mark(_DECIDED_MARK.search(words) is not None)


def _topic(headings: Sequence[_Heading]) -> str:
    """Return the words of the lowest heading that is no mark; empty if it names a meeting or a part of minutes."""
    words = next((above.words for above in reversed(headings) if above.mark is None and above.level < _LOWEST), "")
    return "" if _NO_TOPIC.search(words) or len(words) > _MOST_TOPIC_CHARS else words


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip().removeprefix("|").removesuffix("|").split("|")]


def _table(row: str) -> _DecisionTable | None:
    """Return the table of decisions that a row is the head of."""
    columns = [cell.strip("*_ ") for cell in _cells(row)]
    marks = [column for column in columns if _MARK.fullmatch(column)]
    texts = [number for number, column in enumerate(columns) if _TEXT_COLUMN.fullmatch(column)]
    if not marks or not texts or any(_TASKS.search(column) for column in columns):
        return None
    topics = [number for number, column in enumerate(columns) if _TOPIC_COLUMN.fullmatch(column)]
    return _DecisionTable(texts[-1], topics[0] if topics else None, _mark(marks[0]))


def _of_row(table: _DecisionTable, row: str, topic: str) -> Iterator[PlacedText]:
    cells = _cells(row)
    if _RULER.fullmatch(row) or len(cells) <= table.text_column or _TEXT_COLUMN.fullmatch(cells[table.text_column]):
        return
    own = _bare(cells[table.topic_column]) if table.topic_column is not None else ""
    yield PlacedText(cells[table.text_column], own or topic, table.mark)
