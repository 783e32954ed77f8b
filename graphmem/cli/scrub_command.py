"""The command `graphmem scrub`, and the note on secrets in ledgers that are restored as they are."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import click

from graphmem.cli.blocks import Block, Look, Span, dim, line
from graphmem.cli.options import Call, scope_options
from graphmem.cli.output import give, progress
from graphmem.deferred_dataclass import dataclass

if TYPE_CHECKING:
    from graphmem.redactions import ScrubReport


@click.command()
@click.option("--dry-run", is_flag=True, help="Only list the secrets: memory, field and rule.")
@scope_options
def scrub(*, call: Call, dry_run: bool) -> None:
    """Replace memories that hold secrets by copies without them, and erase them; continues an interrupted run.

    Exports and backups made before keep the secrets: delete them, and renew every secret that is found.
    """
    with call.open() as memory, progress("scrub") as tell:
        report = memory.scrub(dry_run=dry_run, progress=tell)
    give(call, report, lambda _: _page(report))


@dataclass(slots=True)
class SecretCount:
    """The number of ledger lines with a secret among those that passed."""

    count: int = 0

    def counted(self, lines: Iterable[str]) -> Iterator[str]:
        """Yield the lines unchanged, and count those whose entry has a secret."""
        from graphmem.secrets.redaction import redactor

        for text in lines:
            self.count += bool(redactor().text(_body(text))[1])
            yield text

    def lines(self) -> Iterator[Block]:
        """Yield a line about the entries with secrets, if there are any."""
        if self.count:
            many = f"{self.count:,} entries have" if self.count > 1 else "1 entry has"
            yield line(
                Span("secrets ", Look.WARN), f"{many} one, restored as it was; graphmem scrub --dry-run lists them"
            )


def _body(text: str) -> str:
    """Return the operation in a line of an export; empty if it has none."""
    try:
        return str(json.loads(text).get("body", ""))
    except (ValueError, AttributeError):
        return ""


def _page(report: ScrubReport) -> Iterator[Block]:
    if not report.found:
        yield line(f"no secrets in {report.entries:,} ledger entries")
    for found in report.found:
        where = f"memory {found.memory}" if found.memory is not None else f"change {found.change}"
        yield line(Span(f"{found.rule} ", Look.WARN), f"in {found.place} of {where}", dim(f" · change {found.change}"))
    for old, new in report.scrubbed:
        yield line(Span(old, Look.ID), " erased, its place taken by ", Span(new, Look.ID))
    for what, why in report.left:
        yield line(Span("not removed ", Look.BAD), what, dim(f" {why}"))
    yield from map(line, report.notes)
