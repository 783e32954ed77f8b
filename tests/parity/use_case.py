"""What a use case is: a verb with its arguments in the written form, and what every surface must say to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

#: In place of a cursor: the one that the library gives after the same question's first answer.
NEXT = "the cursor of the first page"


class Surface(StrEnum):
    """Where a use case can be asked for."""

    LIBRARY = "library"
    CLI = "cli"
    HTTP = "http"
    CLIENT = "client"
    MCP = "mcp"


@dataclass(frozen=True, slots=True, kw_only=True)
class UseCase:
    """One row of the table.

    Attributes:
        asked: The verb's arguments by the names of `GraphMemory`, as JSON would carry them.
        told: Parts of the answer by their path, such as `hits.0.card.id`; worked out by hand.
        code: Of the error, if it is refused; `heads` are those of a conflict.
        before: Verbs with arguments that the library carries out first.
        lacks: Surfaces that have the verb but no words for these arguments, each with what it lacks.
        is_empty: Of a store without a memory.
        has_model: With an embedding model installed.
    """

    name: str
    verb: str
    asked: Mapping[str, Any] = field(default_factory=dict)
    told: Mapping[str, Any] = field(default_factory=dict)
    code: str | None = None
    heads: tuple[str, ...] = ()
    before: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    lacks: Mapping[Surface, str] = field(default_factory=dict)
    is_empty: bool = False
    has_model: bool = False

    def __str__(self) -> str:
        return f"{self.verb}: {self.name}"


class Refused(Exception):
    """A surface told of an error; the same whatever its own way to tell it."""

    def __init__(self, code: str, heads: tuple[str, ...], message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.heads = heads


def at_path(answer: Any, path: str) -> Any:  # noqa: ANN401 - JSON
    """The part of an answer that a path names; `#` is the length of a list."""
    for step in path.split("."):
        place = int(step) if step.isdecimal() else step
        answer = len(answer) if step == "#" else answer[place]
    return answer
