"""Edits of words, and the nearest words to a misspelt word. Pure."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping

from graphmem.answers import Sentence
from graphmem.deferred_dataclass import dataclass
from graphmem.model import Origin, Statement
from graphmem.ranking import tokens
from graphmem.retrieval.query import Question
from graphmem.retrieval.word_edits import LEAST_LETTERS
from graphmem.terms import text_terms

MOST_READINGS = 3
#: The characters of each text that are searched.
_MOST_CHARS = 20_000


def edit_distance(first: str, second: str, most: int) -> int:
    """Return the edit distance of two words, counting the edits of `edits`; `most` + 1 if it exceeds `most`.

    Source: optimal string alignment (Damerau 1964), in which no letter is edited twice.
    """
    if abs(len(first) - len(second)) > most or (Counter(first) - Counter(second)).total() > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(second) + 1))
    for row_index, letter in enumerate(first, 1):
        earlier, before, row = before, row, [row_index]
        for column, against in enumerate(second, 1):
            cost = min(before[column] + 1, row[column - 1] + 1, before[column - 1] + (letter != against))
            if earlier and column > 1 and letter == second[column - 2] and first[row_index - 2] == against:
                cost = min(cost, earlier[column - 2] + 1)
            row.append(cost)
    return min(row[-1], most + 1)


def unknown_words(question: Question, unheld: Collection[str]) -> list[str]:
    """Return the long words of a query whose terms no memory has."""
    long = [word for word in question.words if len(word) >= LEAST_LETTERS and word.isalpha()]
    terms_of = {word: {*text_terms(word)} & {*question.terms} for word in long}
    return [word for word, terms in terms_of.items() if terms and terms <= {*unheld}]


@dataclass(frozen=True, slots=True)
class Correction:
    """A misspelt word with its corrections, the most frequent first, each with the origin of its memory."""

    word: str
    read_as: tuple[tuple[str, Origin], ...]

    @property
    def sentence(self) -> Sentence:
        """The remark on the correction: "Read 'postgress' as 'postgres'."."""
        parts = [part for correction in self.read_as for part in (" or ", "'", Sentence.quoting(*correction), "'")]
        return Sentence.of("Read ", repr(self.word), " as ", *parts[1:], ".")

    def applied(self, text: str) -> str:
        """Return the text with the word replaced."""
        pattern = re.compile(rf"(?<![^\W_]){re.escape(self.word)}(?![^\W_])", re.IGNORECASE)
        return pattern.sub(lambda _: " ".join(word for word, _ in self.read_as), text)


def nearest(word: str, statements: Iterable[Statement], most: int) -> Correction | None:
    """Return the words of some statements at the least edit distance from a word; None if it exceeds `most`."""
    distance_of: dict[str, int] = {}
    origins_of = defaultdict[str, list[Origin]](list)
    for statement in statements:
        for candidate in {*_words(statement)}:
            if candidate not in distance_of:
                distance_of[candidate] = edit_distance(word, candidate, most) if candidate.isalpha() else most + 1
            if distance_of[candidate] <= most:
                origins_of[candidate].append(statement.origin)
    least = min((distance_of[candidate] for candidate in origins_of), default=most + 1)
    best = [candidate for candidate in origins_of if distance_of[candidate] == least]
    best.sort(key=lambda candidate: (-len(origins_of[candidate]), candidate))
    corrections = tuple(
        (candidate, max(origins_of[candidate], key=lambda origin: origin.trust))
        for candidate in _distinct_by_terms(best)[:MOST_READINGS]
    )
    return Correction(word, corrections) if corrections else None


def _distinct_by_terms(words: Iterable[str]) -> list[str]:
    first_word: dict[tuple[str, ...], str] = {}
    for word in words:
        first_word.setdefault(tuple(text_terms(word)), word)
    return list(first_word.values())


def _words(statement: Statement) -> Iterator[str]:
    parts = [
        statement.title,
        *statement.aliases,
        statement.body[:_MOST_CHARS],
        statement.rationale[:_MOST_CHARS],
        statement.subject or "",
    ]
    parts += [*statement.labels, *(anchor.name for anchor in statement.anchors)]
    parts += [text for option in statement.alternatives for text in (option.name, option.reason)]
    for part in parts:
        yield from tokens(part)


def share_of(words: Iterable[str], weights: Mapping[str, float]) -> float:
    """Return the share of a query's weight that some of its words have, from 0 to 1."""
    total = sum(weights.values())
    inside = {term for word in words for term in text_terms(word)}
    return sum(weights.get(term, 0.0) for term in inside) / total if total else 0.0
