"""`python -m benchmarks.truth [DATA]`: load the corpora, ask their questions, score, and compare with plain search."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.rows import show, write
from benchmarks.truth.ask import GONE_TYPES, LAG_TYPES, RELATION_TYPES, SEARCH_TYPES, TIMELINE_TYPES, Asker
from benchmarks.truth.baselines import PlainText, PlainVectors
from benchmarks.truth.load import Replay, ReplayClock
from benchmarks.truth.packs import Pack, Question
from benchmarks.truth.perturb import perturbed
from benchmarks.truth.report import OURS, PERTURBED, VERBATIM, Asked, read_exclusions, rows
from benchmarks.truth.scoring import Judge
from benchmarks.truth.sources import read_packs
from graphmem.model import Scope
from graphmem.opening import open_memory
from graphmem.retrieval.embedding import Embedder, EmbedderMissing, find_embedder
from tools.neo4j_server import Options, start

HERE = Path(__file__).resolve().parent
EXCLUSIONS = HERE.parent / "exclusions"
_ASKED = {*SEARCH_TYPES, *GONE_TYPES, *LAG_TYPES, *RELATION_TYPES, *TIMELINE_TYPES}


def main(arguments: Sequence[str]) -> int:
    """Measure, print the table and write `results/truth.json`; 0 if every goal is met."""
    options = _options(arguments)
    excluded = read_exclusions(EXCLUSIONS)
    packs = list(read_packs(options.data, options.packs))
    if not packs:
        print(f"no pack below {str(options.data)!r}: pass a folder laid out like shared/data", file=sys.stderr)
        return 2
    found = find_embedder()
    if isinstance(found, EmbedderMissing):
        print(found.reason, file=sys.stderr)
    backend = None if isinstance(found, EmbedderMissing) else found
    asked: list[Asked] = []
    with _store(options.store) as url:
        for pack in packs:
            print(f"{pack.letter} {pack.name}: {len(pack.records)} records", file=sys.stderr)
            asked.extend(_asked(pack, url, backend, options.seeds))
    results = list(rows(asked, excluded))
    show(results)
    _tell_misses(asked, excluded)
    write("truth-neo4j" if options.store == "neo4j" else "truth", results)
    return 1 if any(row.is_met is False for row in results) else 0


@contextmanager
def _store(asked: str | None) -> Iterator[str]:
    """The URL of an empty store."""
    if asked == "neo4j":
        with start(Options(heap="2g", page_cache="512m")) as server:
            os.environ.update(GRAPHMEM_NEO4J_USER=server.user, GRAPHMEM_NEO4J_PASSWORD=server.password or "")
            yield server.url
        return
    with tempfile.TemporaryDirectory() as folder:
        yield asked or str(Path(folder) / "truth.db")


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    default = Path(os.environ.get("GRAPHMEM_DATA", str(HERE.parent.parent.parent / "shared" / "data")))
    parser = argparse.ArgumentParser(prog="python -m benchmarks.truth")
    parser.add_argument("folder", nargs="?", type=Path, help="a folder laid out like shared/data")
    parser.add_argument("--data", type=Path, default=default, help="the same, as an option")
    parser.add_argument("--store", help="URL of an empty store, or neo4j to start a server; a fresh file if not given")
    parser.add_argument("--packs", default="ABCG", help="letters of the packs to ask")
    parser.add_argument("--seeds", type=int, default=5, help="how many perturbed wordings of each question")
    options = parser.parse_args(arguments)
    options.data = options.folder or options.data
    return options


def _asked(pack: Pack, url: str, backend: Embedder | None, seeds: int) -> Iterator[Asked]:
    clock = ReplayClock(pack.present)
    embedder = (lambda: backend) if backend is not None else (lambda: "no embedding model is installed")
    judge = Judge(pack)
    plain = [PlainText(pack)] + ([] if backend is None else [PlainVectors(pack, backend)])
    with open_memory(url, create=True, scope=Scope(pack.name), actor="truth", clock=clock, embedder=embedder) as memory:
        replay = Replay(memory, clock, pack.name)
        replay.run(pack)
        for refusal in replay.refused:
            print(f"  not applied: {refusal}", file=sys.stderr)
        asker = Asker(memory, pack.name)
        for question in pack.questions:
            if question.type not in _ASKED:
                continue
            for wording, text in _wordings(question, seeds):
                yield Asked(pack.letter, OURS, wording, judge.score(question, text, asker))
                if question.type in SEARCH_TYPES:
                    for one in plain:
                        yield Asked(pack.letter, one.name, wording, judge.top(question, text, one.top(question, text)))


def _wordings(question: Question, seeds: int) -> Iterator[tuple[str, str]]:
    yield VERBATIM, question.text
    for seed in range(seeds):
        text = perturbed(question.text, f"{question.id}/{seed}")
        if text is not None:
            yield PERTURBED, text


def _tell_misses(asked: Sequence[Asked], excluded: dict[str, str]) -> None:
    """Every verbatim question that was answered wrong, for reading."""
    for one in asked:
        score = one.score
        if one.contestant == OURS and one.wording == VERBATIM and (not score.is_right or score.is_stale):
            why = excluded.get(score.question.id, "")
            print(
                f"missed {score.question.id} {score.question.type}: wanted {score.question.gold}, got {score.got} {why}"
            )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
