"""Pages for people with the answers of verbs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphmem.cli import pages
from graphmem.cli.blocks import Block, Line, dim, line, strong
from graphmem.cli.claim_pages import claims_page
from graphmem.cli.file_pages import author_names, file_life_page
from graphmem.cli.phrases import nothing_line
from graphmem.cli.recall_pages import statistics_page
from graphmem.deferred_dataclass import dataclass
from graphmem.model import At

if TYPE_CHECKING:
    from graphmem.service import GraphMemory
    from graphmem.store import Filter

#: The blocks of a page for a width in cells.
Page = Callable[[int], Iterable[Block]]


@dataclass(frozen=True, slots=True)
class Result:
    """The answer of a verb.

    Attributes:
        memory: The memory that answered, still open.
        answer: The value that the verb returned.
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


def no_answers(memory: GraphMemory, where: Filter, *, is_empty: bool) -> Line:
    """Return the line for an answer without memories."""
    scope = memory.scope
    repositories = memory.repositories() if is_empty and scope.repo is None else ()
    return nothing_line(scope, repositories, is_history=where.include_history)


def _list(result: Result) -> Page:
    is_empty = not result.answer.cards and not result.as_json
    nothing = no_answers(result.memory, result.values["where"], is_empty=is_empty)
    return lambda _: pages.listing_page(result.answer, result.at, nothing)


def _proposals(result: Result) -> Page:
    return lambda _: pages.proposals_page(result.answer, result.at)


def _history(result: Result) -> Page:
    return lambda width: pages.history_page(result.answer, result.at, width)


def _timeline(result: Result) -> Page:
    return lambda width: pages.timeline_page(result.answer, result.at, width)


def _file_life(result: Result) -> Page:
    names = author_names(Path.cwd(), result.answer)
    return lambda _: file_life_page(result.answer, result.at, names)


def _conflicts(result: Result) -> Page:
    return lambda width: pages.conflicts_page(result.answer, result.at, width)


def _explain(result: Result) -> Page:
    return lambda _: pages.explanation_page(result.answer, result.at)


def _repositories(result: Result) -> Page:
    def blocks(_: int) -> Iterator[Block]:
        yield from map(line, result.answer or ["No repositories."])

    return blocks


def _branches(result: Result) -> Page:
    def blocks(_: int) -> Iterator[Block]:
        for branch in result.answer:
            closed = "" if branch.closed is None else f", closed by change {branch.closed}"
            opened = f"  opened on {branch.opened_at.date()} as {branch.branch}{closed}"
            yield line(f"{branch.state.value:9} ", strong(branch.name), dim(opened))
        if not result.answer:
            yield line("No branches.")

    return blocks


def _claims(result: Result) -> Page:
    return lambda _: claims_page(result.answer)


def _stats(result: Result) -> Page:
    return lambda _: statistics_page(result.answer, result.at)


def json_page(document: object) -> Page:
    """Return the page of an answer without a page of its own: its JSON."""
    from graphmem.wire.json_documents import as_json

    return lambda _: map(line, as_json(document).splitlines())


#: The page of each verb by its name.
PAGES: Mapping[str, Callable[[Result], Page]] = {
    "list": _list,
    "proposals": _proposals,
    "history": _history,
    "timeline": _timeline,
    "file_life": _file_life,
    "conflicts": _conflicts,
    "explain": _explain,
    "repositories": _repositories,
    "claims": _claims,
    "stats": _stats,
    "branches": _branches,
}
