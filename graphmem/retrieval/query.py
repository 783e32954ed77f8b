"""Parses a query: its words and terms, and every span that may name a memory exactly."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from graphmem.deferred_dataclass import dataclass
from graphmem.retrieval.question_spans import name_spans
from graphmem.terms import question_terms
from graphmem.words import tokens


@dataclass(frozen=True, slots=True)
class Mention:
    """A span of the query, as word positions `[start, end)`, that may be a name.

    `is_joined` is True if the span is written without spaces, as identifiers are: `auth-policy`.
    """

    key: str
    start: int
    end: int
    is_quoted: bool
    is_joined: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """A parsed query.

    Attributes:
        search_text: The text without a date that equals the query's valid time.
        words: Its distinct words as written, for comparison with names and titles.
        terms: Its search terms.
        mentions: Spans that may be names.
    """

    search_text: str
    words: tuple[str, ...]
    terms: tuple[str, ...]
    mentions: tuple[Mention, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The distinct keys to look up."""
        return tuple(dict.fromkeys(mention.key for mention in self.mentions))

    def chosen(self, ids_of: Mapping[str, tuple[str, ...]]) -> list[Mention]:
        """Return the mentions that name a memory: longer before shorter, quoted before others, without overlaps."""
        matching = [mention for mention in self.mentions if ids_of.get(mention.key)]
        matching.sort(key=lambda mention: (-(mention.end - mention.start), not mention.is_quoted, mention.start))
        taken: list[Mention] = []
        for mention in matching:
            if all(mention.end <= previous.start or previous.end <= mention.start for previous in taken):
                taken.append(mention)
        return taken


def read_question(text: str, day: date) -> Question:
    """Parse a query; the text between any two quotation marks may be a name, as may any run of words.

    Args:
        text: The query.
        day: The day of the query's valid time: "on 2020-05-01" is then a time, not search text.
    """
    search_text = text.replace(day.isoformat(), " ")
    mentions = tuple(Mention(*span[:3], is_quoted=span[3], is_joined=span[4]) for span in name_spans(text))
    return Question(search_text, tuple(dict.fromkeys(tokens(search_text))), question_terms(search_text), mentions)
