"""The same memories in graphiti, on the same Neo4j server and in turns with graphmem, without any language model.

    python -m benchmarks.speed.graphiti [--memories N]

Needs the extra `graphmem[graphiti]`. What graphiti offers without a model: facts as edges from a component to a file,
bulk loads by `add_nodes_and_edges_bulk`, single facts by `add_triplet` with a model that finds no duplicates, and its
own hybrid search. It is told nothing of time, supersession or links, which graphmem writes beside the same texts.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
import uuid
from collections.abc import Coroutine, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import graphmem
from benchmarks.rows import Row, show, write
from benchmarks.speed.corpus import DIMENSION, Asked, Corpus, everywhere, said
from benchmarks.speed.filling import SetClock
from benchmarks.speed.timing import Timings, paired_ratio
from benchmarks.speed.vectors import LookUp
from graphmem import GraphMemory, New, Scope, Write
from graphmem.service.embedded_text import embedded_text
from tools.neo4j_server import Options, Server, start

if TYPE_CHECKING:
    from benchmarks.speed.corpus import Vectors

_ADDS, _SEARCHES, _UNFILTERED, _WARM_UP = 200, 100, 30, 60
_NAMES = uuid.UUID(int=1)


def main() -> None:
    """Load both, add and search in turns, print and write `results/graphiti.json`."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.graphiti")
    parser.add_argument("--memories", type=int, default=10_000)
    parser.add_argument("--data", type=Path, help="a folder of *.jsonl whose words the texts are made of")
    asked = parser.parse_args()
    corpus = Corpus(asked.memories, asked.data)
    with start(Options(heap="2g", page_cache="1g", has_auth=False)) as server:
        rows = _measured(corpus, server)
    show(rows)
    print(f"written to {write('graphiti', rows).name}", file=sys.stderr)


def _measured(corpus: Corpus, server: Server) -> list[Row]:
    looked_up, clock = LookUp(), SetClock(corpus.day(0))
    peer = Graphiti(server.url)
    memory = graphmem.open(
        server.url, create=True, scope=everywhere(), actor="speed", clock=clock, embedder=looked_up.door()
    )
    with memory:
        bench = _InTurns(memory, peer, corpus, looked_up, clock)
        rows = [*bench.bulk(), *bench.adds(), *bench.searches()]
        peer.close()
    return [Row(f"{corpus.count:,}: {row.name}", row.value, row.unit, row.better, row.goal) for row in rows]


class _InTurns:
    """Every measure taken of both in turns, so that the machine is equally busy and the server equally warm."""

    def __init__(self, memory: GraphMemory, peer: Graphiti, corpus: Corpus, looked_up: LookUp, clock: SetClock) -> None:
        self._memory = memory
        self._peer = peer
        self._corpus = corpus
        self._looked_up = looked_up
        self._clock = clock

    def bulk(self) -> list[Row]:
        """The second half of the corpus, batch by batch: a server compiles its queries while it is young."""
        ours, theirs, done = Timings(), Timings(), 0
        for start_, items, vectors in self._corpus.batches():
            self._looked_up.expect(dict(zip([embedded_text(said(item)) for item in items], vectors, strict=True)))
            self._clock.now = self._corpus.day(start_ + len(items))
            with ours.one():
                self._memory.add_many(items, write=Write(scope=items[0].scope))
            with theirs.one():
                self._peer.add_many(items, vectors)
            done += len(items)
            if done <= self._corpus.count // 2:
                ours, theirs = Timings(), Timings()
        size = self._corpus.batch
        return [
            Row("bulk load", size / ours.p50 * 1e3, "/s", "higher"),
            Row("bulk load, graphiti", size / theirs.p50 * 1e3, "/s", "higher"),
            Row("bulk load, times as fast as graphiti", paired_ratio(ours, theirs), "x", "higher", 1),
        ]

    def adds(self) -> list[Row]:
        """One memory at a time."""
        ours, theirs = Timings(), Timings()
        items, vectors = self._corpus.more(_ADDS + _WARM_UP), next(self._corpus.batches())[2]
        self._looked_up.expect({embedded_text(said(item)): vectors[0] for item in items})
        self._clock.now = self._corpus.day(self._corpus.count + 1)
        for number, item in enumerate(items):
            if number == _WARM_UP:
                ours, theirs = Timings(), Timings()
            with ours.one():
                self._memory.add(item.statement, moves=item.moves, write=Write(scope=item.scope))
            with theirs.one():
                self._peer.add(item, vectors[0])
        return _compared("add", ours, theirs, 1)

    def searches(self) -> list[Row]:
        """Ten answers of one repository, and of all."""
        asked = self._corpus.queries(_SEARCHES + 2 * _WARM_UP)
        self._looked_up.expect({one.text: one.vector for one in asked})
        self._peer.expect(asked)
        rows: list[Row] = []
        for name, count, is_filtered, goal in (
            ("search, one repository", _SEARCHES, True, 1),
            ("search, unfiltered", _UNFILTERED, False, 10),
        ):
            ours, theirs = Timings(), Timings()
            for number, one in enumerate(asked[: count + _WARM_UP]):
                if number == _WARM_UP:
                    ours, theirs = Timings(), Timings()
                scope = Scope(everywhere().tenant, one.repo) if is_filtered else None
                with ours.one():
                    self._memory.search(one.text, scope=scope)
                with theirs.one():
                    self._peer.search(one.text, one.repo if is_filtered else None)
            rows += _compared(name, ours, theirs, goal)
        return rows


def _compared(name: str, ours: Timings, theirs: Timings, goal: float) -> list[Row]:
    return [
        *ours.rows(name),
        *theirs.rows(f"{name}, graphiti"),
        Row(f"{name}, times as fast as graphiti", paired_ratio(ours, theirs), "x", "higher", goal),
    ]


class Graphiti:
    """graphiti on a server, with vectors looked up and a model that finds nothing."""

    def __init__(self, url: str) -> None:
        os.environ |= {
            "GRAPHITI_TELEMETRY_ENABLED": "false",
            "PYTHON_DOTENV_DISABLED": "1",
            "EMBEDDING_DIM": str(DIMENSION),
        }
        logging.getLogger("graphiti_core").setLevel(logging.ERROR)
        logging.getLogger("neo4j").setLevel(logging.ERROR)
        from graphiti_core import Graphiti as Client
        from graphiti_core.driver.neo4j_driver import Neo4jDriver

        self._vectors: dict[str, list[float]] = {}
        self._seen: set[str] = set()
        self._loop = asyncio.new_event_loop()
        self._driver = Neo4jDriver(url, None, None)
        self._embedder = _embedder(self._vectors)
        self._client = Client(
            graph_driver=self._driver, llm_client=_model(), embedder=self._embedder, cross_encoder=_cross_encoder()
        )
        self._run(self._driver.build_indices_and_constraints())

    def close(self) -> None:
        """Let go of the server."""
        self._run(self._driver.close())
        self._loop.close()

    def expect(self, asked: Sequence[Asked]) -> None:
        """Know the vectors of these questions."""
        self._vectors.update({one.text: one.vector.tolist() for one in asked})

    def add_many(self, items: Sequence[New], vectors: Vectors) -> None:
        """Facts with their ends, in one call."""
        from graphiti_core.utils.bulk_utils import add_nodes_and_edges_bulk

        triplets = [self._triplet(item, vector.tolist()) for item, vector in zip(items, vectors, strict=True)]
        nodes = {node.uuid: node for source, _, target in triplets for node in (source, target)}
        fresh = [node for key, node in nodes.items() if key not in self._seen]
        self._seen |= nodes.keys()
        edges = [edge for _, edge, _ in triplets]
        self._run(add_nodes_and_edges_bulk(self._driver, [], [], fresh, edges, self._embedder))

    def add(self, item: New, vector: Any) -> None:  # noqa: ANN401 - a NumPy row
        """One fact with its ends."""
        source, edge, target = self._triplet(item, vector.tolist())
        self._run(self._client.add_triplet(source, edge, target))

    def search(self, text: str, repo: str | None) -> list[Any]:
        """Ten facts of one repository, or of all."""
        groups = None if repo is None else [_group(repo)]
        found: list[Any] = self._run(self._client.search(text, group_ids=groups, num_results=10))
        return found

    def _triplet(self, item: New, vector: list[float]) -> tuple[Any, Any, Any]:
        from graphiti_core.edges import EntityEdge

        statement, at = said(item), (item.moves or ())[0].at
        component, file = statement.anchors
        group = _group(component.repo or "")
        source, target = (self._node(group, anchor.kind, anchor.name, at) for anchor in (component, file))
        edge = EntityEdge(
            uuid=str(uuid.uuid4()),
            group_id=group,
            source_node_uuid=source.uuid,
            target_node_uuid=target.uuid,
            created_at=at,
            valid_at=at,
            name=statement.kind.upper(),
            fact=embedded_text(statement),
            fact_embedding=vector,
            episodes=[],
        )
        return source, edge, target

    def _node(self, group: str, kind: str, name: str, at: datetime) -> Any:  # noqa: ANN401
        from graphiti_core.nodes import EntityNode

        key = str(uuid.uuid5(_NAMES, f"{group}|{kind}|{name}"))
        vector = self._vectors.setdefault(name, [1.0] + [0.0] * (DIMENSION - 1))
        return EntityNode(
            uuid=key,
            name=name,
            group_id=group,
            labels=[kind.capitalize()],
            created_at=at,
            summary="",
            name_embedding=vector,
        )

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401
        return self._loop.run_until_complete(work)


def _group(repo: str) -> str:
    return repo.replace("/", "-")


def _embedder(vectors: dict[str, list[float]]) -> Any:  # noqa: ANN401
    from graphiti_core.embedder.client import EmbedderClient

    class LookedUp(EmbedderClient):
        async def create(self, input_data: Any) -> list[float]:  # noqa: ANN401
            text = input_data if isinstance(input_data, str) else input_data[0]
            return vectors.get(text) or [1.0] + [0.0] * (DIMENSION - 1)

        async def create_batch(self, input_data_list: list[str]) -> list[list[float]]:
            return [await self.create(text) for text in input_data_list]

    return LookedUp()


def _model() -> Any:  # noqa: ANN401
    from graphiti_core.llm_client.client import LLMClient
    from graphiti_core.llm_client.config import LLMConfig

    class FindsNothing(LLMClient):
        async def generate_response(self, *_: Any, response_model: Any = None, **__: Any) -> dict[str, Any]:  # noqa: ANN401
            fields = response_model.model_fields.items() if response_model is not None else ()
            return {name: [] if "list" in str(field.annotation).lower() else None for name, field in fields}

        async def _generate_response(self, *_: Any, **__: Any) -> dict[str, Any]:  # noqa: ANN401
            return {}

    return FindsNothing(LLMConfig())


def _cross_encoder() -> Any:  # noqa: ANN401
    from graphiti_core.cross_encoder.client import CrossEncoderClient

    class KeepsOrder(CrossEncoderClient):
        async def rank(self, query: str, passages: list[str]) -> list[tuple[str, float]]:
            del query
            return [(passage, 1.0) for passage in passages]

    return KeepsOrder()


if __name__ == "__main__":
    main()
