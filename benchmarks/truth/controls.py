"""What simple engines make of the same records: full text with stems, that resolved, vectors, and the sum of both.

Resolved means that each match stands for what it resolves to at the asked point, with the score of its best match; what
does not hold comes after what does. All of them see what lives where the question stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import apsw
import numpy as np

from benchmarks.truth.packs import Question, Record
from graphmem.model import Scope, Statement
from graphmem.ranking import tokens
from graphmem.retrieval.embedder import Embedder
from graphmem.service.context import ServiceContext
from graphmem.service.embedded_text import embedded_text
from graphmem.temporal import Resolver, Standing

TEXT, TEXT_RESOLVED = "full text", "full text, resolved"
VECTORS_RESOLVED, SUM_RESOLVED = "vectors, resolved", "scaled sum, resolved"
TITLE_WEIGHT = 10.0
_TAKEN = 50

_Scores = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Ranking:
    """An answer: ids, best first, how relevant the first is, and whether it would rather be silent."""

    ids: tuple[str, ...]
    relevance: float
    is_silent: bool = False


class Controls:
    """The simple engines over one loaded corpus.

    Args:
        records: What is searched.
        context: Of the memory that holds them, which resolves.
        tenant: Where they live.
        embedder: None leaves out what needs vectors.
    """

    def __init__(
        self, records: Iterable[Record], context: ServiceContext, tenant: str, embedder: Embedder | None
    ) -> None:
        listed = list(records)
        self._context, self._tenant = context, tenant
        self._text = StemmedText(listed)
        self._cosine = None if embedder is None else Cosine(listed, embedder)

    def rankings(self, question: Question, text: str, now: datetime) -> dict[str, Ranking]:
        """Each engine's answer to a wording of a question."""
        found = self._text.scores(text, question.repo)
        parts = {TEXT_RESOLVED: found}
        if self._cosine is not None:
            near = self._cosine.scores(text, question.repo)
            parts |= {VECTORS_RESOLVED: near, SUM_RESOLVED: _scaled_sum(found, near)}
        scope = Scope(self._tenant, question.repo)
        heads = self._heads(scope, {key for scores in parts.values() for key in scores}, question.as_of or now)
        return {TEXT: _ranking(found)} | {name: _resolved(scores, heads) for name, scores in parts.items()}

    def _heads(self, reader: Scope, ids: Iterable[str], valid: datetime) -> Mapping[str, Mapping[str, bool]]:
        """Of each match, the memories that it resolves to, and whether they hold."""
        keys = sorted(ids)
        resolver = Resolver(self._context.latest_view(reader, keys), valid)
        return {key: {one.memory: one.standing is Standing.HOLDS for one in resolver.resolve(key)} for key in keys}


class StemmedText:
    """SQLite's full text with Porter's stems; a word of the title counts ten times one of the rest."""

    def __init__(self, records: Iterable[Record]) -> None:
        self._index = apsw.Connection(":memory:")
        self._index.execute(
            "CREATE VIRTUAL TABLE texts USING fts5(id UNINDEXED, repo UNINDEXED, title, rest, tokenize = 'porter')"
        )
        rows = ((one.id, one.repo, *_fields(one.statement)) for one in records)
        self._index.executemany("INSERT INTO texts VALUES (?, ?, ?, ?)", rows)

    def scores(self, text: str, repo: str | None) -> _Scores:
        """The best matches of any of the words."""
        words = " OR ".join(f'"{word}"' for word in dict.fromkeys(tokens(text)))
        if not words:
            return {}
        found = self._index.execute(
            f"SELECT id, -bm25(texts, 0, 0, {TITLE_WEIGHT}, 1) FROM texts WHERE texts MATCH ?"  # noqa: S608 - a constant
            " AND (repo IS NULL OR repo = ?) ORDER BY 2 DESC, id LIMIT ?",
            (words, repo, _TAKEN),
        )
        return dict(found)


class Cosine:
    """The cosine of the question's vector with the one by which graphmem finds the record."""

    def __init__(self, records: Iterable[Record], embedder: Embedder) -> None:
        listed = list(records)
        self._embedder = embedder
        self._ids = [one.id for one in listed]
        self._vectors = embedder.embed([embedded_text(one.statement) for one in listed])
        self._repos = [one.repo for one in listed]

    def scores(self, text: str, repo: str | None) -> _Scores:
        """The nearest records."""
        near = self._vectors @ self._embedder.embed([text])[0]
        places = [int(place) for place in np.argsort(-near, kind="stable") if self._repos[place] in {None, repo}]
        return {self._ids[place]: float(near[place]) for place in places[:_TAKEN]}


def _fields(statement: Statement) -> tuple[str, str]:
    rest = [statement.body, statement.rationale, statement.subject or "", *statement.labels]
    rest += [anchor.name for anchor in statement.anchors]
    rest += [f"{one.name} {one.reason}" for one in statement.alternatives]
    return " ".join((statement.title, *statement.aliases)), " ".join(rest)


def _scaled_sum(*parts: _Scores) -> _Scores:
    """The sum of scores, each scaled to the best of its kind in this answer."""
    total: dict[str, float] = {}
    for scores in parts:
        best = max(scores.values(), default=0.0)
        for key, score in scores.items():
            total[key] = total.get(key, 0.0) + (max(score, 0.0) / best if best > 0.0 else 0.0)
    return total


def _resolved(scores: _Scores, heads: Mapping[str, Mapping[str, bool]]) -> Ranking:
    best: dict[str, float] = {}
    holds: dict[str, bool] = {}
    for key, score in scores.items():
        for head, is_holding in heads[key].items():
            best[head] = max(score, best.get(head, score))
            holds[head] = holds.get(head, False) or is_holding
    return _ranking(best, holds)


def _ranking(scores: _Scores, holds: Mapping[str, bool] | None = None) -> Ranking:
    ids = sorted(scores, key=lambda key: (holds is not None and not holds[key], -scores[key], key))
    return Ranking(tuple(ids), scores[ids[0]] if ids else 0.0)
