"""A made-up project memory of any size, the same each time: texts, places, times, vectors and what replaces what.

Memories are recorded in batches, each of one repository; 25 repositories take turns, so that one is 4 % of everything.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from graphmem.model import Anchor, AnchorKind, Kind, Move, Origin, Scope, Statement, Status
from graphmem.service import New

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Words = NDArray[np.str_]
    Vectors = NDArray[np.float32]

TENANT = "speed"
REPOS = 25
COMPONENTS = 12
KINDS = tuple(Kind)
DIMENSION = 384
CHAIN = 50

_LARGEST_BATCH = 1_000

_SEED = 20_240_229
_VOCABULARY = 20_000
_TITLE_WORDS, _BODY_WORDS, _QUERY_WORDS = 7, 60, 8
_TOPICS = 200
_NOISE = 0.9
_FIRST_DAY = datetime(2021, 1, 1, tzinfo=UTC)
_SPAN = timedelta(days=5 * 365)
_MEMORIES_PER_CHAIN = 2_000
_PAIR_EVERY, _LINK_EVERY, _LINKED = 5, 50, 7
_MOST_TEXT_BYTES = 30_000_000


@dataclass(frozen=True, slots=True)
class Asked:
    """One query: its words, its vector, and the repository in which it is asked."""

    text: str
    vector: Vectors
    repo: str


def said(item: New) -> Statement:
    """What an item of the corpus states."""
    assert isinstance(item.statement, Statement), "the corpus is of statements"  # noqa: S101
    return item.statement


@dataclass(frozen=True)
class Corpus:
    """So many memories, from a made-up vocabulary or from the words of the texts in a folder."""

    count: int
    data: Path | None = None

    @cached_property
    def words(self) -> Words:
        """The vocabulary, the most frequent word first."""
        return self._weighed[0]

    @cached_property
    def _weighed(self) -> tuple[Words, NDArray[np.float64]]:
        if self.data is not None:
            counted = _counted_words(self.data).most_common(_VOCABULARY)
            words, weights = np.array([word for word, _ in counted]), np.array([count for _, count in counted], float)
        else:
            words = np.array(_made_up_words())
            weights = 1.0 / np.arange(1, _VOCABULARY + 1)
        return words, np.cumsum(weights / weights.sum())

    @cached_property
    def _topics(self) -> Vectors:
        return np.random.default_rng(_SEED).standard_normal((_TOPICS, DIMENSION), dtype=np.float32)

    @cached_property
    def batch(self) -> int:
        """How many memories are recorded at once."""
        return min(_LARGEST_BATCH, self.count // REPOS)

    # ---- memories

    def batches(self) -> Iterator[tuple[int, list[New], Vectors]]:
        """Number of the first memory, memories and vectors, batch by batch in the order of recording."""
        for start in range(0, self.count, self.batch):
            numbers = range(start, min(start + self.batch, self.count))
            titles, bodies = self._texts(start, len(numbers))
            items = [self._item(number, *texts) for number, *texts in zip(numbers, titles, bodies, strict=True)]
            yield start, items, self._vectors(start, len(numbers))

    def more(self, count: int) -> list[New]:
        """Memories beyond the corpus, for adding one at a time."""
        titles, bodies = self._texts(self.count + self.batch, count)
        texts = enumerate(zip(titles, bodies, strict=True), self.count)
        return [self._item(number, title, body) for number, (title, body) in texts]

    def day(self, number: float) -> datetime:
        """When a memory began to hold, and was recorded: five years are spread over all of them."""
        return _FIRST_DAY + _SPAN * (number / self.count)

    def edges(self, start: int, stop: int) -> Iterator[tuple[int, int]]:
        """(old, new) for each memory in a range that replaces another one."""
        for number in range(start, stop):
            chain, place = self._chain_of(number)
            if chain is not None and place:
                yield self.chain(chain)[place - 1], number
            elif chain is None and number % _PAIR_EVERY == 1 and self._chain_of(number - 1)[0] is None:
                yield number - 1, number

    def links(self, start: int, stop: int) -> Iterator[tuple[int, int]]:
        """(source, target) for each memory in a range that depends on another one."""
        return ((number, number - 3) for number in range(start, stop) if number % _LINK_EVERY == _LINKED)

    def chain(self, which: int) -> list[int]:
        """Numbers of the fifty memories of a chain, the oldest first."""
        repo, offset = which % REPOS, which // REPOS
        return [self._number(repo, place * self._stride + offset) for place in range(CHAIN)]

    @property
    def chains(self) -> int:
        """How many chains there are."""
        return self.count // _MEMORIES_PER_CHAIN

    @property
    def _stride(self) -> int:
        return max(self.count // REPOS // CHAIN, 1)

    def place_of(self, number: int) -> tuple[int, int]:
        """A memory's repository, and its place in it."""
        turn, rest = divmod(number, self.batch)
        turns, repo = divmod(turn, REPOS)
        return repo, turns * self.batch + rest

    def _number(self, repo: int, position: int) -> int:
        turns, rest = divmod(position, self.batch)
        return (turns * REPOS + repo) * self.batch + rest

    def _chain_of(self, number: int) -> tuple[int | None, int]:
        repo, position = self.place_of(number)
        place, offset = divmod(position, self._stride)
        which = repo + REPOS * offset
        return (which, place) if which < self.chains and place < CHAIN else (None, 0)

    def _item(self, number: int, title: str, body: str) -> New:
        chain, _ = self._chain_of(number)
        repo, position = self.place_of(number)
        component = component_name(position % COMPONENTS)
        path = f"src/{component}/{title.split(maxsplit=1)[0].lower()}.py"
        subject = f"chain.{chain}" if chain is not None else f"topic.{number}" if number % 2 else None
        statement = Statement(
            title=f"{title} ({number})",
            body=body,
            kind=KINDS[(position // COMPONENTS) % len(KINDS)],
            subject=subject,
            labels=(f"team-{number % 8}",),
            language="python",
            origin=Origin.DOCUMENT,
            anchors=(
                Anchor(AnchorKind.COMPONENT, component, repo_name(repo)),
                Anchor(AnchorKind.FILE, path, repo_name(repo)),
            ),
        )
        return New(
            statement=statement, moves=(Move(Status.ACTIVE, self.day(number)),), id=memory_id(number), scope=home(repo)
        )

    def _texts(self, start: int, count: int) -> tuple[list[str], list[str]]:
        words, cumulative = self._weighed
        rng = np.random.default_rng((_SEED, start))
        drawn = words[np.searchsorted(cumulative, rng.random((count, _TITLE_WORDS + _BODY_WORDS)))]
        titles = [" ".join(row[:_TITLE_WORDS]).capitalize() for row in drawn]
        return titles, [" ".join(row[_TITLE_WORDS:]) + "." for row in drawn]

    def _vectors(self, start: int, count: int) -> Vectors:
        rng = np.random.default_rng((_SEED, start, 1))
        topics = self._topics[rng.integers(_TOPICS, size=count)]
        return _unit(topics + _NOISE * rng.standard_normal((count, DIMENSION), dtype=np.float32))

    # ---- queries

    def queries(self, count: int) -> list[Asked]:
        """Queries of eight words of some memory, each with a vector near that memory's."""
        rng = np.random.default_rng((_SEED, 2))
        starts = rng.choice(range(0, self.count, self.batch), size=count)
        return [self._query(int(start), rng) for start in starts]

    def _query(self, start: int, rng: np.random.Generator) -> Asked:
        size = min(self.batch, self.count - start)
        row = int(rng.integers(size))
        titles, bodies = self._texts(start, size)
        words = np.array(f"{titles[row]} {bodies[row]}".lower().rstrip(".").split())
        text = " ".join(rng.choice(words, size=_QUERY_WORDS, replace=False))
        near = self._vectors(start, size)[row] + 0.03 * rng.standard_normal(DIMENSION, dtype=np.float32)
        return Asked(text, _unit(near[np.newaxis])[0], repo_name(self.place_of(start)[0]))


def memory_id(number: int) -> str:
    """The id of a memory."""
    return f"m{number:07d}"


def repo_name(number: int) -> str:
    """The name of a repository."""
    return f"acme/service-{number:02d}"


def component_name(number: int) -> str:
    """The name of a component."""
    return f"part-{number:02d}"


def home(repo: int) -> Scope:
    """Where a repository's memories live, and where its readers stand."""
    return Scope(TENANT, repo_name(repo))


def everywhere() -> Scope:
    """A reader who sees every repository."""
    return Scope(TENANT, repo_name(0), related_repos=tuple(repo_name(number) for number in range(1, REPOS)))


def _unit(vectors: Vectors) -> Vectors:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def _made_up_words() -> list[str]:
    syllables = [first + second for first, second in product("bcdfghjklmnprstvwz", "aeiou")]
    longer = ("".join(parts) for size in (2, 3) for parts in product(syllables, repeat=size))
    pool = [word for word, _ in zip(longer, range(_VOCABULARY * 4), strict=False)]
    order = np.random.default_rng(_SEED).permutation(len(pool))[:_VOCABULARY]
    return [pool[place] for place in order]


def _counted_words(folder: Path) -> Counter[str]:
    counted: Counter[str] = Counter()
    left = _MOST_TEXT_BYTES
    for path in sorted(folder.rglob("*.jsonl")):
        for line in path.open(encoding="utf-8"):
            left -= len(line)
            if left < 0:
                return counted
            texts = (value for value in json.loads(line).values() if isinstance(value, str))
            counted.update(word.lower() for text in texts for word in re.findall(r"[A-Za-z]{2,}", text))
    return counted
