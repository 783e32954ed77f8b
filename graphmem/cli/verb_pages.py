"""Pages for people with the answers of verbs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graphmem.cli import pages
from graphmem.cli.blocks import Block, Line, line
from graphmem.cli.wording import nothing_line
from graphmem.errors import NotFound
from graphmem.model import At, Point

if TYPE_CHECKING:
    from graphmem.answers import Card
    from graphmem.service import GraphMemory
    from graphmem.store import Filter

#: The blocks of a page for a width in cells.
Page = Callable[[int], Iterable[Block]]


@dataclass(frozen=True, slots=True)
class Result:
    """The answer of a verb.

    Attributes:
        memory: The memory that answered, still open.
        answer: What the verb returned.
        values: The arguments of the verb.
        as_json: The answer is written as JSON, and the page is not needed.
    """

    memory: GraphMemory
    answer: Any
    values: Mapping[str, Any]
    as_json: bool

    @property
    def at(self) -> At:
        """The requested point in time."""
        at: At = self.values["at"]
        return at


def cards_of(memory: GraphMemory, ids: Iterable[str], point: Point) -> dict[str, Card]:
    """Return the memories with these ids at the answer's point, without those that the reader cannot see."""
    at, cards = At(point.valid, point.seq), {}
    for memory_id in dict.fromkeys(ids):
        try:
            cards[memory_id] = memory.get(memory_id, at=at)
        except NotFound:
            continue
    return cards


def no_answers(memory: GraphMemory, where: Filter, *, is_empty: bool) -> Line:
    """Return the line for an answer without memories."""
    scope = memory.scope
    repositories = memory.repositories() if is_empty and scope.repo is None else ()
    return nothing_line(scope, repositories, is_history=where.include_history)


def _list(result: Result) -> Page:
    is_empty = not result.answer.cards and not result.as_json
    nothing = no_answers(result.memory, result.values["where"], is_empty=is_empty)
    return lambda _: pages.listing_page(result.answer, result.at, nothing)


def _history(result: Result) -> Page:
    return lambda width: pages.history_page(result.answer, result.at, width)


def _timeline(result: Result) -> Page:
    return lambda width: pages.timeline_page(result.answer, result.at, width)


def _conflicts(result: Result) -> Page:
    return lambda width: pages.conflicts_page(result.answer, result.at, width)


def _explain(result: Result) -> Page:
    answer = result.answer
    ids = [relation.memory for hit in answer.resolves_to for relation in hit.relations]
    ids += [claim.memory for claim in answer.contested]
    cards = {} if result.as_json else cards_of(result.memory, ids, answer.at)
    return lambda _: pages.explanation_page(answer, result.at, cards)


def _repositories(result: Result) -> Page:
    def blocks(_: int) -> Iterator[Block]:
        yield from map(line, result.answer or ["No repositories."])

    return blocks


def json_page(document: object) -> Page:
    """Return the page of an answer without a page of its own: its JSON."""
    from graphmem.wire.documents import as_json

    return lambda _: map(line, as_json(document).splitlines())


#: The page of each verb by its name.
PAGES: Mapping[str, Callable[[Result], Page]] = {
    "list": _list,
    "history": _history,
    "timeline": _timeline,
    "conflicts": _conflicts,
    "explain": _explain,
    "repositories": _repositories,
}
