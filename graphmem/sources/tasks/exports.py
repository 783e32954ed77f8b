"""Exports of issue trackers that are given by path, without a history: beads, and issues of GitHub."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from graphmem.model import Move, Origin, Status, instant
from graphmem.sources.limited_files import limited_content
from graphmem.sources.observations import Observation, Problem, Reading
from graphmem.sources.tasks.beads_lines import beads_record, times_of
from graphmem.sources.tasks.export_history import MAX_EXPORT_BYTES
from graphmem.sources.tasks.github_issues import github_issue, is_github_issue, is_pull_request, moment
from graphmem.sources.tasks.histories import TaskLife, TaskPoint, TaskWords
from graphmem.sources.tasks.json_values import Unreadable, json_value
from graphmem.sources.tasks.observed_tasks import TaskSource
from graphmem.sources.tasks.problems import limited
from graphmem.sources.tasks.records import TaskRecord
from graphmem.sources.tasks.statuses import status_of

BEADS = TaskSource("beads:", Origin.DOCUMENT)
GITHUB = TaskSource("github:", Origin.EXTERNAL)


def read_task_export(path: Path, *, read_at: datetime) -> Reading:
    """The tasks in an export of beads (JSON lines) or of GitHub (a JSON array or JSON lines), with their present words.

    A task is active since its creation and ends when it was closed, in the word of the tracker. What only a history
    tells, such as earlier titles, is left out; a later export adds it. Issues of GitHub are of external origin, since
    anybody can open one; pull requests among them are left out.

    Args:
        path: The file.
        read_at: The time of reading: no task begins or ends later.

    Returns:
        One observation for each task. `passed_over` names the file if it has neither form.

    Raises:
        InvalidInput: The file is too large, or cannot be read.
        NotFound: There is no file.
    """
    content = limited_content(path, MAX_EXPORT_BYTES, "export it in parts")
    values = _array(content)
    if values is not None and any(map(is_github_issue, values)):
        return _github(values, path.name, instant(read_at))
    return _beads(content, path.name, instant(read_at))


def _array(content: bytes) -> list[object] | None:
    """The values of a JSON array, or of lines of JSON with issues of GitHub; None for other texts."""
    try:
        value = json_value(content)
    except Unreadable:
        lines = [line for line in content.splitlines() if line.strip()]
        try:
            return [json_value(line) for line in lines]
        except Unreadable:
            return None
    return value if isinstance(value, list) else [value]


def _github(values: list[object], name: str, read_at: datetime) -> Reading:
    lives: list[TaskLife] = []
    problems: list[Problem] = []
    for number, value in enumerate(values, start=1):
        if is_pull_request(value):
            continue
        try:
            issue = github_issue(value)
        except Unreadable as fault:
            problems.append(Problem(name, number, f"item {number}: {fault}"))
        else:
            lives.append(_life(issue.record, list(issue.moves), TaskPoint(0, "", read_at, name, number)))
    return _reading(GITHUB, lives, problems)


def _beads(content: bytes, name: str, read_at: datetime) -> Reading:
    lives: dict[str, TaskLife] = {}
    problems: list[Problem] = []
    for number, line in enumerate(content.split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            record = beads_record(line)
        except Unreadable as fault:
            problems.append(Problem(name, number, str(fault)))
        else:
            moves = list(_beads_moves(record, line, read_at))
            lives[record.id] = _life(record, moves, TaskPoint(0, "", read_at, name, number))
    reading = _reading(BEADS, list(lives.values()), problems)
    return reading if lives else Reading((), (), reading.problems, passed_over=(name,))


def _beads_moves(record: TaskRecord, line: bytes, read_at: datetime) -> Iterator[Move]:
    created, closed = (moment(value) for value in times_of(line))
    start = created or read_at
    status = status_of(record.word)
    if status is Status.ENDED:
        yield Move(Status.ACTIVE, start, 0, "open")
        yield Move(status, max(closed or read_at, start), 1, record.word)
    else:
        yield Move(status, start, 0, record.word)


def _life(record: TaskRecord, moves: list[Move], point: TaskPoint) -> TaskLife:
    shown = [Move(move.status, min(move.at, point.at), move.ordinal, move.source_word) for move in moves]
    return TaskLife(record, [TaskWords(record, point, shown)], dict.fromkeys(record.links, point), 0)


def _reading(source: TaskSource, lives: list[TaskLife], problems: list[Problem]) -> Reading:
    observations = source.observations(lives)
    is_open = [life.moves[-1].status is not Status.ENDED for life in lives]
    present = [
        _present(observation, life) if is_so else observation
        for observation, life, is_so in zip(observations, lives, is_open, strict=True)
    ]
    states = [
        _state(observation, life)
        for observation, life, is_so in zip(observations, lives, is_open, strict=True)
        if is_so
    ]
    return Reading(
        (*present, *states),
        tuple(source.replacements(lives)),
        limited(problems),
        tuple(source.links(lives)),
    )


def _present(observation: Observation, life: TaskLife) -> Observation:
    """Other words of an open task count from the time of reading, since the export does not date them."""
    return replace(observation, is_history=False, is_present=True, changed_at=life.versions[-1].point.at)


def _state(observation: Observation, life: TaskLife) -> Observation:
    """An open task that was closed before is open again."""
    last = life.moves[-1]
    move = Move(last.status, life.versions[-1].point.at, 0, last.source_word)
    return replace(observation, is_history=False, is_state=True, moves=(move,))
