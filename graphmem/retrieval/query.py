"""Reading a question: its words, and every stretch of it that may name a memory exactly."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import combinations

from graphmem.ranking import name_key, tokens
from graphmem.terms import question_terms

MAX_QUERY_CHARS = 10_000
MAX_NAME_WORDS = 12
MAX_WORDS = 250
_MAX_QUOTES = 12

_QUOTE = re.compile(r'["“”„«»]')
_TELLING = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class Mention:
    """A stretch of the question, as word positions `[start, end)`, that may be a name.

    `is_joined` tells that it stands there without a space, as identifiers do: `auth-policy`.
    """

    key: str
    start: int
    end: int
    is_quoted: bool
    is_joined: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """A question taken apart.

    Attributes:
        said: Its text without a date that its point in time already tells.
        words: Its distinct words as they are written, for comparing with names and titles.
        terms: What it is about, for searching.
        mentions: Stretches of it that may be names.
    """

    said: str
    words: tuple[str, ...]
    terms: tuple[str, ...]
    mentions: tuple[Mention, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Every key to look up, each once."""
        return tuple(dict.fromkeys(mention.key for mention in self.mentions))

    def chosen(self, found: Mapping[str, tuple[str, ...]]) -> list[Mention]:
        """The mentions that name something: quoted ones before others, longer ones first, none inside another."""
        known = [mention for mention in self.mentions if found.get(mention.key)]
        known.sort(key=lambda mention: (-(mention.end - mention.start), not mention.is_quoted, mention.start))
        taken: list[Mention] = []
        for mention in known:
            if all(mention.end <= other.start or other.end <= mention.start for other in taken):
                taken.append(mention)
        return taken


def read_question(text: str, asked: date) -> Question:
    """Take a question apart; what lies between any two quotation marks may be a name, as may any run of words.

    Args:
        text: The question.
        asked: The day that it is asked for: "on 2020-05-01" then says when, and is not searched for.
    """
    said = text.replace(asked.isoformat(), " ")
    quoted = _quoted(text)
    words = name_key(text).split()[:MAX_WORDS]
    joined = {key for one in text.split() if " " in (key := name_key(one))}
    runs = [
        Mention(key := " ".join(words[start:end]), start, end, is_quoted=False, is_joined=key in joined)
        for start in range(len(words))
        for end in range(start + 1, min(start + MAX_NAME_WORDS, len(words)) + 1)
        if end - start > 1 or _TELLING.search(words[start])
    ]
    return Question(said, tuple(dict.fromkeys(tokens(said))), question_terms(said), tuple(quoted + runs))


def _quoted(text: str) -> list[Mention]:
    marks = [match.start() for match in _QUOTE.finditer(text)][:_MAX_QUOTES]
    mentions = []
    for low, high in combinations(marks, 2):
        key = name_key(text[low + 1 : high])
        if key:
            start = len(name_key(text[:low]).split())
            mentions.append(Mention(key, start, start + len(key.split()), is_quoted=True))
    return mentions
