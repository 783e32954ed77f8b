"""`python -m benchmarks.context [DATA]`: load the corpora, ask for blocks at three budgets, compare with controls."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.context.cases import TASKS, Case, read_corpora, with_mandates
from benchmarks.context.contestants import CONTROLS, Contestants, Given, recall
from benchmarks.data_folder import data_folder
from benchmarks.rows import Row, show, write
from benchmarks.truth.firsts import share
from benchmarks.truth.loaded import OURS, WORDS_ONLY, loaded
from benchmarks.truth.report import read_exclusions
from benchmarks.truth.vectors import kept
from graphmem.retrieval.embedder import Embedder, EmbedderMissing, find_embedder

BUDGETS = (500, 1_000, 2_000)
_MUST = {500: 0.90, 1_000: 0.97}
_GOLD = {"A": 0.95, "B": 0.95, "C": 0.95, "G": 0.90}


@dataclass(frozen=True, slots=True)
class Judged:
    """A block as it is judged: shares of what is wanted, and what is wrong with it."""

    case: Case
    contestant: str
    budget: int
    must: float
    gold: float
    stale: int
    is_over: bool


@dataclass(slots=True)
class Results:
    """All that was judged, and the mandates that were there."""

    judged: list[Judged] = field(default_factory=list)
    mandates: list[tuple[int, float]] = field(default_factory=list)

    def rows(self) -> Iterator[Row]:
        """Every figure."""
        arguable = read_exclusions()
        fair = [one for one in self.judged if one.case.id not in arguable]
        for (group, contestant, budget), some in _grouped(fair):
            yield from _rows(group, contestant, budget, some)
        for (group, contestant, budget), some in _grouped(self.judged):
            if contestant == OURS and any(one.case.id in arguable for one in some):
                name = f"{group} {contestant} gold within {budget} tokens, all"
                yield Row(name, share(one.gold for one in some), "share", "higher")
        for budget in BUDGETS:
            found = [value for at, value in self.mandates if at == budget]
            if found:
                name = f"mandatory on the path within {budget} tokens"
                yield Row(name, share(found), "share", "higher", 1.0)
        ours = [one for one in fair if one.contestant in {OURS, WORDS_ONLY}]
        yield Row("blocks over budget", sum(one.is_over for one in ours), "count", "lower", 0)
        yield Row("superseded shown as in force", sum(one.stale for one in ours), "count", "lower", 0)
        yield Row("controls that are not beaten", len(list(_unbeaten(self.judged))), "count", "lower", 0)


def main(arguments: Sequence[str]) -> int:
    """Measure, print the table and write `results/context.json`; 0 if every goal is met."""
    options = _options(arguments)
    found = find_embedder()
    if isinstance(found, EmbedderMissing):
        print(found.reason, file=sys.stderr)
    with (
        tempfile.TemporaryDirectory() as folder,
        nullcontext() if isinstance(found, EmbedderMissing) else kept(found) as backend,
    ):
        results = _results(options, str(Path(folder) / "context.db"), backend)
    rows = list(results.rows())
    show(rows)
    for line in _unbeaten(results.judged):
        print(line)
    if options.misses:
        _tell_misses(results.judged)
    if not options.dry:
        write("context", rows)
    return 1 if any(row.is_met is False for row in rows) else 0


def _results(options: argparse.Namespace, url: str, backend: Embedder | None) -> Results:
    results = Results()
    for corpus in read_corpora(options.data, options.packs):
        print(f"{corpus.pack.letter} {corpus.pack.name}: {len(corpus.cases)} blocks", file=sys.stderr)
        with loaded(corpus.pack, url, backend) as one:
            contestants = Contestants(one)
            for case in corpus.cases:
                for budget in BUDGETS:
                    given = contestants.given(case, budget)
                    results.judged += [_judged(case, name, budget, what) for name, what in given.items()]
        if corpus.pack.letter != "F":
            continue
        bound = with_mandates(corpus)
        with loaded(bound.pack, url, backend) as one:
            contestants = Contestants(one)
            for case in bound.cases:
                for budget in BUDGETS:
                    results.mandates.append(
                        (budget, recall(case.must, contestants.given(case, budget)[OURS].mandatory))
                    )
    return results


def _judged(case: Case, contestant: str, budget: int, given: Given) -> Judged:
    gold = recall(case.gold, given.shown) if case.group == TASKS else float(bool(case.gold & given.shown))
    stale = len(case.wrong & given.holding)
    return Judged(case, contestant, budget, recall(case.must, given.shown), gold, stale, given.tokens > budget)


def _grouped(judged: Iterable[Judged]) -> Iterator[tuple[tuple[str, str, int], list[Judged]]]:
    groups: dict[tuple[str, str, int], list[Judged]] = defaultdict(list)
    for one in judged:
        groups[one.case.group, one.contestant, one.budget].append(one)
    yield from sorted(groups.items())


def _rows(group: str, contestant: str, budget: int, some: Sequence[Judged]) -> Iterator[Row]:
    name, is_ours = f"{group} {contestant}", contestant == OURS
    if group == TASKS:
        goal = _MUST.get(budget) if is_ours else None
        yield Row(f"{name} must within {budget} tokens", share(one.must for one in some), "share", "higher", goal)
    goal = _GOLD.get(group) if is_ours and budget == 1_000 else None  # noqa: PLR2004 - the budget of the goals
    yield Row(f"{name} gold within {budget} tokens", share(one.gold for one in some), "share", "higher", goal)


def _unbeaten(judged: Sequence[Judged]) -> Iterator[str]:
    """The controls that give more of what is wanted than graphmem does in the same budget."""
    means = {key: (share(one.must for one in some), share(one.gold for one in some)) for key, some in _grouped(judged)}
    for (group, contestant, budget), (must, gold) in means.items():
        ours = means[group, OURS, budget]
        if contestant in CONTROLS and (gold > ours[1] or (group == TASKS and must > ours[0])):
            given, mine = f"{must:.3f} / {gold:.3f}", f"{ours[0]:.3f} / {ours[1]:.3f}"
            yield f"{group} {contestant} within {budget}: {given}, graphmem {mine}"


def _tell_misses(judged: Iterable[Judged]) -> None:
    for one in judged:
        if one.contestant == OURS and (one.must < 1.0 or (one.case.group != TASKS and not one.gold)):
            print(f"{one.budget} {one.case.id} must {one.must:.2f} gold {one.gold:.2f}: {one.case.text[:90]!r}")


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.context")
    parser.add_argument("data", nargs="?", type=Path, default=data_folder(), help="a folder laid out like shared/data")
    parser.add_argument("--packs", default="ABCGF", help="letters of the packs; F are the everyday tasks")
    parser.add_argument("--misses", action="store_true", help="list the blocks that lack something")
    parser.add_argument("--dry", action="store_true", help="write no results")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
