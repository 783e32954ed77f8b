"""The part of the demo that follows an agent through a task: the block, the warning, the exception, the new block."""

from __future__ import annotations

from collections.abc import Generator, Iterator

import graphmem
from graphmem import GraphMemory, Kind, LinkKind, Scope, Statement, Write
from graphmem.briefing.block import SectionName
from graphmem.cli.blocks import Block, Box, Line, Look, dim, line, strong
from graphmem.cli.guard_pages import guard_page
from graphmem.demo import invoices
from graphmem.retrieval.embedder import EmbedderMissing
from graphmem.service.guard_answers import FileEdit, GuardAnswer

_SCOPE = Scope(repo=invoices.REPO, user=invoices.DEVELOPER)
_SHARED = Scope(repo=invoices.REPO)
_PATH = invoices.PATHS[0]
_REASON = "the old billing service sends marshmallow's dumps until it is gone"
_SUCCESSOR = "Requests are validated with msgspec structs"
_DEPENDENT = "Errors name the fields as pydantic does"


def open_project(url: str) -> GraphMemory:
    """Open a new memory for the project; it compares words alone, so that its answers are the same everywhere."""
    return graphmem.open(
        url,
        scope=_SHARED,
        actor=invoices.DEVELOPER,
        embedder=lambda: EmbedderMissing("this memory compares words alone"),
        create=True,
    )


def loop_lines(memory: GraphMemory) -> Iterator[Block]:
    """The section of the page; it records a decision, an exception and a successor in the memory."""
    invoices.record_project(memory)
    yield line(strong("An agent's task"), f": “{invoices.TASK}”, in a project that remembers (a memory of its own)")
    yield line()
    yield from _decide(memory)
    seen = yield from _block(memory)
    answer = _guard(memory)
    yield from _step("3", f"The agent is about to write into {_PATH}. Guard warns before it lands")
    yield line(f"+ {invoices.EDIT.strip()}", indent=3)
    yield from _indented(guard_page(answer))
    yield line()
    yield from _allow(memory, answer)
    yield from _changes(memory, seen)
    yield from _supersede(memory)


def _step(number: str, words: str) -> Iterator[Line]:
    yield line(strong(f"{number}  {words}"))


def _decide(memory: GraphMemory) -> Iterator[Line]:
    option = invoices.DECISION.alternatives[0]
    invoices.record_decision(memory)
    yield from _step("1", "A decision is recorded, with what it rejected and the package that shows its return")
    yield line(f"{invoices.DECISION.title}  ", dim(f"not {option.name}: {option.reason} ({option.keys[0]})"), indent=3)
    yield line()


def _block(memory: GraphMemory) -> Generator[Block, None, int]:
    block = memory.context(invoices.TASK, invoices.PATHS, scope=_SCOPE)
    yield from _step("2", f"What an agent gets before the task, unasked, in {block.tokens} tokens")
    yield Box(f'graphmem context "{invoices.TASK}" --path {_PATH}', _markdown(block.markdown), Look.GOOD)
    yield line()
    return block.at.seq


def _guard(memory: GraphMemory) -> GuardAnswer:
    return memory.guard(edits=[FileEdit(_PATH, after=invoices.EDIT)], scope=_SCOPE)


def _allow(memory: GraphMemory, answer: GuardAnswer) -> Iterator[Block]:
    memory.allow(answer.findings[0].memory.id, path=_PATH, write=Write(scope=_SHARED, reason=_REASON))
    yield from _step(
        "4", "It is meant this time: the exception becomes a decision, which guard names and the block tells"
    )
    yield from _indented(guard_page(_guard(memory)))
    yield line()


def _changes(memory: GraphMemory, seen: int) -> Iterator[Block]:
    block = memory.context(invoices.TASK, invoices.PATHS, scope=_SCOPE, since=seen)
    yield Box(f"graphmem context … --since {seen}", _markdown(block.markdown), Look.GOOD)
    yield line()


def _supersede(memory: GraphMemory) -> Iterator[Block]:
    write, decision = Write(scope=_SHARED), invoices.DECISION_ID
    (dependent,) = memory.add(Statement(title=_DEPENDENT, kind=Kind.CONVENTION), write=write, on_similar=None).ids
    memory.link(dependent, decision, LinkKind.DEPENDS_ON, write=write)
    memory.supersede(decision, Statement(title=_SUCCESSOR, kind=Kind.DECISION), write=write)
    block = memory.context(invoices.TASK, invoices.PATHS, scope=_SCOPE)
    _, heading, suspect = block.markdown.partition(f"## {SectionName.BEWARE.capitalize()}")
    yield from _step("5", "The decision is superseded; a convention depends on it, and the block says so")
    yield Box("graphmem context …, its last section", _markdown(heading + suspect), Look.GOOD)
    yield line()


def _markdown(text: str) -> tuple[Line, ...]:
    return tuple(line(row) for row in text.splitlines())


def _indented(lines: Iterator[Line]) -> Iterator[Line]:
    for each in lines:
        yield Line(each.spans, each.indent + 3)
