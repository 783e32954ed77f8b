"""Asking two stores that hold one ledger the same questions, at points that the ledger's own last hash picks."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isclose
from typing import TYPE_CHECKING

from graphmem.errors import NotFound
from graphmem.model import FOREVER, At, Change, Scope
from graphmem.ranking import tokens
from graphmem.service.desk import Desk
from graphmem.service.reading import Reader
from graphmem.store import Filter, Finding, ModelCard, Page, Probe, Progress, Store, silent
from graphmem.temporal.operations import moments, touched

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: So many points are compared unless the caller says otherwise.
SAMPLES = 50

_SHOWN = 30
_WORDS = 12
#: Engines add up scores in their own order.
_SAME_SCORE = 1e-5
_STEPS = (timedelta(0), timedelta(microseconds=-1), timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Sample:
    """One point from which both stores are asked.

    Attributes:
        at: Valid time and ledger position.
        reader: Who asks.
        key: A memory that the entry at a sampled position is about; None if it is about none.
        words: What to search for.
    """

    at: At
    reader: Scope
    key: str | None
    words: str


def samples(store: Store, tenant: str, count: int) -> Iterator[Sample]:
    """Points around entries of a ledger, the last always among them; the same for the same ledger."""
    reader = Scope(tenant)
    last, pick = store.position(reader).seq, random.Random(store.info(reader).head)  # noqa: S311 - not for secrets
    count = min(count, last)
    for seq in [*sorted(pick.sample(range(1, last), count - 1)), last] if count else []:
        (change,) = store.changes(reader, after=seq - 1, limit=1)
        key = next(iter(touched(change.operation)), None)
        known = pick.choice((seq, last))
        at = At(_moved(pick.choice(_instants(change)), pick.choice(_STEPS)), known)
        yield Sample(at, pick.choice(_readers(change.writer)), key, _words(store, reader, key))


def differences(source: Store, target: Store, asked: Iterable[Sample], progress: Progress = silent) -> list[Finding]:
    """Where two stores do not answer alike; empty if they always do."""
    pair = tuple(_Asked(one) for one in (source, target))
    found: list[Finding] = []
    every = list(asked)
    for number, sample in enumerate(every, 1):
        for name, question in _QUESTIONS.items():
            answers = [question(one, sample) for one in pair]
            if answers[0] != answers[1] and not (name == "search" and _ties(source, target, sample)):
                found.append(Finding(name, _told(sample)))
        progress(number, len(every))
    return found


# ---- what is asked


class _Asked(Reader):
    """The reading verbs over a store, with vectors of a model that is not there."""

    def __init__(self, store: Store) -> None:
        model = store.model()
        self._desk = Desk(
            store,
            scope=Scope(),
            actor="",
            clock=lambda: FOREVER,
            embedder=lambda: "none" if model is None else _Arbitrary(model),
            gate=lambda request: request,
        )


class _Arbitrary:
    """An embedder that gives each text some unit vector, always the same: enough to compare what is near it."""

    def __init__(self, card: ModelCard) -> None:
        self.name = card.name
        self.dimension = card.dimension
        self.weights_hash = card.weights_hash

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Rows of length one."""
        import numpy as np

        pick = [random.Random(text) for text in texts]  # noqa: S311 - not for secrets
        rows = np.array([[one.gauss(0, 1) for _ in range(self.dimension)] for one in pick], dtype=np.float32)
        unit: NDArray[np.float32] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return unit


def _list(memory: Reader, sample: Sample) -> object:
    return memory.list(Filter(include_history=True), at=sample.at, scope=sample.reader, page=Page(_SHOWN)).cards


def _history(memory: Reader, sample: Sample) -> object:
    try:
        return sample.key and memory.history(sample.key, at=sample.at, scope=sample.reader)
    except NotFound:
        return None


def _search(memory: Reader, sample: Sample) -> object:
    found = memory.search(sample.words, at=sample.at, scope=sample.reader, page=Page(_SHOWN)) if sample.words else None
    return found and [(hit.card, hit.standing, hit.via, hit.head) for hit in found.hits]


_QUESTIONS: dict[str, Callable[[Reader, Sample], object]] = {"list": _list, "history": _history, "search": _search}


def _ties(source: Store, target: Store, sample: Sample) -> bool:
    """Whether the stores find the same with the same scores, so that only the order of equals tells them apart."""
    model, reader = source.model(), sample.reader
    vector = _Arbitrary(model).embed([sample.words])[0] if model is not None and model == target.model() else None
    probe = Probe(terms=tuple(dict.fromkeys(tokens(sample.words))), vector=vector, limit=_SHOWN)
    one, other = (each.match(reader, probe, Filter()) for each in (source, target))
    return _alike(one.lexical, other.lexical) and _alike(one.vector, other.vector)


def _alike(one: Sequence[tuple[str, float]], other: Sequence[tuple[str, float]]) -> bool:
    if len(one) != len(other):
        return False
    if not all(isclose(a, b, abs_tol=_SAME_SCORE) for (_, a), (_, b) in zip(one, other, strict=True)):
        return False
    scores, last = dict(other), one[-1][1] if one else 0.0
    return all(isclose(scores.get(key, last), score, abs_tol=_SAME_SCORE) for key, score in one)


# ---- from where


def _instants(change: Change) -> tuple[datetime, ...]:
    return (*moments(change.operation), change.recorded_at)


def _moved(moment: datetime, step: timedelta) -> datetime:
    try:
        return moment + step
    except OverflowError:
        return moment


def _readers(writer: Scope) -> tuple[Scope, ...]:
    """The writer, the plain reader of its repository, and one of none."""
    return (writer, Scope(writer.tenant, writer.repo), Scope(writer.tenant))


def _words(store: Store, reader: Scope, key: str | None) -> str:
    row = None if key is None else store.rows(reader, [key]).memories.get(key)
    said = None if row is None else row.memory.statement
    return "" if said is None else " ".join(said.title.split()[:_WORDS])


def _told(sample: Sample) -> str:
    as_of = "" if sample.at.as_of is None else sample.at.as_of.isoformat().replace("+00:00", "Z")
    about = "" if sample.key is None else f" around {sample.key!r}"
    return f"as of {as_of}, known at {sample.at.known_at}, for {sample.reader}{about}: the two do not answer alike"
