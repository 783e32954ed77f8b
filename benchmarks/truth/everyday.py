"""The readers of everyday questions: over the packs' decision records, and over short facts of four projects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.truth.packs import Declared, Json, Pack, Question, Record, Told, day, json_lines, read_questions
from graphmem.model import Alternative, Anchor, AnchorKind, Kind, Origin, Outcome, Statement, Status

NONE = "none"
FACTS = "F"
_FOLDER = "everyday"
_RECORDS: Mapping[str, str] = {"A": "peps", "B": "keps", "C": "adrs"}


@dataclass(frozen=True, slots=True)
class Task:
    """Something to be done, and which memories govern it; `must` are those that it would be wrong to miss."""

    id: str
    text: str
    paths: tuple[str, ...]
    gold: tuple[str, ...]
    must: tuple[str, ...]
    repo: str


def questions_over(data: Path, letter: str) -> tuple[Question, ...]:
    """The everyday questions over the records of a pack; none if there are none."""
    name = _RECORDS.get(letter)
    return () if name is None else read_questions(data / _FOLDER / "records" / f"{name}.jsonl")


def read_facts(data: Path) -> Iterable[tuple[Pack, tuple[Task, ...]]]:
    """Each project's facts with its questions, and its tasks."""
    for path in sorted((data / _FOLDER / "facts").glob("*/memories.jsonl")):
        yield _facts(path.parent), tuple(_tasks(path.parent))


def _facts(folder: Path) -> Pack:
    repo = _repo(folder)
    lines = list(json_lines(folder / "memories.jsonl"))
    starts = {one["id"]: day(one["start"]) for one in lines}
    records = tuple(_record(one, repo) for one in lines)
    declared = tuple(
        Declared(one["id"], new, at, at)
        for one in lines
        for new in one["superseded_by"]
        for at in [max(day(one["end"] or one["start"]), starts[new])]
    )
    questions = tuple(replace(one, repo=repo) for one in read_questions(folder / "questions.jsonl"))
    return Pack(FACTS, folder.name, records, declared, questions)


def _record(one: Json, repo: str) -> Record:
    """What the organisation says lives above the repository; what overrules it has its subject, and is nearer."""
    start = day(one["start"])
    told = [Told(Status.ACTIVE, None, start, start)]
    if one["end"] and not one["superseded_by"]:
        told.append(Told(Status.ENDED, None, day(one["end"]), day(one["end"])))
    paths = [path.strip("/") for path in one["paths"] if "*" not in path]
    options = [(each["name"], each.get("outcome"), each["reason"]) for each in one["alternatives"]]
    statement = Statement(
        title=one["title"],
        body=one.get("body") or "",
        kind=Kind(one["kind"]),
        origin=Origin.DOCUMENT,
        subject=one.get("subject"),
        labels=tuple(one["labels"]),
        anchors=tuple(Anchor(AnchorKind.FILE, path, repo) for path in paths if path),
        alternatives=tuple(
            Alternative(name, Outcome(outcome) if outcome else Outcome.REJECTED, reason or "")
            for name, outcome, reason in options
        ),
    )
    return Record(one["id"], statement, tuple(told), repo if one["scope"] == "repo" else None)


def _tasks(folder: Path) -> Iterable[Task]:
    for one in json_lines(folder / "tasks.jsonl"):
        yield Task(one["tid"], one["task"], tuple(one["paths"]), tuple(one["gold"]), tuple(one["must"]), _repo(folder))


def _repo(folder: Path) -> str:
    return folder.name.replace("__", "/")
