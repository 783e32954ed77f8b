"""A search answer in few words, with what an agent should know of what was searched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from graphmem.answers import SearchAnswer, Sentence
from graphmem.mcp_server.arguments import SearchArguments
from graphmem.model import Scope
from graphmem.retrieval.briefs import BriefAnswer, briefs
from graphmem.retrieval.remarks import remarks
from graphmem.service import GraphMemory
from graphmem.service.lookup import MemoryLookup


@dataclass(frozen=True, slots=True)
class Searched:
    """From where was searched, and how many repositories the reader might have named if none was."""

    scope: Scope
    others: int


def answered(found: SearchAnswer, asked: SearchArguments, memory: GraphMemory, where: Searched) -> BriefAnswer:
    """The answer to a search in few words."""
    notes = tuple(_notes(found, asked, memory, where))
    return BriefAnswer(briefs(found, asked.query), found.at, found.mode, notes, found.weaker)


def _notes(found: SearchAnswer, asked: SearchArguments, memory: GraphMemory, where: Searched) -> Iterator[Sentence]:
    if not found.hits:
        yield Sentence.of(_nothing(found.weaker))
    yield from remarks(asked.query, found, MemoryLookup(memory, asked.at, where.scope))
    if where.others:
        yield Sentence.of(_org_wide(where.others))
    if found.note is not None:
        yield Sentence.of(f"Searched by words alone: {found.note}" if found.mode == "lexical" else found.note)
    if found.cursor is not None:
        yield Sentence.of(f"More than {len(found.hits)} answer: ask with a larger limit.")


def _nothing(weaker: int) -> str:
    if not weaker:
        return "Nothing is recorded about this."
    near, them = ("one memory is", "it") if weaker == 1 else (f"{weaker} memories are", "them")
    return f"Nothing is recorded about this; {near} only near it: min_relevance=0 shows {them}."


def _org_wide(count: int) -> str:
    """That no repository was searched; names of repositories are somebody's words, so they are only counted."""
    others = "one repository has" if count == 1 else f"{count} repositories have"
    return f"Only org-wide memories were searched; {others} more: name it with repo."
