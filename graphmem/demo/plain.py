"""Plain search, for comparison: BM25 over the same texts, without supersessions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from graphmem.answers import Card
from graphmem.ranking import Corpus, bm25, term_counts
from graphmem.terms import question_terms, statement_terms


class PlainSearch:
    """Searches the text of all memories by BM25, with the scores that graphmem starts from."""

    def __init__(self, cards: Sequence[Card]) -> None:
        self._cards = list(cards)
        self._words = [statement_terms(card.statement) for card in self._cards]
        held = Counter(term for words in self._words for term in set(words))
        mean = sum(map(len, self._words)) / max(len(self._words), 1)
        self._corpus = Corpus(len(self._words), mean, held)

    def best(self, question: str) -> Card:
        """Return the best match."""
        terms = question_terms(question)
        scores = [bm25(self._corpus, terms, term_counts(words, terms), len(words)) for words in self._words]
        return self._cards[max(range(len(scores)), key=lambda index: (scores[index], -index))]
