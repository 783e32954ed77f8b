"""Pack T: tasks with their status intervals and links: `python -m benchmarks.truth.task_lives [--data FOLDER]`.

The records of the pack, or with `--repository` the history of a clone of its repository, are ingested into a new store,
and its questions are asked by the public verbs, by words alone. `status_as_of`: `search`, history included, for the id
whose last title the question names, and the last word in the `timeline` of that id up to the date. `blocked_by`:
`explain` of the best match, the tasks that it depends on. Right is the exact word, or the exact set of tasks.

Half of the questions, drawn with a seed, were looked at while the source was written; the other half is reported.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import graphmem
from benchmarks.data_folder import data_folder
from benchmarks.rows import Row, show, write
from benchmarks.truth.packs import Json, Question, day, json_lines, read_questions
from graphmem.answers import Card, Hit
from graphmem.instants import to_micros
from graphmem.model import LinkKind
from graphmem.retrieval.embedder import EmbedderMissing
from graphmem.service import GraphMemory
from graphmem.sources.clipped_text import clipped, single_line
from graphmem.sources.git.file_versions import contents, file_versions
from graphmem.sources.git.mainline import find_mainline
from graphmem.sources.observations import Reading
from graphmem.sources.tasks.export_history import MAX_EXPORT_BYTES, ExportHistory, blobs_of
from graphmem.sources.tasks.histories import REMOVED, REUSED, TaskHistories, TaskPoint
from graphmem.sources.tasks.reader import EXPORTS, read_tasks
from graphmem.sources.tasks.records import TaskLink, TaskLinkKind, TaskRecord
from graphmem.store import Filter, Page

HERE = Path(__file__).resolve().parent
GOAL = 0.95
_SEED = 74
_MANY = 20
_PATH = ".beads/issues.jsonl"
_LINKS = {
    "blocks": TaskLinkKind.DEPENDS_ON,
    "blocked-by": TaskLinkKind.DEPENDS_ON,
    "parent-child": TaskLinkKind.PART_OF,
    "duplicates": TaskLinkKind.DUPLICATES,
    "supersedes": TaskLinkKind.SUPERSEDES,
}


@dataclass(frozen=True, slots=True)
class Judged:
    """A question with the answer to it: whether that is right, and about the task that the pack means."""

    question: Question
    answer: str
    is_right: bool
    is_gold: bool


def main(arguments: Sequence[str]) -> int:
    """Measure, print the table and write `results/tasks.json`; 0 if the goal is met."""
    options = _options(arguments)
    folder = options.data / "tasks"
    if not (folder / "questions.jsonl").is_file():
        print(f"no tasks below {str(options.data)!r}: pass a folder laid out like shared/data", file=sys.stderr)
        return 2
    began = time.monotonic()
    if options.repository and options.export:
        source, reading = "history of an export", export_reading(options.repository, options.export)
    elif options.repository:
        source, reading = "history", read_tasks(options.repository, read_at=datetime.now(UTC))
    else:
        source, reading = "records", pack_reading(folder)
    read_s = time.monotonic() - began
    with (
        tempfile.TemporaryDirectory() as store,
        graphmem.open(
            str(Path(store) / "tasks.db"),
            create=True,
            embedder=lambda: EmbedderMissing("the questions are asked by words alone"),
        ) as memory,
    ):
        report = memory.ingest(reading)
        ingest_s = time.monotonic() - began - read_s
        print(f"{len(report.added)} added, {len(report.reworded)} reworded, {len(report.problems)} problems")
        answers = [judged(memory, question) for question in read_questions(folder / "questions.jsonl")]
    rows = [
        *figures(answers, source),
        Row(f"{source}: reading", read_s, "s", "lower"),
        Row(f"{source}: ingesting", ingest_s, "s", "lower"),
    ]
    show(rows)
    for answer in answers:
        if answer.question.id in looked_at(answers) and not answer.is_right:
            question = answer.question
            print(f"missed {question.id}: wanted {question.gold} {question.answer}, got {answer.answer}")
    write(f"tasks-{source.replace(' ', '-')}", rows)
    return 1 if any(row.is_met is False for row in rows) else 0


def export_reading(root: Path, path: str) -> Reading:
    """The tasks of a single export of a repository along its mainline, as `read_tasks` reads them."""
    mainline, history = find_mainline(root), ExportHistory()
    commits = mainline.commits(to_micros(datetime.now(UTC)))
    versions = list(file_versions(commits, lambda changed: changed == path))
    read = contents(root, blobs_of(versions), max_bytes=MAX_EXPORT_BYTES, at_once=_MANY)
    for version in versions:
        has_text = not version.is_deleted and version.is_regular
        history.take([(version, next(read)[1] if has_text else None)])
    return _reading(history.histories)


def pack_reading(folder: Path) -> Reading:
    """The tasks of the pack as a source that shows their titles, statuses and links at the times of the pack."""
    events = sorted(
        (event for record in json_lines(folder / "beads_issues.jsonl") for event in _events(record)),
        key=lambda event: event[0],
    )
    histories = TaskHistories()
    for position, (at, record) in enumerate(events):
        histories.see(record, TaskPoint(position, "pack", at, _PATH))
    return _reading(histories)


def _reading(histories: TaskHistories) -> Reading:
    lives = list(histories.lives.values())
    return Reading(
        tuple(EXPORTS.observations(lives)), tuple(EXPORTS.replacements(lives)), (), tuple(EXPORTS.links(lives))
    )


def _events(task: Json) -> Iterator[tuple[datetime, TaskRecord]]:
    """The task at every time at which its title, its status or its links change."""
    changes = [(day(change["date"]), single_line(change["new"])) for change in task["title_changes"]]
    first = single_line(task["title_changes"][0]["old"] if changes else task["title"])
    words = [(day(interval["from"]), interval["status"]) for interval in task["status_intervals"]]
    links = [(day(link["first_seen"]), _LINKS.get(link["type"]), link["on"]) for link in task["dependencies"]]
    for moment in sorted({at for at, _ in (*changes, *words)} | {at for at, _, _ in links}):
        titles = [title for at, title in changes if at <= moment]
        statuses = [word for at, word in words if at <= moment]
        yield (
            moment,
            TaskRecord(
                id=task["id"],
                title=titles[-1] if titles else first or task["id"],
                word=statuses[-1] if statuses else words[0][1],
                body=clipped(task["description"] or ""),
                created=task["created_at"],
                links=tuple(TaskLink(kind, on) for at, kind, on in links if at <= moment and kind is not None),
            ),
        )


def judged(memory: GraphMemory, question: Question) -> Judged:
    """Ask a question and judge the answer."""
    where = Filter(include_history=True)
    hits = memory.search(question.text, where=where, page=Page(limit=_MANY)).hits
    named = [hit.card for hit in hits if hit is hits[0] or _is_named_alike(hit, hits[0])]
    if not named:
        return Judged(question, "nothing", is_right=False, is_gold=False)
    if question.type == "blocked_by":
        found = blockers(memory, named[0].id)
        is_right = set(found) == set(question.gold)
        return Judged(question, f"{_subject(named[0])}: {found}", is_right, is_gold=is_right)
    card, word = word_at(memory, named, question.as_of or datetime.now(UTC))
    is_right = word == question.answer
    return Judged(question, f"{_subject(card)} {word}", is_right, is_gold=is_right and _subject(card) in question.gold)


def _is_named_alike(hit: Hit, first: Hit) -> bool:
    return hit.parts.get("name") is not None and hit.parts.get("name") == first.parts.get("name")


def _subject(card: Card) -> str:
    statement = card.memory.statement
    return (statement.subject if statement is not None else None) or ""


def blockers(memory: GraphMemory, memory_id: str) -> list[str]:
    """The subjects of the tasks that a task depends on."""
    related = memory.explain(memory_id).related
    targets = [link.memory.id for link in related if link.is_outgoing and link.kind is LinkKind.DEPENDS_ON]
    statements = [memory.get(target).memory.statement for target in targets]
    return [statement.subject or "" for statement in statements if statement is not None]


def word_at(memory: GraphMemory, named: Sequence[Card], as_of: datetime) -> tuple[Card, str | None]:
    """The task that is meant, and the last word of its source up to a time.

    A task is known by its id, the subject. Of several memories with one title, those are meant that have the last title
    of their id; an id may have named other tasks before. That an export lacks a task for a while is no word of it.
    """
    lanes = {card.id: memory.timeline(subject=_subject(card)).lanes for card in named if _subject(card)}
    last = [card for card in named if card.id in lanes and lanes[card.id][-1].card.id == card.id]
    meant = next(iter([*last, *named]))
    moves = [move for lane in lanes.get(meant.id, ()) for move in lane.moves if move.word not in {REMOVED, REUSED}]
    told = [move for move in moves if move.at <= as_of]
    return meant, max(reversed(told), key=lambda move: move.at).word if told else None


def looked_at(answers: Iterable[Judged]) -> frozenset[str]:
    """The ids of the half of the questions that was looked at."""
    ids = sorted(answer.question.id for answer in answers)
    return frozenset(random.Random(_SEED).sample(ids, len(ids) // 2))  # noqa: S311 - no secret


def figures(answers: Sequence[Judged], source: str) -> Iterator[Row]:
    """The share of right answers in each half, and by type in the reported half."""
    seen = looked_at(answers)
    looked, reported = (
        [answer for answer in answers if (answer.question.id in seen) is is_seen] for is_seen in (True, False)
    )
    yield Row(f"{source}: right, reported half", _share(reported), "share", "higher", GOAL)
    for kind in sorted({answer.question.type for answer in answers}):
        part = [answer for answer in reported if answer.question.type == kind]
        yield Row(f"{source}: right, reported half, {kind}", _share(part), "share", "higher")
    gold = [answer for answer in reported if answer.is_gold]
    yield Row(f"{source}: right of the same task, reported half", len(gold) / len(reported), "share", "higher")
    yield Row(f"{source}: right, half that was looked at", _share(looked), "share", "higher")


def _share(answers: Sequence[Judged]) -> float:
    return sum(answer.is_right for answer in answers) / len(answers) if answers else 0.0


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.truth.task_lives")
    parser.add_argument("--data", type=Path, default=data_folder())
    parser.add_argument("--repository", type=Path, help="a clone of the repository of the pack, read from its history")
    parser.add_argument(
        "--export", help="read only this file of the repository: the pack was made of .beads/issues.jsonl"
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
