"""Types of the parameters of verbs: a plain type with the limits and the description that every surface shows."""

from __future__ import annotations

from typing import Annotated

from graphmem.deferred_dataclass import dataclass
from graphmem.model import MAX_NAME_CHARS

MAX_POSITION = 2**53
"""Beyond what any ledger reaches, and within what every engine stores."""


@dataclass(frozen=True, slots=True)
class Text:
    """Limits of a text.

    Attributes:
        least: Characters at least.
        most: Characters at most.
        pattern: A regular expression that must be found in it.
        description: One sentence for the reader of a schema or of a command's help; empty if the parameter says enough.
        metavar: The word for it in a command's help; empty for the parameter's own name.
    """

    most: int
    least: int = 0
    pattern: str | None = None
    description: str = ""
    metavar: str = ""


@dataclass(frozen=True, slots=True)
class Number:
    """Limits of a number; `most` is None where only memory limits it."""

    least: int
    most: int | None = MAX_POSITION
    description: str = ""
    metavar: str = ""


MemoryRef = Annotated[
    str, Text(1_000, 1, description="A memory's id, an alias of it, or the beginning of its id.", metavar="ID")
]
"""A memory as callers name it."""

NewText = Annotated[str, Text(250_000, 1, r"\S", "A text whose first line is the title, the rest the body.")]
"""The words of a statement."""

BranchName = Annotated[str, Text(MAX_NAME_CHARS, 1, r"^[^\x00-\x1f\x7f:]+(:[1-9][0-9]{0,17})?$", "The branch.", "NAME")]
SessionName = Annotated[str, Text(200, description="The id of the conversation.", metavar="SESSION")]
ConflictId = Annotated[str, Text(100, 1, description="The id of an open conflict.", metavar="CONFLICT")]
RepositoryName = Annotated[
    str, Text(MAX_NAME_CHARS, 1, r"^[^\x00-\x1f\x7f]+$", "A repository, as graphmem init names it.", "REPO")
]
FolderPair = Annotated[
    str, Text(2 * MAX_NAME_CHARS + 1, 1, description="OLD:NEW, a folder of each.", metavar="OLD:NEW")
]
CommitName = Annotated[str, Text(MAX_NAME_CHARS, 1, description="A commit, tag or branch.", metavar="COMMIT")]
SourceWord = Annotated[str, Text(1_000, description="The source's own word for it.", metavar="WORD")]
PartName = Annotated[str, Text(20_000, description="The part that is replaced, such as 'retention'.", metavar="TEXT")]
Question = Annotated[str, Text(10_000, description="A question in plain words.")]
SubjectName = Annotated[str, Text(1_000, description="A subject, such as stack.database.", metavar="KEY")]
PathName = Annotated[str, Text(1_000, description="A file, folder/ or glob.", metavar="PATH")]
ComponentName = Annotated[str, Text(1_000, 1, description="A component or module, such as billing.", metavar="NAME")]
FileName = Annotated[str, Text(1_000, 1, description="A path that a file has or had.", metavar="PATH")]
DayText = Annotated[str, Text(10, 10, r"^\d{4}-\d{2}-\d{2}$", "A day, such as 2026-11-01.", "DAY")]
Position = Annotated[int, Number(0, description="A ledger position.", metavar="POSITION")]
ChangeNumber = Annotated[int, Number(1, description="A ledger position.")]
MoveNumber = Annotated[int, Number(1, 1_000, "A status move of an add, counted from 1.", "NUMBER")]
TaskText = Annotated[str, Text(20_000, description="What is to be done, in plain words; may be empty.", metavar="TASK")]
Budget = Annotated[int, Number(100, 50_000, "The most tokens of the answer.", "TOKENS")]
Chars = Annotated[int, Number(500, 1_000_000, "The most characters of the answer.", "NUMBER")]
Limit = Annotated[int, Number(1, None, "The most results to return.", "NUMBER")]
DiffText = Annotated[str, Text(20_000_000, description="A text.", metavar="TEXT")]
"""A diff, or a text with code."""
ShellCommand = Annotated[str, Text(20_000, description="A shell command.", metavar="COMMAND")]
ActorName = Annotated[str, Text(MAX_NAME_CHARS, 1, description="A person or a program that works.", metavar="ACTOR")]
DurationText = Annotated[str, Text(40, 1, description="A duration: 30m, 4h, 2d.", metavar="DURATION")]
NoteText = Annotated[str, Text(20_000, description="A note in a sentence or more.", metavar="TEXT")]
Share = Annotated[float, Number(0, 1)]
"""A number from 0 to 1."""
