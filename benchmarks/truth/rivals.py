"""The corpus on which rivals are compared: made-up memories of agents, one in five replaced by a later one."""

from __future__ import annotations

import importlib.util
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType

from benchmarks.truth.packs import Json, Pack, Question, Record
from graphmem.model import Anchor, AnchorKind, Kind, Move, Scope, Statement, Status
from graphmem.service import GraphMemory, New
from graphmem.service.context import Write

PLAIN, REPLACED = "never replaced", "replaced"
_A_DAY = timedelta(days=1)
_QUERIES = 400


@dataclass(frozen=True, slots=True)
class Rivals:
    """The corpus of one size and seed, as its maker gives it."""

    size: int
    seed: int
    memories: tuple[Json, ...]
    queries: tuple[Json, ...]

    @property
    def name(self) -> str:
        """The tenant in which it lives."""
        return f"rivals-{self.size}-{self.seed}"

    @property
    def now(self) -> datetime:
        """The day after its last memory."""
        return _moment(self.memories[-1]) + _A_DAY

    @property
    def pack(self) -> Pack:
        """A pack without records or questions yet: ids are given by the store."""
        return Pack("R", self.name, (), (), ())


def read_rivals(peers: Path, sizes: Iterable[int], seeds: Iterable[int]) -> Iterable[Rivals]:
    """The corpora of a folder laid out like shared/peers; none if it is not there."""
    maker = _maker(peers / "data.py")
    if maker is None:
        return
    for size in sizes:
        for seed in seeds:
            memories = maker.gen(size, seed)
            yield Rivals(size, seed, tuple(memories), tuple(maker.queries(memories, _QUERIES)))


def load(rivals: Rivals, memory: GraphMemory) -> tuple[tuple[Record, ...], tuple[Question, ...]]:
    """Add what replaces nothing in bulk, then each replacement in its order; no memory names a subject."""
    ids: dict[int, str] = {}
    for repo, group in _by_repo(one for one in rivals.memories if one["supersedes"] is None).items():
        new = [New(statement=_statement(one), moves=(Move(Status.ACTIVE, _moment(one)),)) for one in group]
        written = memory.add_many(new, write=_write(rivals, repo))
        ids |= {one["i"]: done.ids[0] for one, done in zip(group, written, strict=True)}
    for one in rivals.memories:
        if one["supersedes"] is not None:
            old, write = ids[one["supersedes"]], _write(rivals, one["repo"])
            ids[one["i"]] = memory.supersede(old, _statement(one), at=_moment(one), write=write).ids[-1]
    records = tuple(Record(ids[one["i"]], _statement(one), (), one["repo"]) for one in rivals.memories)
    return records, tuple(_question(rivals, number, one, ids) for number, one in enumerate(rivals.queries))


def _question(rivals: Rivals, number: int, one: Json, ids: dict[int, str]) -> Question:
    stale = tuple(ids[each] for each in one["stale"])
    kind = REPLACED if stale else PLAIN
    name = f"{rivals.name}-{number}"
    return Question(name, kind, one["text"], None, (ids[one["current"]],), stale, None, one["repo"])


def _statement(one: Json) -> Statement:
    anchor = Anchor(AnchorKind.COMPONENT, one["component"], one["repo"])
    return Statement(title=one["text"], kind=Kind(one["type"]), anchors=(anchor,))


def _by_repo(memories: Iterable[Json]) -> dict[str, list[Json]]:
    groups: dict[str, list[Json]] = defaultdict(list)
    for one in memories:
        groups[one["repo"]].append(one)
    return groups


def _write(rivals: Rivals, repo: str) -> Write:
    return Write(scope=Scope(rivals.name, repo))


def _moment(one: Json) -> datetime:
    return datetime.fromtimestamp(one["ts"], UTC)


def _maker(path: Path) -> ModuleType | None:
    spec = importlib.util.spec_from_file_location("rivals_data", path) if path.is_file() else None
    if spec is None or spec.loader is None:
        return None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
