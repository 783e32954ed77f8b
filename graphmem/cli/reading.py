"""Commands that ask and take more than their verb does: search, show, diff and changes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

import click

from graphmem.cli import pages
from graphmem.cli.blocks import Line, Look, Span, dim, line
from graphmem.cli.options import Call, filtered, one_of, paged, placed, pointed
from graphmem.cli.output import give, progress
from graphmem.cli.verb_pages import cards_of, no_answers
from graphmem.cli.wording import org_wide_line, weaker_line
from graphmem.errors import NotFound
from graphmem.model import At
from graphmem.retrieval.request import Sort
from graphmem.wire.envelopes import CardAnswer, Changes
from graphmem.wire.times import read_known_at, read_time

if TYPE_CHECKING:
    from graphmem.answers import SearchAnswer
    from graphmem.model import Change
    from graphmem.service import GraphMemory
    from graphmem.store import Filter, Page


@click.command()
@click.argument("question", nargs=-1, required=True)
@filtered
@click.option(
    "--sort", type=one_of(Sort), default=Sort.RELEVANCE.value, show_default=True, help="Order of the answers."
)
@click.option("--all", "shows_all", is_flag=True, help="Also what says too little about the question.")
@paged(10)
@pointed
@placed
def search(  # noqa: PLR0913 - one parameter an option
    *, call: Call, question: tuple[str, ...], where: Filter, sort: str, shows_all: bool, page: Page, at: At
) -> None:
    """What holds at a point for a QUESTION in plain words.

    Whatever matches is followed to what holds: a question worded like a replaced decision finds its successor.
    """
    least, asked = 0.0 if shows_all else None, " ".join(question)
    with call.open() as memory:
        answer = memory.search(asked, at=at, where=where, sort=Sort(sort), page=page, min_relevance=least)
        ids = [key for hit in answer.hits for key in (hit.card.id, *(one.memory for one in hit.contested))]
        ids += [key for hit in answer.hits for one in hit.relations for key in (one.memory, *one.through)]
        ids += [hit.head for hit in answer.hits if hit.head is not None]
        seen = {} if call.as_json else cards_of(memory, ids, answer.at)
        notes = [] if call.as_json else list(_notes(memory, answer, where))
    give(call, answer, lambda _: pages.search_page(answer, answer.read_as or asked, at, seen, notes))


def _notes(memory: GraphMemory, answer: SearchAnswer, where: Filter) -> Iterator[Line]:
    """What is to be said of a question, and of what was searched."""
    if not answer.hits:
        yield weaker_line(answer.weaker) if answer.weaker else no_answers(memory, where, is_empty=True)
    elif memory.scope.repo is None and (others := memory.repositories()):
        yield org_wide_line(len(others))
    for remark in answer.remarks:
        yield line(remark)


@click.command()
@click.argument("key", metavar="ID")
@pointed
@placed
def show(*, call: Call, key: str, at: At) -> None:
    """The memory ID at a point, with all that it says."""
    with call.open() as memory:
        answer = memory.history(key, at=at)
    give(call, CardAnswer(answer.card, answer.at), lambda _: pages.card_page(answer, at))


@click.command()
@click.argument("start", metavar="[FROM]", type=read_time, required=False)
@click.argument("end", metavar="[TO]", type=read_time, required=False)
@click.option(
    "--known-from",
    type=read_known_at,
    metavar="TIME|POSITION",
    help="What was known then, at the first point. [default: latest]",
)
@click.option(
    "--known-to",
    type=read_known_at,
    metavar="TIME|POSITION",
    help="What was known then, at the second point. [default: latest]",
)
@filtered
@placed
def diff(
    *, call: Call, start: datetime | None, end: datetime | None, where: Filter, **known: datetime | int | None
) -> None:
    """What is believed differently at TO than at FROM.

    Each is a time of the world; what is not given is now. --known-from 30 alone tells what was learned since change 30.
    """
    with call.open() as memory:
        answer = memory.diff(At(start, known["known_from"]), At(end, known["known_to"]), where=where)
    give(call, answer, lambda _: pages.diff_page(answer))


@click.command()
@click.option("--after", type=click.IntRange(0), default=0, show_default=True, help="Those past this ledger position.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="At most so many entries.")
@click.option("--source", metavar="TEXT", help="Only of this source, as it was given when it was read in.")
@click.option("--revoke", is_flag=True, help="Undo all that came from --source; the ledger keeps both.")
@placed
def changes(*, call: Call, after: int, limit: int, source: str | None, revoke: bool) -> None:
    """The ledger, entry by entry: who recorded, moved, revoked or erased what, when and why.

    With --source and --revoke one ingest or import is undone as a whole: what it added is retracted, what it moved and
    replaced is revoked.
    """
    if revoke and (not source or after):
        raise click.UsageError("--revoke goes with --source, and with no --after: it undoes all that a source told")
    with call.open() as memory:
        if revoke and source:
            _revoke_all(call, memory, source)
            return
        found = _of_source(memory, source, after, limit) if source else memory.changes(after=after, limit=limit)
    give(call, Changes(tuple(found)), lambda _: [pages.changes_table(found)])


def _of_source(memory: GraphMemory, source: str, after: int, limit: int) -> list[Change]:
    from graphmem.cli.reversal import entries, is_from

    return list(islice((one for one in entries(memory) if one.seq > after and is_from(one, source)), limit))


def _revoke_all(call: Call, memory: GraphMemory, source: str) -> None:
    from graphmem.cli.reversal import undo_source
    from graphmem.service import Write

    with progress("revoke") as tell:
        done = undo_source(memory, source, write=Write(reason=f"undoing {source}"), progress=tell)
    if not (done.retracted or done.revoked or done.restored or done.problems):
        raise NotFound(f"no entry of source {source!r} counts any more; `graphmem changes` shows the sources")
    counts = {"retracted": len(done.retracted), "revoked": len(done.revoked), "restored": len(done.restored)}
    said = line(" · ".join(f"{count} {word}" for word, count in counts.items() if count) or "nothing undone")
    problems = [line(Span("problem ", Look.WARN), f"change {seq}", dim(f" {why}")) for seq, why in done.problems]
    give(call, done, lambda _: [said, *problems])
