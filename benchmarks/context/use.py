"""`python -m benchmarks.context.use [DATA]`: does the reliance on memories harm blocks about something else?

Of every two cases of a pack, the first tells what was relied on (what is right for it, three times), and the second is
asked, with that use and without. Nobody's real use is known: where cases have nothing in common the use is noise, and
the figures show what noise does to blocks.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.context.cases import TASKS, Case, read_corpora
from benchmarks.context.contestants import Contestants, given_by, recall
from benchmarks.data_folder import data_folder
from benchmarks.rows import Row, show, write
from benchmarks.truth.firsts import share
from benchmarks.truth.loaded import WORDS_ONLY, loaded
from graphmem.model import Scope
from graphmem.recalls import NoRecalls, RecallCounts
from graphmem.service.memory import context_of

BUDGETS = (500, 1_000)
_TIMES = 3


class FixedUse(NoRecalls):
    """A recall ledger with given counts for every reader."""

    def __init__(self, memories: frozenset[str]) -> None:
        self._memories = memories

    def counts(self, reader: Scope, memories: Sequence[str]) -> dict[str, RecallCounts]:
        """Return the same counts for each memory that was relied on."""
        del reader
        return {key: RecallCounts(opened=_TIMES) for key in memories if key in self._memories}


def main(arguments: Sequence[str]) -> int:
    """Measure, print the table and write `results/context-use.json`."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.context.use")
    parser.add_argument("data", nargs="?", type=Path, default=data_folder(), help="a folder laid out like shared/data")
    parser.add_argument("--packs", default="ABCG", help="letters of the packs; F are the everyday tasks")
    parser.add_argument("--dry", action="store_true", help="write no results")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        rows = list(_rows(options.data, options.packs, str(Path(folder) / "use.db")))
    show(rows)
    if not options.dry:
        write("context-use", rows)
    return 0


def _rows(data: Path, packs: str, url: str) -> Iterator[Row]:
    for corpus in read_corpora(data, packs):
        relied_on = frozenset[str]().union(*(case.gold for case in corpus.cases[::2]))
        asked = corpus.cases[1::2]
        with loaded(corpus.pack, url, None) as packed:
            contestants, context = Contestants(packed), context_of(packed.memories[WORDS_ONLY])
            for budget in BUDGETS:
                for name, ledger in (("without use", NoRecalls()), ("with use", FixedUse(relied_on))):
                    context.recalls = ledger
                    yield _row(f"{corpus.pack.name} {name}", contestants, asked, budget)


def _row(name: str, contestants: Contestants, asked: Sequence[Case], budget: int) -> Row:
    """Return the mean share of what is right in the blocks of cases."""
    shares = []
    for case in asked:
        shown = given_by(contestants.block(case, budget, WORDS_ONLY)).shown
        shares.append(recall(case.gold, shown) if case.group == TASKS else float(bool(case.gold & shown)))
    return Row(f"{name} gold within {budget} tokens, {len(asked)} cases", share(shares), "share", "higher")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
