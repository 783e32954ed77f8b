"""What blocks are asked for: everyday tasks with what governs them, and the packs' questions with what held."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from benchmarks.truth.ask import SEARCH_TYPES
from benchmarks.truth.everyday import Task, read_facts
from benchmarks.truth.packs import Pack
from benchmarks.truth.sources import read_packs

TASKS = "tasks"


@dataclass(frozen=True, slots=True)
class Case:
    """A block to be asked for.

    Attributes:
        group: The pack's letter, or `tasks`.
        fold: What is left out together: a pack or a repository.
        gold: What governs the task; of a question, any of them is right.
        must: What it would be wrong to miss; empty for a question.
        wrong: What must not be shown as in force.
    """

    id: str
    group: str
    fold: str
    text: str
    paths: tuple[str, ...]
    as_of: datetime | None
    repo: str | None
    gold: frozenset[str]
    must: frozenset[str] = field(default_factory=frozenset)
    wrong: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Corpus:
    """A pack with its cases."""

    pack: Pack
    cases: tuple[Case, ...]


def read_corpora(data: Path, letters: str) -> Iterator[Corpus]:
    """The packs that are asked for, and the everyday tasks (`F`)."""
    for pack in read_packs(data, letters):
        yield Corpus(pack, tuple(_questions(pack)))
    for pack, tasks in read_facts(data) if "F" in letters else ():
        yield Corpus(pack, tuple(_tasks(pack, tasks)))


def with_mandates(corpus: Corpus) -> Corpus:
    """The corpus with everything that has a file made mandatory, and the tasks with what then covers their paths."""
    records = tuple(
        replace(record, statement=replace(record.statement, is_mandatory=bool(record.statement.anchors)))
        for record in corpus.pack.records
    )
    pack = replace(corpus.pack, records=records, name=f"{corpus.pack.name} mandatory")
    anchors = {record.id: [anchor.name for anchor in record.statement.anchors] for record in records}
    live = _live(pack)
    cases = [
        replace(
            case,
            must=frozenset(key for key in live if _is_on(anchors[key], case.paths)),
        )
        for case in corpus.cases
    ]
    return Corpus(pack, tuple(case for case in cases if case.must))


def _questions(pack: Pack) -> Iterator[Case]:
    texts: Mapping[str, tuple[str, str, str | None]] = {
        record.id: (record.statement.title, record.statement.body, record.repo) for record in pack.records
    }
    for question in pack.questions:
        if question.type in SEARCH_TYPES and question.gold:
            gold = {texts[key] for key in question.gold if key in texts}
            same = frozenset(key for key, text in texts.items() if text in gold)
            wrong = frozenset(question.wrong) - same
            group = pack.letter
            yield Case(question.id, group, group, question.text, (), question.as_of, question.repo, same, wrong=wrong)


def _tasks(pack: Pack, tasks: Iterable[Task]) -> Iterator[Case]:
    wrong = frozenset(record.id for record in pack.records) - _live(pack)
    for task in tasks:
        gold, must = frozenset(task.gold), frozenset(task.must)
        yield Case(task.id, TASKS, pack.name, task.text, task.paths, None, task.repo, gold, must, wrong)


def _live(pack: Pack) -> frozenset[str]:
    """The statements of a pack that are neither replaced nor over, by the pack's own word."""
    over = {declared.old for declared in pack.declared}
    return frozenset(record.id for record in pack.records if record.id not in over and len(record.told) == 1)


def _is_on(anchors: Iterable[str], paths: Iterable[str]) -> bool:
    return any(_covers(anchor, path) for anchor in anchors for path in paths)


def _covers(anchor: str, path: str) -> bool:
    return path == anchor or path.startswith(f"{anchor.rstrip('/')}/")
