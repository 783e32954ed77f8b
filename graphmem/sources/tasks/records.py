"""Tasks as their sources show them at a time, with their links."""

from __future__ import annotations

from enum import StrEnum

from graphmem.deferred_dataclass import dataclass
from graphmem.model import Kind

MAX_LABELS = 20
MAX_LINKS = 200
MAX_ID_CHARS = 200


class TaskLinkKind(StrEnum):
    """The links between tasks that are read; others, such as "related", are left out."""

    DEPENDS_ON = "depends on"
    PART_OF = "part of"
    DUPLICATES = "duplicates"
    SUPERSEDES = "supersedes"


@dataclass(frozen=True, slots=True)
class TaskLink:
    """A link to another task of the same source, by its id."""

    kind: TaskLinkKind
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRecord:
    """A task as its source shows it at a time.

    Attributes:
        id: The id that the source uses.
        word: The status in the words of the source.
        created: The creation time as the source writes it; with the title it identifies a task under another id.
        files: Paths of the files that the task is about.
    """

    id: str
    title: str
    word: str
    body: str = ""
    kind: Kind = Kind.TASK
    created: str = ""
    labels: tuple[str, ...] = ()
    links: tuple[TaskLink, ...] = ()
    files: tuple[str, ...] = ()
