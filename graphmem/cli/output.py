"""Output of answers: JSON for pipes, a page for people; notes and progress go to standard error."""

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
        call: Its `as_json` decides the form.
        answer: A value of the library, for JSON.
        page: Makes the blocks for people, for a width in cells.
    """
    if call.as_json:
        from graphmem.wire.json_documents import as_json

        click.echo(as_json(answer))
    else:
        from graphmem.cli.block_output import paint

        paint(page)


def note(text: str) -> None:
    """Write a remark to standard error."""
    click.echo(text, err=True)


@contextmanager
def progress(label: str) -> Iterator[Progress]:
    """Return a function that reports (done, total); it shows a bar if standard error is a terminal."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    parts = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*parts, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(label, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)
