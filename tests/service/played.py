"""Random operations through the public verbs, and everything that the reading verbs answer."""

from __future__ import annotations

import random
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from graphmem.answers import Explanation, Hit
from graphmem.errors import GraphMemError, NotFound
from graphmem.model import Anchor, AnchorKind, At, LinkKind, Origin, Scope, Statement, Status, SupersessionKind
from graphmem.service import GraphMemory, Write
from graphmem.store import Filter, Page
from tests.service.conftest import REPO, day

ANN, BOB = replace(REPO, user="ann"), replace(REPO, user="bob")
BRANCH, PROD = replace(REPO, branch="x"), replace(REPO, environment="prod")
READERS = (REPO, ANN, BOB, BRANCH, PROD)
WORDS = ("cache", "queue", "index", "worker")
TURNS = (Status.ACTIVE, Status.PROPOSED, Status.DEFERRED, Status.ENDED)
FEW = Page(limit=200)


class Player:
    """Writes to a memory at random; what is refused leaves nothing behind."""

    def __init__(self, memory: GraphMemory, seed: int) -> None:
        self.memory, self.ids = memory, list[str]()
        self.chance = random.Random(seed)  # noqa: S311 - choices of a test
        memory.open_branch("x")
        for _ in WORDS:
            self._add(Write(scope=REPO))

    def play(self, steps: int) -> None:
        """So many attempts, every verb among them but `erase`."""
        verbs = (self._add, self._add, self._replace, self._replace, self._move, self._relate, self._undo, self._branch)
        for _ in range(steps):
            with suppress(GraphMemError):
                self.chance.choice(verbs)(Write(scope=self.chance.choice(READERS)))

    def _add(self, write: Write) -> None:
        one, other = self.chance.sample(WORDS, 2)
        said = Statement(
            title=f"The {one} feeds the {other} number {len(self.ids)}",
            subject=one,
            origin=self.chance.choice(list(Origin)),
            anchors=(Anchor(AnchorKind.FILE, f"src/{other}.py", "r"),),
        )
        self.ids += self.memory.add(said, start=self._day(), write=write).ids

    def _replace(self, write: Write) -> None:
        old, new = self.chance.sample(self.ids, 2)
        match self.chance.randrange(4):
            case 0:
                self.memory.supersede(old, new, at=self._day(), until=day(28), write=write)
            case 1:
                self.memory.supersede(old, new, kind=SupersessionKind.CORRECTION, write=write)
            case 2:
                self.memory.amend(old, new, "a part", at=self._day(), write=write)
            case _:
                text = f"The {self.chance.choice(WORDS)} is new number {len(self.ids)}"
                self.ids += self.memory.supersede(old, text, at=self._day(), write=write).ids[1:]

    def _move(self, write: Write) -> None:
        key = self.chance.choice(self.ids)
        match self.chance.randrange(4):
            case 0:
                self.memory.end(key, at=self._day(), write=write)
            case 1:
                self.memory.retract(key, write=write)
            case 2:
                self.memory.confirm(key, write=write)
            case _:
                self.memory.transition(key, self.chance.choice(TURNS), at=self._day(), write=write)

    def _relate(self, write: Write) -> None:
        one, other = self.chance.sample(self.ids, 2)
        self.memory.link(one, other, self.chance.choice(list(LinkKind)), write=write)

    def _undo(self, write: Write) -> None:
        self.memory.revoke(self.chance.randint(1, self.memory.status().changes), write=write)

    def _branch(self, write: Write) -> None:
        verb = self.chance.choice((self.memory.open_branch, self.memory.open_branch, self.memory.merge_branch))
        verb("x", write=replace(write, scope=REPO))

    def _day(self) -> datetime:
        return day(self.chance.randint(1, 28))


def everything(memory: GraphMemory, reader: Scope, ids: Sequence[str], known_at: int) -> dict[str, object]:
    """What every reading verb says to a reader of a middle and a late instant, at a ledger position."""
    answers: dict[str, object] = {}
    for valid in (day(9), day(20)):
        at = At(valid, known_at)
        for where in (Filter(), Filter(include_history=True)):
            answers[f"list {valid} {where}"] = memory.list(where, at=at, scope=reader, page=FEW)
            for query in WORDS:
                hits = memory.search(query, at=at, scope=reader, where=where, page=FEW).hits
                answers[f"search {query} {valid} {where}"] = {hit.card.id: _lasting(hit) for hit in hits}
        answers[f"conflicts {valid}"] = memory.conflicts(at=at, scope=reader)
        for subject in WORDS:
            answers[f"timeline {subject} {valid}"] = memory.timeline(subject=subject, at=at, scope=reader)
            answers[f"path {subject} {valid}"] = memory.timeline(path=f"src/{subject}.py", at=at, scope=reader)
        for key in ids:
            for verb in (memory.get, memory.history, memory.explain):
                try:
                    answer = verb(key, at=at, scope=reader)
                    # What tells of the questions before is no part of the ledger.
                    answer = replace(answer, use="") if isinstance(answer, Explanation) else answer
                    answers[f"{verb.__name__} {key} {valid}"] = answer
                except NotFound:
                    answers[f"{verb.__name__} {key} {valid}"] = None
    answers["diff"] = memory.diff(At(day(5), known_at), At(day(25), known_at), scope=reader)
    return answers


def _lasting(hit: Hit) -> tuple[object, ...]:
    """What a hit says, less its score: what is recorded later changes how rare a word is."""
    return (hit.card, hit.standing, hit.because, hit.via, frozenset(hit.beat), hit.head, hit.contested)
