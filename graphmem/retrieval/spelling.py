"""Edits of words, and the words nearest to a misspelt one. Pure."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from string import ascii_lowercase

from graphmem.answers import Sentence
from graphmem.model import Origin, Statement
from graphmem.ranking import tokens
from graphmem.retrieval.query import Question
from graphmem.terms import text_terms

#: Shorter words have too many neighbours that mean something else.
LEAST_LETTERS = 6
#: From so many letters on, two edits are tolerated.
LETTERS_OF_TWO_EDITS = 9
MOST_READINGS = 3
#: Of each text so much is looked through.
_MOST_CHARS = 20_000


def edits(word: str, alphabet: str = ascii_lowercase) -> set[str]:
    """Every text that one edit makes of a word: a letter left out, put in or changed, or two neighbours swapped."""
    found = set()
    for place in range(len(word) + 1):
        head, tail = word[:place], word[place:]
        found |= {head + letter + tail for letter in alphabet}
        if tail:
            found.add(head + tail[1:])
            found |= {head + letter + tail[1:] for letter in alphabet}
        if len(tail) > 1:
            found.add(head + tail[1] + tail[0] + tail[2:])
    return found - {word, ""}


def edit_distance(one: str, other: str, most: int) -> int:
    """How many edits, as in `edits`, lead from one word to the other; `most` + 1 if it takes more than `most`.

    Source: optimal string alignment (Damerau 1964), in which no letter is edited twice.
    """
    if abs(len(one) - len(other)) > most or (Counter(one) - Counter(other)).total() > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for place, letter in enumerate(one, 1):
        earlier, before, row = before, row, [place]
        for column, against in enumerate(other, 1):
            cost = min(before[column] + 1, row[column - 1] + 1, before[column - 1] + (letter != against))
            if earlier and column > 1 and letter == other[column - 2] and one[place - 2] == against:
                cost = min(cost, earlier[column - 2] + 1)
            row.append(cost)
    return min(row[-1], most + 1)


def most_edits(word: str) -> int:
    """How many edits of a word are tolerated: 0, 1 or 2, by its letters."""
    return (len(word) >= LEAST_LETTERS) + (len(word) >= LETTERS_OF_TWO_EDITS)


def unknown_words(question: Question, unheld: Collection[str]) -> list[str]:
    """The long words of a question all of whose terms no memory has."""
    long = [word for word in question.words if len(word) >= LEAST_LETTERS and word.isalpha()]
    asked = {word: {*text_terms(word)} & {*question.terms} for word in long}
    return [word for word, terms in asked.items() if terms and terms <= {*unheld}]


def edited_terms(word: str) -> list[str]:
    """The terms of every text that one edit makes of a word, sorted."""
    alphabet = ascii_lowercase if word.isascii() else "".join(sorted({*ascii_lowercase, *word}))
    return sorted({term for one in edits(word, alphabet) for term in text_terms(one)})


@dataclass(frozen=True, slots=True)
class Reading:
    """How a misspelt word is read: as these words, the most frequent first, each with the origin of its memory."""

    word: str
    read_as: tuple[tuple[str, Origin], ...]

    @property
    def sentence(self) -> Sentence:
        """The remark on it: "Read 'postgress' as 'postgres'."."""
        parts = [part for one in self.read_as for part in (" or ", "'", Sentence.quoting(*one), "'")]
        return Sentence.of("Read ", repr(self.word), " as ", *parts[1:], ".")

    def applied(self, text: str) -> str:
        """The text with the word replaced."""
        pattern = re.compile(rf"(?<![^\W_]){re.escape(self.word)}(?![^\W_])", re.IGNORECASE)
        return pattern.sub(lambda _: " ".join(word for word, _ in self.read_as), text)


def nearest(word: str, statements: Iterable[Statement], most: int) -> Reading | None:
    """The words of some statements that the fewest edits separate from a word; None if that takes more than `most`."""
    near: dict[str, int] = {}
    holders = defaultdict[str, list[Origin]](list)
    for said in statements:
        for found in {*_words(said)}:
            if found not in near:
                near[found] = edit_distance(word, found, most) if found.isalpha() else most + 1
            if near[found] <= most:
                holders[found].append(said.origin)
    least = min((near[one] for one in holders), default=most + 1)
    best = sorted((one for one in holders if near[one] == least), key=lambda one: (-len(holders[one]), one))
    chosen = _one_a_term(best)
    told = tuple((one, max(holders[one], key=lambda origin: origin.trust)) for one in chosen[:MOST_READINGS])
    return Reading(word, told) if told else None


def _one_a_term(words: Iterable[str]) -> list[str]:
    found: dict[tuple[str, ...], str] = {}
    for word in words:
        found.setdefault(tuple(text_terms(word)), word)
    return list(found.values())


def _words(said: Statement) -> Iterator[str]:
    parts = [said.title, *said.aliases, said.body[:_MOST_CHARS], said.rationale[:_MOST_CHARS], said.subject or ""]
    parts += [*said.labels, *(anchor.name for anchor in said.anchors)]
    parts += [text for option in said.alternatives for text in (option.name, option.reason)]
    for part in parts:
        yield from tokens(part)


def share_of(words: Iterable[str], weights: Mapping[str, float]) -> float:
    """The share of a question's weight that some of its words have, from 0 to 1."""
    whole = sum(weights.values())
    inside = {term for word in words for term in text_terms(word)}
    return sum(weights.get(term, 0.0) for term in inside) / whole if whole else 0.0
