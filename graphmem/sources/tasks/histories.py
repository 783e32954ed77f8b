"""The lives of tasks along a mainline: their words, their moves, and the ids that they had."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime

from graphmem.deferred_dataclass import dataclass
from graphmem.model import Move, Status
from graphmem.sources.comparison import is_similar_title
from graphmem.sources.tasks.records import TaskLink, TaskRecord
from graphmem.sources.tasks.statuses import status_of

#: Tasks of a source that are read; later ones are left out.
MAX_TASKS = 100_000
#: Source word of the end of a task that its source no longer has.
REMOVED = "removed"
#: Source word of the end of a task whose id the source gave to another task.
REUSED = "its id names another task"


@dataclass(frozen=True, slots=True)
class TaskPoint:
    """Where and when a task was read: a commit of the mainline and its effective time, a file and a line."""

    position: int
    sha: str
    at: datetime
    path: str = ""
    line: int = 1


@dataclass(slots=True)
class TaskWords:
    """A task while it had the same title and body.

    Attributes:
        record: The task when it got these words.
        point: Where they were read first.
        moves: Its moves while it had them.
    """

    record: TaskRecord
    point: TaskPoint
    moves: list[Move]

    def is_before(self, record: TaskRecord, *, is_active: bool) -> bool:
        """True if a task has other words now. The body counts while it is active: an edit after its end says little."""
        return self.record.title != record.title or (is_active and self.record.body != record.body)


@dataclass(slots=True)
class TaskLife:
    """A task under one id.

    Attributes:
        record: The task as it was seen last.
        versions: Its words in the order of time.
        links: Every link that it had, with the point at which it was first seen.
        touched: Position of the last commit that changed the life.
        successor: The id under which its source has the task since a time.
    """

    record: TaskRecord
    versions: list[TaskWords]
    links: dict[TaskLink, TaskPoint]
    touched: int
    is_present: bool = True
    successor: tuple[str, TaskPoint] | None = None

    @property
    def moves(self) -> list[Move]:
        """The moves of its last words."""
        return self.versions[-1].moves


@dataclass(slots=True)
class TaskHistories:
    """The lives of the tasks of a source, which grow commit by commit.

    Attributes:
        full_at: Position of the first commit of which a task was left out, since there were `MAX_TASKS` already.
    """

    lives: dict[str, TaskLife] = field(default_factory=dict)
    full_at: int | None = None
    _ids: dict[tuple[str, str], str] = field(default_factory=dict)

    def see(self, record: TaskRecord, point: TaskPoint) -> None:
        """Take in a task as a commit has it; seeing an unchanged task changes nothing."""
        life = self.lives.get(record.id)
        if life is None and len(self.lives) >= MAX_TASKS:
            self.full_at = point.position if self.full_at is None else self.full_at
            return
        if life is None:
            first = TaskWords(record, point, [_move(record.word, point)])
            life = self.lives[record.id] = TaskLife(record, [first], {}, point.position)
        else:
            self._return(life, point)
            self._update(life, record, point)
        for link in record.links:
            if link not in life.links:
                life.links[link] = point
                life.touched = point.position
        life.record, life.is_present = record, True
        if record.created:
            self._ids[record.title, record.created] = record.id

    def lose(self, task_id: str, point: TaskPoint, word: str = REMOVED) -> None:
        """Take in that a commit removed a task. It goes on under another id if that has its title and creation time."""
        life = self.lives.get(task_id)
        if life is None or not life.is_present:
            return
        life.is_present, life.touched = False, point.position
        other = self._ids.get((life.record.title, life.record.created))
        successor = self.lives.get(other) if other is not None and other != task_id else None
        if other is not None and successor is not None and successor.is_present:
            life.successor = (other, point)
            if successor.moves[-1].status is Status.ACTIVE:
                return
        _end(life, point, word)

    def _return(self, life: TaskLife, point: TaskPoint) -> None:
        """A task that went on under another id is there again: the other id was another task."""
        if not life.is_present and life.successor is not None:
            _, lost = life.successor
            life.successor, life.touched = None, point.position
            _end(life, lost, REMOVED)

    def _update(self, life: TaskLife, record: TaskRecord, point: TaskPoint) -> None:
        move, last = _move(record.word, point), life.moves[-1]
        is_moved = (move.status, move.source_word) != (last.status, last.source_word)
        is_reworded = life.versions[-1].is_before(record, is_active=move.status is Status.ACTIVE)
        if not (is_moved or is_reworded):
            return
        life.touched = point.position
        if last.at == point.at and not is_reworded:
            life.moves[-1] = move
        elif is_reworded and life.versions[-1].point.at < point.at:
            if not is_similar_title(life.versions[-1].record.title, record.title):
                _end(life, point, REUSED)
            life.versions.append(TaskWords(record, point, [move]))
        elif is_reworded:
            life.versions[-1] = TaskWords(record, life.versions[-1].point, [move])
        else:
            life.moves.append(move)


def _move(word: str, point: TaskPoint) -> Move:
    return Move(status_of(word), point.at, 0, word)


def _end(life: TaskLife, point: TaskPoint, word: str) -> None:
    if life.moves[-1].status is not Status.ENDED:
        life.moves.append(Move(Status.ENDED, point.at, 0, word))
