"""Giving answers: one JSON document for a pipe, a page for people; notes and progress on standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from graphmem.cli.blocks import Block
from graphmem.cli.options import Call

if TYPE_CHECKING:
    from graphmem.store import Progress


def give(call: Call, answer: object, page: Callable[[int], Iterable[Block]]) -> None:
    """Write an answer to standard output.

    Args:
        call: Says whether it is for a pipe.
        answer: A value of the library, for JSON.
        page: The same for people, made for a width in cells.
    """
    if call.as_json:
        from graphmem.wire.documents import as_json

        click.echo(as_json(answer))
    else:
        from graphmem.cli.painting import paint

        paint(page)


def note(text: str) -> None:
    """Something to know that is not the answer."""
    click.echo(text, err=True)


@contextmanager
def progress(label: str) -> Iterator[Progress]:
    """Something to call with how many are done of how many; a bar if standard error is a terminal."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    parts = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*parts, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(label, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)
