"""What search sees of every question's candidates, taken from its own answers: what weights are learnt on."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.truth.ask import GONE_TYPES, SEARCH_TYPES, Asker
from benchmarks.truth.everyday import NONE, questions_over, read_facts
from benchmarks.truth.loaded import OURS, Loaded, loaded, loaded_rivals
from benchmarks.truth.packs import Question
from benchmarks.truth.perturb import perturbed
from benchmarks.truth.report import read_exclusions
from benchmarks.truth.rivals import read_rivals
from benchmarks.truth.scoring import Judge
from benchmarks.truth.sources import read_packs
from graphmem.answers import Hit, SearchAnswer
from graphmem.model import At, Scope
from graphmem.retrieval import fusion
from graphmem.retrieval.embedder import Embedder
from graphmem.store import Page
from graphmem.temporal import Standing

#: The columns of a case's features.
WORDS, MEANING, TITLE, NAME = range(4)
COLUMNS = ("words", "meaning", "title", "name")
HYBRID, LEXICAL = "hybrid", "lexical"
_CANDIDATES = 60
_WORDINGS = 5

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Case:
    """One question with its candidates.

    Attributes:
        fold: What is left out together: a pack with the everyday questions over it, the facts, the rivals' corpus.
        group: What its figures are reported with.
        mode: `hybrid`, or `lexical` by words alone, as of an answer.
        features: A row each candidate, the share of its title as it is.
        held: The share of the question that each candidate has.
        prior: The factor around 1 over each candidate's score.
        standings: How each stands.
        leaders: From an overruled candidate's row to that of its leader.
        is_right, is_wrong: Whether each is an answer, or a stale one.
        only: Standings that count; None if the first answer counts whatever its standing.
    """

    fold: str
    group: str
    type: str
    mode: str
    features: Floats
    held: Floats
    prior: Floats
    standings: tuple[Standing, ...]
    leaders: Mapping[int, int]
    is_right: NDArray[np.bool_]
    is_wrong: NDArray[np.bool_]
    only: frozenset[Standing] | None


def read_cases(data: Path, url: str, backend: Embedder) -> Iterator[Case]:
    """The cases of every pack, of the facts, and of the smaller corpus of the rivals."""
    for pack in read_packs(data, "ABCG"):
        with loaded(pack, url, backend) as one:
            yield from _quoted(one)
            everyday = f"everyday {pack.letter}"
            yield from _asked(one, questions_over(data, pack.letter), pack.letter, everyday)
    for pack, _ in read_facts(data):
        with loaded(pack, url, backend) as one:
            yield from _asked(one, pack.questions, "F", "facts")
    for rivals in read_rivals(data.parent / "peers", [1_000], [7]):
        with loaded_rivals(rivals, url, backend) as one:
            for question in one.pack.questions:
                yield from _asked(one, [question], "R", f"rivals, {question.type}")


def _quoted(one: Loaded) -> Iterator[Case]:
    asker, letter, excluded = one.asker(OURS), one.pack.letter, read_exclusions()
    for question in one.pack.questions:
        if question.type not in (*SEARCH_TYPES, *GONE_TYPES) or question.id in excluded:
            continue
        only = None if question.type in GONE_TYPES else _counted(asker, question)
        yield from _both(one, question, (letter, letter), only)
        for seed in range(_WORDINGS):
            text = perturbed(question.text, f"{question.id}/{seed}")
            if text is not None:
                yield from _both(one, replace(question, text=text), (letter, f"{letter}, words left out"), only)


def _counted(asker: Asker, question: Question) -> frozenset[Standing]:
    holds = any(asker.holds(key, question) for key in question.gold)
    return frozenset({Standing.HOLDS} if holds else {Standing.HOLDS, Standing.NOT_YET})


def _asked(one: Loaded, questions: Iterable[Question], fold: str, group: str) -> Iterator[Case]:
    for question in questions:
        yield from _both(one, question, (fold, group), None)


def _both(one: Loaded, question: Question, home: tuple[str, str], only: frozenset[Standing] | None) -> Iterator[Case]:
    """The case as it is, and by words alone."""
    at, scope = At(question.as_of), Scope(one.pack.name, question.repo)
    for memory in one.memories.values():
        answer = memory.search(question.text, at=at, scope=scope, page=Page(limit=_CANDIDATES), min_relevance=0.0)
        yield case_of(question, answer, one.judge, home, only)


def case_of(
    question: Question, answer: SearchAnswer, judge: Judge, home: tuple[str, str], only: frozenset[Standing] | None
) -> Case:
    """A question with the hits that are found by words, meaning or name; what stands beside them is left out."""
    kept = [hit for hit in answer.hits if set(hit.parts) & set(COLUMNS)]
    rows = {hit.card.id: place for place, hit in enumerate(kept)}
    is_gone = question.type in GONE_TYPES
    gold, wrong = (question.wrong, ()) if is_gone else (question.gold, question.wrong)
    right = [judge.is_among(hit.card.id, gold) for hit in kept]
    if is_gone:
        right = [good and hit.standing is Standing.LAST for good, hit in zip(right, kept, strict=True)]
    features = np.array([_features(hit) for hit in kept]).reshape(-1, len(COLUMNS))
    return Case(
        *home,
        question.type,
        answer.mode,
        features,
        np.array([_held(hit, answer.mode) for hit in kept]),
        np.array([hit.parts["prior"] for hit in kept]),
        tuple(hit.standing for hit in kept),
        {
            rows[hit.card.id]: rows[hit.head.id]
            for hit in kept
            if hit.head is not None and hit.head.id in rows and hit.head.id != hit.card.id
        },
        np.array(right, bool),
        np.array([judge.is_among(hit.card.id, wrong) for hit in kept], bool),
        only,
    )


def is_answerable(case: Case) -> bool:
    """Whether anything that is recorded answers the question."""
    return case.type != NONE


def _features(hit: Hit) -> tuple[float, ...]:
    parts = hit.parts
    title = (parts.get("title", 0.0) / fusion.TITLE_WEIGHT) ** (1 / fusion.TITLE_POWER)
    return parts.get("words", 0.0), parts.get("meaning", 0.0), title, parts.get("name", 0.0)


def _held(hit: Hit, mode: str) -> float:
    """The share of the question that a hit has, which its relevance was made of."""
    if hit.relevance >= 1.0:
        return 1.0
    slope, offset = fusion.HYBRID_CURVE if mode == HYBRID else fusion.LEXICAL_CURVE
    value = (math.log(hit.relevance / (1.0 - hit.relevance)) - offset) / slope
    share = (value - hit.parts.get("meaning", 0.0)) / fusion.SHARE_OF_QUESTION if mode == HYBRID else value
    return min(max(share, 0.0), 1.0)
