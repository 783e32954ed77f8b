"""The comparison of two stores with the same ledger, at points chosen by the hash of the ledger."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from math import isclose
from typing import TYPE_CHECKING

from graphmem.deferred_dataclass import dataclass
from graphmem.errors import NotFound
from graphmem.model import FOREVER, At, Change, Scope
from graphmem.ranking import tokens
from graphmem.retrieval.embedder import EmbedderMissing
from graphmem.service.context import ServiceContext
from graphmem.service.read_verbs import ReadVerbs
from graphmem.store import Filter, Finding, ModelCard, Page, Probe, Progress, Store, silent
from graphmem.temporal.operations import moments, touched

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: The default number of points to compare.
SAMPLES = 50

_SHOWN = 30
_WORDS = 12
#: Engines add the parts of a score in different orders.
_SAME_SCORE = 1e-5
_STEPS = (timedelta(0), timedelta(microseconds=-1), timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Sample:
    """A point and a reader for the comparison.

    Attributes:
        at: Valid time and ledger position.
        reader: The reader's scope.
        key: A memory that the sampled ledger entry names; None if it names none.
        words: The search text; empty without a memory.
    """

    at: At
    reader: Scope
    key: str | None
    words: str


def samples(store: Store, tenant: str, count: int) -> Iterator[Sample]:
    """Yield points near ledger entries, including the last entry; the same points for the same ledger."""
    reader = Scope(tenant)
    last, pick = store.position(reader).seq, random.Random(store.info(reader).head)  # noqa: S311 - not for secrets
    count = min(count, last)
    for seq in [*sorted(pick.sample(range(1, last), count - 1)), last] if count else []:
        (change,) = store.changes(reader, after=seq - 1, limit=1)
        key = next(iter(touched(change.operation)), None)
        known_at = pick.choice((seq, last))
        at = At(_moved(pick.choice(_instants(change)), pick.choice(_STEPS)), known_at)
        yield Sample(at, pick.choice(_readers(change.writer)), key, _words(store, reader, key))


def differences(source: Store, target: Store, points: Iterable[Sample], progress: Progress = silent) -> list[Finding]:
    """Return the differences between the answers of two stores; empty if there are none.

    Args:
        source: The first store.
        target: The second store.
        points: The points and readers to compare.
        progress: Called after every point with the number of compared points and their total.
    """
    pair = (_StoreReader(source), _StoreReader(target))
    findings: list[Finding] = []
    listed = list(points)
    for number, sample in enumerate(listed, 1):
        for name, read in _READS.items():
            answers = [read(reader, sample) for reader in pair]
            if answers[0] != answers[1] and not (name == "search" and _ties(source, target, sample)):
                findings.append(Finding(name, _described(sample)))
        progress(number, len(listed))
    return findings


# ---- reads


class _StoreReader(ReadVerbs):
    """The verbs that read, over a store whose embedding model need not be installed."""

    def __init__(self, store: Store) -> None:
        model = store.model()
        self._context = ServiceContext(
            store,
            scope=Scope(),
            actor="",
            clock=lambda: FOREVER,
            embedder=lambda: EmbedderMissing("none") if model is None else _RandomEmbedder(model),
        )


class _RandomEmbedder:
    """An embedder that gives each text a random unit vector, always the same: enough to compare nearest neighbours."""

    def __init__(self, card: ModelCard) -> None:
        self.name = card.name
        self.dimension = card.dimension
        self.weights_hash = card.weights_hash

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return a matrix with a unit vector for each text."""
        import numpy as np

        sources = [random.Random(text) for text in texts]  # noqa: S311 - not for secrets
        rows = np.array([[source.gauss(0, 1) for _ in range(self.dimension)] for source in sources], dtype=np.float32)
        unit: NDArray[np.float32] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return unit


def _list(memory: ReadVerbs, sample: Sample) -> object:
    return memory.list(Filter(include_history=True), at=sample.at, scope=sample.reader, page=Page(_SHOWN)).cards


def _history(memory: ReadVerbs, sample: Sample) -> object:
    try:
        return sample.key and memory.history(sample.key, at=sample.at, scope=sample.reader)
    except NotFound:
        return None


def _search(memory: ReadVerbs, sample: Sample) -> object:
    if not sample.words:
        return None
    answer = memory.search(sample.words, at=sample.at, scope=sample.reader, page=Page(_SHOWN))
    return [(hit.card, hit.standing, hit.via, hit.head) for hit in answer.hits]


_READS: dict[str, Callable[[ReadVerbs, Sample], object]] = {"list": _list, "history": _history, "search": _search}


def _ties(source: Store, target: Store, sample: Sample) -> bool:
    """Return whether both stores return the same matches and scores, so that only the order of equal scores differs."""
    model, reader = source.model(), sample.reader
    vector = _RandomEmbedder(model).embed([sample.words])[0] if model is not None and model == target.model() else None
    probe = Probe(terms=tuple(dict.fromkeys(tokens(sample.words))), vector=vector, limit=_SHOWN)
    first, second = (store.match(reader, probe, Filter()) for store in (source, target))
    return _alike(first.lexical, second.lexical) and _alike(first.vector, second.vector)


def _alike(first: Sequence[tuple[str, float]], second: Sequence[tuple[str, float]]) -> bool:
    if len(first) != len(second):
        return False
    if not all(isclose(a, b, abs_tol=_SAME_SCORE) for (_, a), (_, b) in zip(first, second, strict=True)):
        return False
    scores, last = dict(second), first[-1][1] if first else 0.0
    return all(isclose(scores.get(key, last), score, abs_tol=_SAME_SCORE) for key, score in first)


# ---- points


def _instants(change: Change) -> tuple[datetime, ...]:
    return (*moments(change.operation), change.recorded_at)


def _moved(moment: datetime, step: timedelta) -> datetime:
    try:
        return moment + step
    except OverflowError:
        return moment


def _readers(writer: Scope) -> tuple[Scope, ...]:
    """Return the writer's scope, its repository, and its tenant without a repository."""
    return (writer, Scope(writer.tenant, writer.repo), Scope(writer.tenant))


def _words(store: Store, reader: Scope, key: str | None) -> str:
    row = None if key is None else store.rows(reader, [key]).memories.get(key)
    statement = None if row is None else row.memory.statement
    return "" if statement is None else " ".join(statement.title.split()[:_WORDS])


def _described(sample: Sample) -> str:
    as_of = "" if not isinstance(sample.at.as_of, datetime) else sample.at.as_of.isoformat().replace("+00:00", "Z")
    about = "" if sample.key is None else f" around {sample.key!r}"
    return f"as of {as_of}, known at {sample.at.known_at}, for {sample.reader}{about}: the two answers differ"
