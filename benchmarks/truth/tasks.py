"""How much of what governs a task is among the titles that an answer shows within a number of tokens."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.rows import Row
from benchmarks.truth.everyday import Task
from benchmarks.truth.firsts import share
from benchmarks.truth.loaded import OURS, Loaded
from benchmarks.truth.packs import Question

BUDGETS = (500, 1_000)
#: Tokens are counted as words between spaces, times this: near what tokenizers of language models make of English.
TOKENS_PER_WORD = 1.3
_MOST = 100
_AIMS = {500: 0.90, 1_000: 0.97}


@dataclass(frozen=True, slots=True)
class Shown:
    """What a contestant shows for a task within a budget, as shares of what governs it."""

    contestant: str
    budget: int
    must: float
    gold: float


def ask_tasks(loaded: Loaded, tasks: Iterable[Task]) -> Iterator[Shown]:
    """Each task asked in its own words, now."""
    titles = {record.id: record.statement.title for record in loaded.pack.records}
    for task in tasks:
        question = Question(task.id, "task", task.text, None, task.gold, (), None, task.repo)
        for name, ids in loaded.shown(question, _MOST).items():
            for budget in BUDGETS:
                seen = within(budget, ids, titles)
                yield Shown(name, budget, _recall(task.must, seen), _recall(task.gold, seen))


def within(budget: int, ids: Iterable[str], titles: Mapping[str, str]) -> list[str]:
    """The first ids whose titles fit into a budget of tokens together."""
    left, shown = float(budget), []
    for key in ids:
        left -= TOKENS_PER_WORD * len(titles[key].split())
        if left < 0:
            break
        shown.append(key)
    return shown


def task_rows(found: Iterable[Shown]) -> Iterator[Row]:
    """The mean recall of each contestant at each budget."""
    groups: dict[tuple[str, int], list[Shown]] = defaultdict(list)
    for one in found:
        groups[one.contestant, one.budget].append(one)
    for (contestant, budget), some in groups.items():
        name = f"tasks {contestant}"
        goal = _AIMS[budget] if contestant in {OURS, f"{OURS}, all"} else None
        yield Row(f"{name} must within {budget} tokens", share(one.must for one in some), "share", "higher", goal)
        yield Row(f"{name} gold within {budget} tokens", share(one.gold for one in some), "share", "higher")


def _recall(wanted: Sequence[str], seen: Sequence[str]) -> float:
    return len(set(wanted) & set(seen)) / len(set(wanted)) if wanted else 1.0
