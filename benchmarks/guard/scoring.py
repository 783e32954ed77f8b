"""Asks guard about the cases of a pack, and counts what it says."""

from __future__ import annotations

import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import graphmem
from benchmarks.guard.cases import Case, memories_of
from graphmem import At, Scope, Write
from graphmem.sources.bans import read_bans


@dataclass
class Score:
    """What guard said, by repository and by reason of the case.

    Attributes:
        total: The number of cases.
        found: The number of cases with a finding.
        excused: The number of cases that are reported as excused.
        wrong: The cases that were answered wrongly.
    """

    total: Counter[tuple[str, str]] = field(default_factory=Counter)
    found: Counter[tuple[str, str]] = field(default_factory=Counter)
    excused: Counter[tuple[str, str]] = field(default_factory=Counter)
    wrong: list[Case] = field(default_factory=list)

    def of(self, repo: str | None, *, is_return: bool) -> tuple[int, int]:
        """The number of cases with a finding, and of all; of one repository or of all."""
        keys = [key for key in self.total if repo in {None, key[0]} and (key[1] in RETURNS) is is_return]
        return sum(self.found[key] for key in keys), sum(self.total[key] for key in keys)


RETURNS = frozenset({"addition_before_rule_replayed_in_force", "removal_inverted_in_force", "in_force_addition"})


def scored(
    rules: Iterable[Mapping[str, Any]], cases: Iterable[Case], settings: Mapping[str, Path] | None = None
) -> Score:
    """Record the rules as memories, ask about every case, and count the answers.

    Args:
        rules: The rules of the cases.
        cases: The cases.
        settings: Repositories whose rules are read from their own settings along their history, with a folder of each.
    """
    score = Score()
    settings = settings or {}
    by_repo: dict[str, list[graphmem.New]] = defaultdict(list)
    for repo, item in memories_of(rules):
        by_repo[repo].append(item)
    with tempfile.TemporaryDirectory() as folder, graphmem.open(str(Path(folder) / "m.db"), create=True) as memory:
        for repo, items in by_repo.items():
            write = Write(scope=Scope(repo=repo))
            if repo in settings:
                memory.ingest(read_bans(settings[repo], read_at=datetime.now(UTC)), write=write)
            else:
                memory.add_many(items, write=write)
        for case in cases:
            answer = memory.guard(case.diff, at=At(as_of=case.at), scope=Scope(repo=case.repo))
            key = (case.repo, case.why)
            score.total[key] += 1
            score.found[key] += bool(answer.findings)
            score.excused[key] += bool(answer.excused)
            if bool(answer.findings) != case.is_return or (case.is_excused and not answer.excused):
                score.wrong.append(case)
    return score
