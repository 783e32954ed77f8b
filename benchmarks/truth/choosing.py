"""On what the constants of search were chosen: `python -m benchmarks.truth.choosing [--data FOLDER]`.

Leaves out one pack at a time (with the everyday questions over it), learns weights and the curve of relevance on the
others, and prints both with the figures of what was left out; beside them those of the constants as they stand. Then
each constant alone: its figures at other values, and which value the other packs would choose for each.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.data_folder import data_folder
from benchmarks.rows import Row, write
from benchmarks.truth.cases import COLUMNS, HYBRID, LEXICAL, MEANING, TITLE, Case, read_cases
from benchmarks.truth.learning import Weights, learnt
from benchmarks.truth.left_out import Figures, figures, folds
from benchmarks.truth.relevance import tell_relevance
from benchmarks.truth.vectors import kept
from graphmem.retrieval.embedder import EmbedderMissing, find_embedder

_SHIPPED = Weights()


@dataclass(frozen=True, slots=True)
class Constant:
    """Other values of one constant, with the weights that have it."""

    name: str
    tried: Mapping[float, Weights]


_CONSTANTS = (
    Constant("title power", {one: replace(_SHIPPED, title_power=one) for one in (1, 2, 3, 4)}),
    Constant("title weight", {one: _SHIPPED.weighing(TITLE, one) for one in (0.0, 0.25, 0.5, 1.0, 2.0)}),
    Constant("meaning weight", {one: _SHIPPED.weighing(MEANING, one) for one in (0.5, 0.75, 1.0, 1.5, 2.0)}),
    Constant("not holding", {one: replace(_SHIPPED, not_holding=one) for one in (0.0, 0.1, 0.2, 0.3, 0.4)}),
    Constant("prior, times", {one: replace(_SHIPPED, prior=one) for one in (0.0, 1.0, 2.5, 5.0)}),
)


def main(arguments: Sequence[str]) -> int:
    """Print what is chosen and what is left out; write `results/choosing.json`."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.truth.choosing")
    parser.add_argument("--data", type=Path, default=data_folder(), help="a folder laid out like shared/data")
    options = parser.parse_args(arguments)
    found = find_embedder()
    if isinstance(found, EmbedderMissing):
        print(found.reason, file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder, kept(found) as backend:
        cases = list(read_cases(options.data, str(Path(folder) / "choosing.db"), backend))
    if not cases:
        print(f"no pack below {str(options.data)!r}: pass a folder laid out like shared/data", file=sys.stderr)
        return 2
    hybrid, lexical = ([case for case in cases if case.mode == mode] for mode in (HYBRID, LEXICAL))
    rows = [*tell_weights(hybrid), *tell_words_only(lexical), *tell_relevance(hybrid, lexical, _SHIPPED)]
    tell_alone(hybrid)
    write("choosing", rows)
    return 0


# ---- weights


def tell_weights(cases: Sequence[Case]) -> Iterator[Row]:
    """Weights learnt without each pack, and its figures under them, beside those as they stand."""
    print("weights learnt without", *COLUMNS)
    print(f"  {'all':12}", *(f"{one:.2f}" for one in learnt(cases, _SHIPPED).columns))
    yield from _left_out(cases, "hybrid", lambda others: learnt(others, _SHIPPED), _SHIPPED)


def tell_words_only(cases: Sequence[Case]) -> Iterator[Row]:
    """The same by words alone."""
    print("by words alone, weights learnt without", *COLUMNS)
    yield from _left_out(
        cases, "words only", lambda others: learnt(others, _SHIPPED).without_meaning(), _SHIPPED.without_meaning()
    )


def _left_out(
    cases: Sequence[Case], way: str, learn: Callable[[Sequence[Case]], Weights], shipped: Weights
) -> Iterator[Row]:
    found: dict[str, Figures] = {}
    for fold in folds(cases):
        weights = learn([case for case in cases if case.fold != fold])
        print(f"  {fold:12}", *(f"{one:.2f}" for one in weights.columns))
        found |= figures([case for case in cases if case.fold == fold], weights)
    as_it_is = figures(cases, shipped)
    print(f"{way}: hit@1 / hit@3 / stale@1   {'left out':24} as it is")
    for group, one in sorted(found.items()):
        print(f"  {group:28} {one!s:24} {as_it_is[group]!s:24} {one.count}")
        for name, value in (("hit@1", one.first), ("hit@3", one.three)):
            yield Row(f"{group} {way} left out {name}", value, "share", "higher")
        yield Row(f"{group} {way} left out stale@1", one.stale, "share", "lower")


# ---- one constant at a time


def tell_alone(cases: Sequence[Case]) -> None:
    """The mean hit@1 less stale@1 of all groups at other values of each constant, and what the others would choose."""
    homes = {case.group: case.fold for case in cases}
    for constant in _CONSTANTS:
        found = {value: figures(cases, weights) for value, weights in constant.tried.items()}
        print(f"{constant.name}:", ", ".join(f"{value:g}: {_mean(some):.4f}" for value, some in found.items()))
        for fold in folds(cases):
            others = {value: _mean(_only(some, homes, fold, inside=False)) for value, some in found.items()}
            mine = {value: _mean(_only(some, homes, fold, inside=True)) for value, some in found.items()}
            best = max(others, key=lambda value: others[value])
            print(f"  without {fold}: {best:g};", ", ".join(f"{value:g}: {mean:.4f}" for value, mean in mine.items()))


def _only(some: Mapping[str, Figures], homes: Mapping[str, str], fold: str, *, inside: bool) -> dict[str, Figures]:
    return {group: one for group, one in some.items() if (homes[group] == fold) is inside}


def _mean(some: Mapping[str, Figures]) -> float:
    return sum(one.first - one.stale for one in some.values()) / len(some)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
