"""Commands that read with more options than their verb: search, show, diff and changes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

import click

from graphmem.cli import pages
from graphmem.cli.blocks import Line, Look, Span, dim, line
from graphmem.cli.options import Call, choice_of, filter_options, page_options, point_options, scope_options
from graphmem.cli.output import give, progress
from graphmem.cli.phrases import org_wide_line, weaker_line
from graphmem.cli.verb_pages import no_answers
from graphmem.errors import NotFound
from graphmem.model import At
from graphmem.retrieval.request import Sort
from graphmem.verbs import VERBS
from graphmem.wire.envelopes import CardAnswer, Changes
from graphmem.wire.times import read_as_of, read_known_at

if TYPE_CHECKING:
    from graphmem.answers import SearchAnswer
    from graphmem.model import Change
    from graphmem.service import GraphMemory
    from graphmem.store import Filter, Page


@click.command()
@click.argument("question", nargs=-1, required=True)
@filter_options
@click.option(
    "--sort", type=choice_of(Sort), default=Sort.RELEVANCE.value, show_default=True, help="Order of the answers."
)
@click.option("--all", "shows_all", is_flag=True, help="Include weak matches.")
@page_options(VERBS["search"].page_limit)
@point_options
@scope_options
def search(  # noqa: PLR0913 - a parameter for each option
    *, call: Call, question: tuple[str, ...], where: Filter, sort: str, shows_all: bool, page: Page, at: At
) -> None:
    """Answer a QUESTION in plain words with the memories in force at a point in time.

    A match that was superseded leads to its successor: a question worded like a replaced decision finds the new one.
    """
    min_relevance, text = 0.0 if shows_all else None, " ".join(question)
    with call.open() as memory:
        answer = memory.search(text, at=at, where=where, sort=Sort(sort), page=page, min_relevance=min_relevance)
        notes = [] if call.as_json else list(_notes(memory, answer, where))
    give(call, answer, lambda _: pages.search_page(answer, answer.read_as or text, at, notes))


def _notes(memory: GraphMemory, answer: SearchAnswer, where: Filter) -> Iterator[Line]:
    """Yield remarks on the question and on the scope of the search."""
    if not answer.hits:
        yield weaker_line(answer.weaker) if answer.weaker else no_answers(memory, where, is_empty=True)
    elif memory.scope.repo is None and (repositories := memory.repositories()):
        yield org_wide_line(len(repositories))
    for remark in answer.remarks:
        yield line(remark)


@click.command()
@click.argument("key", metavar="ID")
@point_options
@scope_options
def show(*, call: Call, key: str, at: At) -> None:
    """Show the memory ID at a point in time, with its full text."""
    with call.open() as memory:
        answer = memory.history(key, at=at)
    give(call, CardAnswer(answer.card, answer.at), lambda _: pages.card_page(answer, at))


@click.command()
@click.argument("start", metavar="[FROM]", type=read_as_of, required=False)
@click.argument("end", metavar="[TO]", type=read_as_of, required=False)
@click.option(
    "--known-from",
    type=read_known_at,
    metavar="TIME|POSITION|COMMIT",
    help="The first point's known_at. [default: latest]",
)
@click.option(
    "--known-to",
    type=read_known_at,
    metavar="TIME|POSITION|COMMIT",
    help="The second point's known_at. [default: latest]",
)
@filter_options
@scope_options
def diff(
    *,
    call: Call,
    start: datetime | str | None,
    end: datetime | str | None,
    where: Filter,
    **bounds: datetime | int | str | None,
) -> None:
    """Show the memories whose state differs between FROM and TO.

    FROM and TO are valid times, commits, tags or branches, by default now. --known-from 30 alone shows the changes
    recorded after change 30.
    """
    with call.open() as memory:
        answer = memory.diff(At(start, bounds["known_from"]), At(end, bounds["known_to"]), where=where)
    give(call, answer, lambda _: pages.diff_page(answer))


@click.command()
@click.option(
    "--after", type=click.IntRange(0), default=0, show_default=True, help="Only entries after this ledger position."
)
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="Largest number of entries.")
@click.option("--source", metavar="TEXT", help="Only entries of this source, as named in the ingest or import.")
@click.option("--revoke", is_flag=True, help="Undo all entries of --source; the ledger keeps both.")
@scope_options
def changes(*, call: Call, after: int, limit: int, source: str | None, revoke: bool) -> None:
    """List the ledger's entries: each write with its author, time and reason.

    With --source and --revoke an ingest or import is undone as a whole: its memories are retracted, its other changes
    are revoked.
    """
    if revoke and (not source or after):
        raise click.UsageError("--revoke needs --source and excludes --after: it undoes all entries of a source")
    with call.open() as memory:
        if revoke and source:
            _revoke_all(call, memory, source)
            return
        entries = _of_source(memory, source, after, limit) if source else memory.changes(after=after, limit=limit)
    give(call, Changes(tuple(entries)), lambda _: [pages.changes_table(entries)])


def _of_source(memory: GraphMemory, source: str, after: int, limit: int) -> list[Change]:
    from graphmem.cli.source_reversal import entries, is_from

    return list(islice((entry for entry in entries(memory) if entry.seq > after and is_from(entry, source)), limit))


def _revoke_all(call: Call, memory: GraphMemory, source: str) -> None:
    from graphmem.cli.source_reversal import undo_source
    from graphmem.service import Write

    with progress("revoke") as tell:
        done = undo_source(memory, source, write=Write(reason=f"undoing {source}"), progress=tell)
    if not (done.retracted or done.revoked or done.restored or done.problems):
        raise NotFound(f"source {source!r} has no entry left to undo; `graphmem changes` lists the sources")
    counts = {"retracted": len(done.retracted), "revoked": len(done.revoked), "restored": len(done.restored)}
    summary = line(" · ".join(f"{count} {word}" for word, count in counts.items() if count) or "nothing undone")
    problems = [line(Span("problem ", Look.WARN), f"change {seq}", dim(f" {why}")) for seq, why in done.problems]
    give(call, done, lambda _: [summary, *problems])
