"""What plain search makes of the same records: BM25, and vectors, both with ids and titles indexed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np

from benchmarks.truth.packs import Pack, Question, Record
from graphmem.ranking import Corpus, bm25, tokens
from graphmem.retrieval.embedding import Embedder


def _text(record: Record) -> str:
    said = record.statement
    return "\n".join((*said.aliases, said.title, said.body))


class _Ranked:
    """Picks the best record among those that live where the question stands."""

    def __init__(self, pack: Pack) -> None:
        self._records = pack.records

    def best(self, question: Question, scores: Sequence[float]) -> str | None:
        """The record with the greatest score, the first of equals."""
        visible = [
            (score, -place)
            for place, (record, score) in enumerate(zip(self._records, scores, strict=True))
            if record.repo in {None, question.repo}
        ]
        return self._records[-max(visible)[1]].id if visible else None


class PlainText:
    """BM25 over ids, titles and texts."""

    name = "BM25"

    def __init__(self, pack: Pack) -> None:
        self._ranked = _Ranked(pack)
        counted = [Counter(tokens(_text(record))) for record in pack.records]
        self._lengths = [counts.total() for counts in counted]
        self._postings: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for place, counts in enumerate(counted):
            for term, count in counts.items():
                self._postings[term].append((place, count))
        frequency = {term: len(held) for term, held in self._postings.items()}
        self._corpus = Corpus(len(counted), sum(self._lengths) / len(self._lengths), frequency)

    def top(self, question: Question, text: str) -> str | None:
        """The best record for a wording."""
        held: dict[int, dict[str, int]] = defaultdict(dict)
        for term in dict.fromkeys(tokens(text)):
            for place, count in self._postings.get(term, ()):
                held[place][term] = count
        scores = [0.0] * len(self._lengths)
        for place, counts in held.items():
            scores[place] = bm25(self._corpus, list(counts), counts, self._lengths[place])
        return self._ranked.best(question, scores)


class PlainVectors:
    """Cosine of embeddings of ids, titles and texts."""

    name = "vectors"

    def __init__(self, pack: Pack, embedder: Embedder) -> None:
        self._ranked = _Ranked(pack)
        self._embedder = embedder
        self._vectors = embedder.embed([_text(record)[:4000] for record in pack.records])

    def top(self, question: Question, text: str) -> str | None:
        """The best record for a wording."""
        scores: np.ndarray[tuple[int, ...], np.dtype[np.float32]] = self._vectors @ self._embedder.embed([text])[0]
        return self._ranked.best(question, scores.tolist())
