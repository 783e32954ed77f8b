"""The brief form of a search answer for an agent, with notes about the search."""

from __future__ import annotations

from collections.abc import Iterator

from graphmem.answers import SearchAnswer, Sentence
from graphmem.mcp_server.tool_arguments import SearchArguments
from graphmem.retrieval.briefs import BriefAnswer, as_sentence, briefs
from graphmem.retrieval.remarks import org_wide


def answered(answer: SearchAnswer, arguments: SearchArguments, repo_count: int) -> BriefAnswer:
    """The brief form of a search answer.

    Args:
        answer: The full answer.
        arguments: The arguments of the search.
        repo_count: Number of repositories that the reader could have named; 0 if the search named a repository.
    """
    hits = briefs(answer, answer.read_as or arguments.query)
    return BriefAnswer(hits, answer.at, answer.mode, tuple(_notes(answer, repo_count)), answer.weaker)


def _notes(answer: SearchAnswer, repo_count: int) -> Iterator[Sentence]:
    if not answer.hits:
        yield Sentence.of(_nothing(answer.weaker))
    yield from map(as_sentence, answer.remarks)
    if repo_count:
        yield org_wide(repo_count)
    if answer.note is not None:
        yield Sentence.of(f"Searched by words alone: {answer.note}" if answer.mode == "lexical" else answer.note)
    if answer.cursor is not None:
        yield Sentence.of(f"More than {len(answer.hits)} answer: ask with a larger limit.")


def _nothing(weaker: int) -> str:
    if not weaker:
        return "Nothing is recorded about this."
    near, them = ("one memory is", "it") if weaker == 1 else (f"{weaker} memories are", "them")
    return f"Nothing is recorded about this; {near} only near it: min_relevance=0 shows {them}."
