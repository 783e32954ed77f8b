"""A corpus in a store, and everybody who is asked about it: graphmem, graphmem by words alone, and the controls."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from benchmarks.truth.ask import Asker
from benchmarks.truth.controls import Controls, Ranking
from benchmarks.truth.load import Replay, ReplayClock
from benchmarks.truth.packs import Pack, Question, Record
from benchmarks.truth.rivals import Rivals, load
from benchmarks.truth.scoring import Judge
from graphmem.answers import SearchAnswer
from graphmem.model import At, Scope
from graphmem.opening import open_memory
from graphmem.retrieval.embedder import Embedder, EmbedderMissing
from graphmem.service import GraphMemory
from graphmem.service.memory import context_of
from graphmem.store import Page

OURS, WORDS_ONLY = "graphmem", "graphmem, words only"
_WORDS_ONLY = EmbedderMissing("the question is asked by words alone")


@dataclass(frozen=True, slots=True)
class Loaded:
    """One corpus that is ready to be asked.

    Attributes:
        memories: The same store by contestant: as it is, and by words alone.
        now: The day after the last event.
    """

    pack: Pack
    memories: Mapping[str, GraphMemory]
    controls: Controls
    now: datetime

    @property
    def judge(self) -> Judge:
        """Knows which records say the same."""
        return Judge(self.pack)

    def asker(self, contestant: str) -> Asker:
        """Asks one of the memories by the verb that a question's type needs."""
        return Asker(self.memories[contestant], self.pack.name)

    def rankings(self, question: Question) -> dict[str, Ranking]:
        """Everybody's answer to a question as it stands."""
        ours = {name: self._ranking(name, question) for name in self.memories}
        return ours | self.controls.rankings(question, question.text, self.now)

    def shown(self, question: Question, limit: int) -> dict[str, tuple[str, ...]]:
        """The ids that everybody gives, up to a limit; by graphmem what it answers, and all if asked for all."""
        found = {
            name: ranking.ids for name, ranking in self.controls.rankings(question, question.text, self.now).items()
        }
        for name in self.memories:
            found[f"{name}, all"] = self._ids(self._ask(name, question, limit, least=0.0))
            found[name] = self._ids(self._ask(name, question, limit))
        return found

    def _ranking(self, name: str, question: Question) -> Ranking:
        answered = self._ids(self._ask(name, question, 10))
        first = next((hit.relevance for hit in self._ask(name, question, 1, least=0.0).hits), 0.0)
        return Ranking(answered, first, is_silent=not answered)

    def _ask(self, name: str, question: Question, limit: int, least: float | None = None) -> SearchAnswer:
        at, scope = At(question.as_of), Scope(self.pack.name, question.repo)
        memory = self.memories[name]
        return memory.search(question.text, at=at, scope=scope, page=Page(limit=limit), min_relevance=least)

    @staticmethod
    def _ids(answer: SearchAnswer) -> tuple[str, ...]:
        return tuple(hit.card.id for hit in answer.hits)


@contextmanager
def loaded(pack: Pack, url: str, backend: Embedder | None) -> Iterator[Loaded]:
    """A pack, its events replayed in the order of their dates."""
    clock = ReplayClock(pack.present)
    with _memories(url, pack.name, clock, backend) as memories:
        replay = Replay(memories[OURS], clock, pack.name)
        replay.run(pack)
        for refusal in replay.refused:
            print(f"  not applied: {refusal}", file=sys.stderr)
        yield Loaded(pack, memories, _controls(pack.records, memories, pack.name, backend), clock.now)


@contextmanager
def loaded_rivals(rivals: Rivals, url: str, backend: Embedder | None) -> Iterator[Loaded]:
    """The rivals' corpus, told what replaces what."""
    clock = ReplayClock(rivals.now)
    with _memories(url, rivals.name, clock, backend) as memories:
        records, questions = load(rivals, memories[OURS])
        pack = replace(rivals.pack, records=records, questions=questions)
        yield Loaded(pack, memories, _controls(records, memories, rivals.name, backend), clock.now)


@contextmanager
def _memories(
    url: str, tenant: str, clock: ReplayClock, backend: Embedder | None
) -> Iterator[Mapping[str, GraphMemory]]:
    ways: dict[str, Embedder | EmbedderMissing] = {
        OURS: _WORDS_ONLY if backend is None else backend,
        WORDS_ONLY: _WORDS_ONLY,
    }
    with ExitStack() as stack:
        yield {name: stack.enter_context(_memory(url, tenant, clock, way)) for name, way in ways.items()}


def _memory(
    url: str, tenant: str, clock: ReplayClock, way: Embedder | EmbedderMissing
) -> AbstractContextManager[GraphMemory]:
    return open_memory(url, create=True, scope=Scope(tenant), actor="truth", clock=clock, embedder=lambda: way)


def _controls(
    records: Iterable[Record], memories: Mapping[str, GraphMemory], tenant: str, backend: Embedder | None
) -> Controls:
    return Controls(records, context_of(memories[OURS]), tenant, backend)
