"""A search answer in few words, with what an agent should know of what was searched."""

from __future__ import annotations

from collections.abc import Iterator

from graphmem.answers import SearchAnswer, Sentence
from graphmem.mcp_server.tool_arguments import SearchArguments
from graphmem.retrieval.briefs import BriefAnswer, briefs, known
from graphmem.retrieval.remarks import org_wide


def answered(found: SearchAnswer, asked: SearchArguments, others: int) -> BriefAnswer:
    """The answer to a search in few words.

    Args:
        found: The whole answer.
        asked: The arguments of the search.
        others: How many repositories the reader might have named if none was.
    """
    told = briefs(found, found.read_as or asked.query)
    return BriefAnswer(told, found.at, found.mode, tuple(_notes(found, others)), found.weaker)


def _notes(found: SearchAnswer, others: int) -> Iterator[Sentence]:
    if not found.hits:
        yield Sentence.of(_nothing(found.weaker))
    yield from map(known, found.remarks)
    if others:
        yield org_wide(others)
    if found.note is not None:
        yield Sentence.of(f"Searched by words alone: {found.note}" if found.mode == "lexical" else found.note)
    if found.cursor is not None:
        yield Sentence.of(f"More than {len(found.hits)} answer: ask with a larger limit.")


def _nothing(weaker: int) -> str:
    if not weaker:
        return "Nothing is recorded about this."
    near, them = ("one memory is", "it") if weaker == 1 else (f"{weaker} memories are", "them")
    return f"Nothing is recorded about this; {near} only near it: min_relevance=0 shows {them}."
