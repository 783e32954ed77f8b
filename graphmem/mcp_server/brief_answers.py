"""A search answer in few words, with what an agent should know of what was searched."""

from __future__ import annotations

from collections.abc import Iterator

from graphmem.answers import SearchAnswer, Sentence
from graphmem.mcp_server.arguments import SearchArguments
from graphmem.model import Scope
from graphmem.retrieval.briefs import BriefAnswer, briefs
from graphmem.retrieval.remarks import remarks
from graphmem.service import GraphMemory
from graphmem.service.lookup import is_known


def answered(found: SearchAnswer, asked: SearchArguments, memory: GraphMemory, scope: Scope) -> BriefAnswer:
    """The answer to a search in few words.

    Args:
        found: What the search found.
        asked: What was asked.
        memory: Where was searched.
        scope: Where the reader stands.
    """
    notes = tuple(_notes(found, asked, memory, scope))
    return BriefAnswer(briefs(found, asked.query), found.at, found.mode, notes, found.weaker)


def _notes(found: SearchAnswer, asked: SearchArguments, memory: GraphMemory, scope: Scope) -> Iterator[Sentence]:
    if not found.hits:
        yield Sentence.of(_nothing(found.weaker))
    yield from remarks(asked.query, found, lambda key: is_known(memory, key, at=asked.at, scope=scope))
    if scope.repo is None and (repositories := memory.repositories(scope=scope)):
        yield Sentence.of(_org_wide(len(repositories)))
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
