"""The command `graphmem retain`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from graphmem.cli.blocks import Block, Look, Span, dim, line
from graphmem.cli.options import Call, scope_options, write_options
from graphmem.cli.output import give
from graphmem.cli.phrases import name
from graphmem.cli.receipts import redaction_lines

if TYPE_CHECKING:
    from graphmem.service import Write
    from graphmem.service.retention import RetainedMemory, RetentionReport


@click.command()
@click.option("--dry-run", is_flag=True, help="Only list what would be ended, and why the others stay.")
@write_options
@scope_options
def retain(*, call: Call, dry_run: bool, write: Write) -> None:
    """End memories that nobody confirmed for as long as [retain] in .graphmem/config.toml allows.

    A rule names kinds, origins or scopes, joined by +, and a duration: conversation = "180d", "task+agent" = "90d".
    What is mandatory, what another memory depends on, and what belongs to a chain of supersessions stays. The ends can
    be undone: graphmem changes --source retention --revoke.
    """
    with call.open() as memory:
        report = memory.retain(dry_run=dry_run, write=write)
    give(call, report, lambda _: _page(report))


def _page(report: RetentionReport) -> Iterator[Block]:
    for each in report.ended:
        yield _memory(each, "would end " if report.is_dry_run else "ended ")
        yield line(dim(f"{each.rule}, unconfirmed since {each.since.date().isoformat()}"), indent=4)
    for each in report.kept:
        yield _memory(each, "stays ")
        yield line(dim(f"{each.rule}: {each.why}"), indent=4)
    verb = "to end" if report.is_dry_run else "ended"
    rules = "1 rule" if len(report.rules) == 1 else f"{len(report.rules)} rules"
    yield line(f"{len(report.ended)} {verb}, {len(report.kept)} past their time stay", dim(f" · {rules}"))
    if report.change is not None:
        source = f"retention: {report.at.valid.date().isoformat()}"
        yield line(dim(f"undo: graphmem changes --source '{source}' --revoke"))
    yield from redaction_lines(report.redactions)


def _memory(each: RetainedMemory, word: str) -> Block:
    look = Look.DIM if each.why else Look.WARN
    return line(Span(word, look), name(each.memory), "  ", Span(each.memory.id, Look.ID), indent=2)
