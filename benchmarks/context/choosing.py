"""On what the weights of evidence were chosen: `python -m benchmarks.context.choosing [DATA]`.

Leaves out one repository of the everyday tasks at a time, learns weights on the others, and asks for the blocks of what
was left out with them; beside them the figures of the weights as they stand.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.context.cases import Case, read_corpora
from benchmarks.context.contestants import given_by, recall
from benchmarks.data_folder import data_folder
from benchmarks.truth.firsts import share
from benchmarks.truth.loaded import Loaded, loaded
from benchmarks.truth.vectors import kept
from graphmem.briefing.fitting import Room
from graphmem.briefing.usefulness import NAMES, WEIGHTS, MemoryEvidence, Weights
from graphmem.model import Point, Scope
from graphmem.retrieval.embedder import EmbedderMissing, find_embedder
from graphmem.retrieval.search import Searcher
from graphmem.service.block_maker import BlockMaker
from graphmem.service.context import ServiceContext
from graphmem.service.memory import context_of
from graphmem.service.task_evidence import EvidenceSearch, Task, TaskEvidence, own_parts

_BUDGETS = (500, 1_000)
#: Weights that no task of the pack speaks for or against stay as they are.
_FIXED = frozenset({"title", "name", "preference", "in_flight"})
_LEARNT = [name for name in NAMES if name not in _FIXED]
_SHRINK, _MUST_WEIGHT, _STEPS = 10.0, 3.0, 25
_WORDS_ONLY = EmbedderMissing("asked by words alone")

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Asked:
    """A task with its evidence, and with what makes its block."""

    case: Case
    mode: str
    context: ServiceContext
    reader: Scope
    point: Point
    task: Task
    found: TaskEvidence
    evidence: dict[str, MemoryEvidence]

    def shown(self, weights: Weights, budget: int) -> frozenset[str]:
        """The memories in the block under some weights."""
        maker = BlockMaker(self.context, self.reader, self.point, self.task, self.found, weights)
        return given_by(maker.block(Room(budget), None)).shown


def main(arguments: Sequence[str]) -> int:
    """Print what is learnt without each repository, and its figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.context.choosing")
    parser.add_argument("data", nargs="?", type=Path, default=data_folder(), help="a folder laid out like shared/data")
    options = parser.parse_args(arguments)
    found = find_embedder()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        backend = None if isinstance(found, EmbedderMissing) else stack.enter_context(kept(found))
        asked: list[Asked] = []
        for corpus in read_corpora(options.data, "F"):
            one = stack.enter_context(loaded(corpus.pack, str(folder / f"{corpus.pack.name}.db"), backend))
            asked += [made for case in corpus.cases for made in _asked(one, case)]
        for mode in dict.fromkeys(one.mode for one in asked):
            _tell(mode, [one for one in asked if one.mode == mode])
    return 0


def _asked(one: Loaded, case: Case) -> Iterator[Asked]:
    """The evidence for a task with each way to search."""
    reader, task = Scope(one.pack.name, case.repo), Task.of(case.text, case.paths)
    for mode, memory in one.memories.items():
        context = context_of(memory)
        point = context.point(None, reader)
        words = Searcher(context.store, lambda: _WORDS_ONLY, context.seal, context.mainlines)
        found = EvidenceSearch(context, reader, point, context.searcher, words).evidence(task)
        view = context.content_view(reader, sorted(found.table.found), point.seq)
        evidence = {}
        for key, known in found.table.found.items():
            memory_row = view.memory(key)
            if memory_row is not None:
                evidence[key] = replace(known, **own_parts(known, memory_row, task.paths, reader))
        yield Asked(case, mode, context, reader, point, task, found, evidence)


def _tell(mode: str, asked: Sequence[Asked]) -> None:
    print(f"{mode}: weights learnt without each repository, words being 1; musts / gold left out, and as it stands")
    folds = sorted({one.case.fold for one in asked})
    sums: dict[tuple[int, bool], list[tuple[float, float]]] = {}
    for fold in folds:
        weights = _learnt([one for one in asked if one.case.fold != fold])
        print(f"  {fold:28}", ", ".join(f"{name} {getattr(weights, name):.2f}" for name in _LEARNT))
        inside = [one for one in asked if one.case.fold == fold]
        for budget in _BUDGETS:
            for is_learnt in (True, False):
                found = _figures(inside, weights if is_learnt else WEIGHTS, budget)
                sums.setdefault((budget, is_learnt), []).append(found)
    for budget in _BUDGETS:
        texts = []
        for is_learnt in (True, False):
            means = sums[budget, is_learnt]
            each = " ".join(f"{must:.2f}/{gold:.2f}" for must, gold in means)
            texts.append(f"{share(must for must, _ in means):.3f} / {share(gold for _, gold in means):.3f} ({each})")
        print(f"  within {budget}: left out {texts[0]}, as it stands {texts[1]}")


def _figures(asked: Sequence[Asked], weights: Weights, budget: int) -> tuple[float, float]:
    shown = [(one.case, one.shown(weights, budget)) for one in asked]
    return share(recall(case.must, ids) for case, ids in shown), share(recall(case.gold, ids) for case, ids in shown)


def _learnt(asked: Sequence[Asked]) -> Weights:
    """Weights that make what governs a task most likely, by Newton's steps down the logistic loss."""
    pairs = [(one.case, key, evidence) for one in asked for key, evidence in one.evidence.items()]
    rows = np.array([[getattr(evidence, name) for name in _LEARNT] for _, _, evidence in pairs], np.float64)
    right = np.array([key in case.gold for case, key, _ in pairs], np.float64)
    heft = np.array([_MUST_WEIGHT if key in case.must else 1.0 for case, key, _ in pairs], np.float64)
    spread = rows.std(0)
    used = spread > 0.0
    scaled = np.column_stack([(rows[:, used] - rows[:, used].mean(0)) / spread[used], np.ones(len(rows))])
    found = _descended(scaled, right, heft)[:-1] / spread[used]
    values = dict.fromkeys(_LEARNT, 0.0) | dict(
        zip([name for name, is_used in zip(_LEARNT, used, strict=True) if is_used], found, strict=True)
    )
    words = max(values["words"], 1e-9)
    return replace(WEIGHTS, **{name: float(value / words) for name, value in values.items()})


def _descended(rows: Floats, right: Floats, heft: Floats) -> Floats:
    found = np.zeros(rows.shape[1])
    shrink = _SHRINK * np.append(np.ones(rows.shape[1] - 1), 0.0)
    for _ in range(_STEPS):
        chance = 1.0 / (1.0 + np.exp(-rows @ found))
        slope = rows.T @ (heft * (chance - right)) + shrink * found
        bend = (rows * (heft * chance * (1.0 - chance))[:, None]).T @ rows + np.diag(shrink + 1e-9)
        found = found - np.linalg.solve(bend, slope)
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
