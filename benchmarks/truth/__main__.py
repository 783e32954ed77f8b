"""`python -m benchmarks.truth [DATA]`: load the corpora, ask their questions, score, compare with simple engines."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.data_folder import data_folder
from benchmarks.rows import Row, show, write
from benchmarks.truth.ask import GONE_TYPES, LAG_TYPES, RELATION_TYPES, SEARCH_TYPES, TIMELINE_TYPES
from benchmarks.truth.everyday import questions_over, read_facts
from benchmarks.truth.firsts import FACTS, RECORDS, First, ask_all, first_rows
from benchmarks.truth.loaded import OURS, WORDS_ONLY, Loaded, loaded, loaded_rivals
from benchmarks.truth.packs import Question
from benchmarks.truth.perturb import perturbed
from benchmarks.truth.report import PERTURBED, VERBATIM, Asked, read_exclusions, rows
from benchmarks.truth.rival_rows import rival_rows
from benchmarks.truth.rivals import read_rivals
from benchmarks.truth.sources import read_packs
from benchmarks.truth.tasks import Shown, ask_tasks, task_rows
from benchmarks.truth.vectors import kept
from graphmem.retrieval.embedder import Embedder, EmbedderMissing, find_embedder
from tools.neo4j_server import Options, start

HERE = Path(__file__).resolve().parent
_ASKED = {*SEARCH_TYPES, *GONE_TYPES, *LAG_TYPES, *RELATION_TYPES, *TIMELINE_TYPES}
_SEEDS = (7, 8)


@dataclass(slots=True)
class Answers:
    """All that was asked, by how it is judged."""

    asked: list[Asked] = field(default_factory=list)
    firsts: list[First] = field(default_factory=list)
    shown: list[Shown] = field(default_factory=list)
    rivals: list[First] = field(default_factory=list)

    def rows(self) -> Iterator[Row]:
        """Every figure."""
        yield from rows(self.asked, read_exclusions())
        yield from first_rows(self.firsts)
        yield from task_rows(self.shown)
        yield from rival_rows(self.rivals)


def main(arguments: Sequence[str]) -> int:
    """Measure, print the table and write `results/truth.json`; 0 if every goal is met."""
    options = _options(arguments)
    if not list(read_packs(options.data, options.packs)):
        print(f"no pack below {str(options.data)!r}: pass a folder laid out like shared/data", file=sys.stderr)
        return 2
    found = find_embedder()
    if isinstance(found, EmbedderMissing):
        print(found.reason, file=sys.stderr)
    with _store(options.store) as url, nullcontext() if isinstance(found, EmbedderMissing) else kept(found) as backend:
        answers = _answers(options, url, backend)
    results = list(answers.rows())
    show(results)
    _tell_misses(answers)
    write("truth-neo4j" if options.store == "neo4j" else "truth", results)
    return 1 if any(row.is_met is False for row in results) else 0


def _answers(options: argparse.Namespace, url: str, backend: Embedder | None) -> Answers:
    answers = Answers()
    for pack in read_packs(options.data, options.packs):
        print(f"{pack.letter} {pack.name}: {len(pack.records)} records", file=sys.stderr)
        with loaded(pack, url, backend) as one:
            answers.asked += _quoted(one, options.seeds)
            answers.firsts += ask_all(one, questions_over(options.data, pack.letter), RECORDS)
    for pack, tasks in read_facts(options.data):
        print(f"{pack.letter} {pack.name}: {len(pack.records)} facts", file=sys.stderr)
        with loaded(pack, url, backend) as one:
            answers.firsts += ask_all(one, pack.questions, FACTS)
            answers.shown += ask_tasks(one, tasks)
    for rivals in read_rivals(options.data.parent / "peers", options.sizes, _SEEDS):
        print(f"R {rivals.name}", file=sys.stderr)
        with loaded_rivals(rivals, url, backend) as one:
            answers.rivals += ask_all(one, one.pack.questions, f"rivals {rivals.size}")
    return answers


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
    parser = argparse.ArgumentParser(prog="python -m benchmarks.truth")
    parser.add_argument("folder", nargs="?", type=Path, help="a folder laid out like shared/data")
    parser.add_argument("--data", type=Path, default=data_folder(), help="the same, as an option")
    parser.add_argument("--store", help="URL of an empty store, or neo4j to start a server; a fresh file if not given")
    parser.add_argument("--packs", default="ABCG", help="letters of the packs to ask")
    parser.add_argument("--seeds", type=int, default=5, help="how many perturbed wordings of each question")
    parser.add_argument("--sizes", type=int, nargs="*", default=[1_000, 10_000], help="of the rivals' corpus")
    options = parser.parse_args(arguments)
    options.data = options.folder or options.data
    return options


def _quoted(one: Loaded, seeds: int) -> Iterator[Asked]:
    """The questions of a pack, each by the verb that its type needs; searches of everybody else, too."""
    letter, judge = one.pack.letter, one.judge
    ours, words_only = one.asker(OURS), one.asker(WORDS_ONLY)
    for question in one.pack.questions:
        if question.type not in _ASKED:
            continue
        for wording, text in _wordings(question, seeds):
            yield Asked(letter, OURS, wording, judge.score(question, text, ours))
            if question.type in SEARCH_TYPES:
                yield Asked(letter, WORDS_ONLY, wording, judge.score(question, text, words_only))
                for name, ranking in one.controls.rankings(question, text, one.now).items():
                    yield Asked(letter, name, wording, judge.top(question, text, next(iter(ranking.ids), None)))


def _wordings(question: Question, seeds: int) -> Iterator[tuple[str, str]]:
    yield VERBATIM, question.text
    for seed in range(seeds):
        text = perturbed(question.text, f"{question.id}/{seed}")
        if text is not None:
            yield PERTURBED, text


def _tell_misses(answers: Answers) -> None:
    """Every question that was answered wrong as it stands, for reading."""
    excluded = read_exclusions()
    for one in answers.asked:
        score = one.score
        if one.contestant == OURS and one.wording == VERBATIM and (not score.is_right or score.is_stale):
            _tell_miss(score.question, score.got, excluded.get(score.question.id, ""))
    for first in answers.firsts:
        if first.contestant == OURS and first.is_answerable and not first.is_first:
            _tell_miss(first.question, ", ".join(first.ranking.ids[:3]), "stale" if first.is_stale else "")


def _tell_miss(question: Question, got: str, why: str) -> None:
    print(f"missed {question.id} {question.type}: wanted {question.gold}, got {got} {why}".rstrip())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
