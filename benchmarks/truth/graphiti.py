"""The rerankers of graphiti over our stores, beside our own ranking, on the search questions of the truth packs.

    python -m benchmarks.truth.graphiti [--data FOLDER] [--packs ABCG]

Needs the extra `graphmem[graphiti]`. Each recipe is given what it can use: the filter for the asked instant, the group
of the question's repository, our embedding model, and for node distance the memory that words find first as centre.
What holds is thereby right by construction: what is measured is which of the memories that hold comes first. Questions
whose gold is arguable are asked too.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.data_folder import data_folder
from benchmarks.rows import Row, show, write
from benchmarks.truth.ask import SEARCH_TYPES, Asker
from benchmarks.truth.load import Replay, ReplayClock
from benchmarks.truth.packs import Pack, Question
from benchmarks.truth.scoring import Judge, Score
from benchmarks.truth.sources import read_packs
from graphmem.interop.graphiti import FACT_TYPES, as_of, graphiti_over, graphmem_driver, group_id, import_graphiti
from graphmem.model import Scope
from graphmem.opening import open_memory
from graphmem.retrieval.embedder import Embedder, EmbedderMissing, find_embedder
from graphmem.service import GraphMemory

if TYPE_CHECKING:
    from graphiti_core import Graphiti

OURS = "graphmem"
#: Recipes by the names that the table shows.
RECIPES = {
    "graphiti RRF": "EDGE_HYBRID_SEARCH_RRF",
    "graphiti MMR": "EDGE_HYBRID_SEARCH_MMR",
    "graphiti node distance": "EDGE_HYBRID_SEARCH_NODE_DISTANCE",
    "graphiti episode mentions": "EDGE_HYBRID_SEARCH_EPISODE_MENTIONS",
}
_LEAST_MMR = -2.0


_Scores = dict[str, list[Score]]


def main(arguments: Sequence[str]) -> int:
    """Measure, print the table and write `results/truth-graphiti.json`."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.truth.graphiti")
    parser.add_argument("--data", type=Path, default=data_folder(), help="a folder laid out like shared/data")
    parser.add_argument("--packs", default="ABCG", help="letters of the packs to ask")
    parser.add_argument("--every", type=int, default=1, help="ask only each so-manieth question")
    options = parser.parse_args(arguments)
    backend = find_embedder()
    if isinstance(backend, EmbedderMissing):
        print(backend.reason, file=sys.stderr)
        return 2
    import_graphiti()
    rows: list[Row] = []
    for pack in read_packs(options.data, options.packs):
        print(f"{pack.letter} {pack.name}", file=sys.stderr)
        rows += _measured(pack, backend, options.every)
    show(rows)
    print(f"written to {write('truth-graphiti', rows).name}", file=sys.stderr)
    return 0


def _measured(pack: Pack, backend: Embedder, every: int) -> Iterator[Row]:
    questions = [one for one in pack.questions if one.type in SEARCH_TYPES][::every]
    scores: _Scores = defaultdict(list)
    clock = ReplayClock(pack.present)
    with tempfile.TemporaryDirectory() as folder:
        place, scope = str(Path(folder) / "truth.db"), Scope(pack.name)
        with open_memory(place, create=True, scope=scope, actor="truth", clock=clock, embedder=lambda: backend) as one:
            Replay(one, clock, pack.name).run(pack)
            asyncio.run(_ask(one, pack, questions, scores))
    for name, found in scores.items():
        yield Row(f"{pack.letter} {name} hit@1", _share(one.is_right for one in found), "share", "higher")
        yield Row(f"{pack.letter} {name} stale@1", _share(bool(one.is_stale) for one in found), "share", "lower")
    yield Row(f"{pack.letter} questions", len(questions), "count", "higher")


async def _ask(memory: GraphMemory, pack: Pack, questions: Sequence[Question], scores: _Scores) -> None:
    judge, asker = Judge(pack), Asker(memory, pack.name)
    repos = {question.repo for question in questions}
    graphs = {repo: graphiti_over(graphmem_driver(memory, Scope(pack.name, repo)), memory) for repo in repos}
    for question in questions:
        scores[OURS].append(judge.score(question, question.text, asker))
        for name, recipe in RECIPES.items():
            top = await _top(graphs[question.repo], recipe, question, pack)
            scores[name].append(judge.top(question, question.text, top))


async def _top(graphiti: Graphiti, recipe: str, question: Question, pack: Pack) -> str | None:
    """The memory of the first edge."""
    from graphiti_core.search import search_config_recipes

    config: Any = getattr(search_config_recipes, recipe).model_copy(deep=True)
    if "MMR" in recipe:
        config.reranker_min_score = _LEAST_MMR
    where = as_of(question.as_of or pack.present, types=FACT_TYPES)
    homes = dict.fromkeys((Scope(pack.name, question.repo), Scope(pack.name)))
    groups = [group_id(home) for home in homes]
    centre = None
    if "DISTANCE" in recipe:
        first = await graphiti.search_(question.text, _words(), groups, search_filter=where)
        centre = first.edges[0].target_node_uuid if first.edges else "none"
    found = await graphiti.search_(question.text, config, groups, center_node_uuid=centre, search_filter=where)
    return str(found.edges[0].attributes["memory"]) if found.edges else None


def _words() -> Any:  # noqa: ANN401
    from graphiti_core.search.search_config import EdgeReranker, EdgeSearchConfig, EdgeSearchMethod, SearchConfig

    edges = EdgeSearchConfig(search_methods=[EdgeSearchMethod.bm25], reranker=EdgeReranker.rrf)
    return SearchConfig(edge_config=edges, limit=1)


def _share(hits: Iterable[bool]) -> float:
    listed = list(hits)
    return round(sum(listed) / len(listed), 4) if listed else 0.0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
