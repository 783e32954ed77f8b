"""The command that makes a memory equal a fresh ingestion of its repository: `graphmem reconcile`."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from graphmem.cli import INTERRUPTED
from graphmem.cli.blocks import Block, Look, Span, dim, line
from graphmem.cli.mainline_command import mainline_lines
from graphmem.cli.options import Call, scope_options, write_options
from graphmem.cli.output import give, note, progress
from graphmem.cli.repository_commands import read_decisions
from graphmem.cli.repository_options import git_errors, notes_folder, path_argument, ref_option
from graphmem.cli.verify_command import verification_lines

if TYPE_CHECKING:
    from graphmem.service import GraphMemory, Write
    from graphmem.service.reconciliation import ReconciliationReport
    from graphmem.store import Progress

_WORDS = {"related": "links added", "linked": "supersessions added", "unlinked": "revoked"}
_MOST_PROBLEMS = 10


@click.command()
@path_argument
@ref_option
@click.option("--dry-run", is_flag=True, help="Show what would change in the memories; write nothing.")
@write_options
@scope_options
@click.pass_context
def reconcile(ctx: click.Context, /, *, call: Call, path: Path, ref: str | None, dry_run: bool, write: Write) -> None:
    """Make the memory believe what a fresh ingestion of the repository at PATH believes, whatever was missed.

    Use it after a reset, a force-push, a renamed or deleted branch, a month without hooks, or a killed run. The
    repository is read anew into a temporary memory, and compared. What an earlier reading recorded and this one does
    not have is retracted; what is missing is added; what people and agents recorded stays. Everything stays in the
    ledger. Exits with 1 if a source could not be read, or an edit was refused.
    """
    with call.open(starts_work=False) as memory, git_errors():
        report = _reconciled(ctx, memory, path, ref=ref, write=write, is_rehearsal=dry_run)
        if not dry_run:
            read_decisions(memory, path, report.fresh, write)
    if dry_run:
        note("dry run: nothing was written")
    give(call, report, lambda _: _report_lines(report))
    if report.fresh.failed or (report.sources is not None and report.sources.problems):
        ctx.exit(1)


def _reconciled(
    ctx: click.Context,
    memory: GraphMemory,
    path: Path,
    *,
    ref: str | None,
    write: Write,
    is_rehearsal: bool,
) -> ReconciliationReport:
    from graphmem.opening import initialise, open_memory
    from graphmem.retrieval.embedder import EmbedderMissing
    from graphmem.service.memory import context_of
    from graphmem.service.reconciliation import reconcile_repository

    context_of(memory)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as bars:

        def start(name: str) -> Progress:
            bars.close()
            return bars.enter_context(progress(name))

        no_vectors = EmbedderMissing("it is compared and thrown away")
        url = str(initialise(Path(folder)))
        with open_memory(url, scope=memory.scope, actor="graphmem", embedder=lambda: no_vectors) as fresh:
            try:
                return reconcile_repository(
                    memory,
                    path,
                    fresh=fresh,
                    read_at=datetime.now(UTC),
                    ref=ref,
                    notes=notes_folder(path),
                    write=write,
                    is_rehearsal=is_rehearsal,
                    start=start,
                )
            except KeyboardInterrupt:
                note("interrupted: what was written stays; run the same command to continue")
                ctx.exit(INTERRUPTED)


def _report_lines(report: ReconciliationReport) -> Iterator[Block]:
    if report.mainline is not None:
        yield from mainline_lines(report.mainline)
    counts = [f"{count} {_WORDS.get(word, word)}" for word, count in report.planned.items()]
    yield line(" · ".join(counts) or "the memories are those of a fresh ingestion")
    for memory_id in report.kept:
        reason = "is not in the repository, but somebody changed it: end or retract it by hand"
        yield line(Span("kept ", Look.WARN), memory_id, dim(f" {reason}"))
    problems = () if report.sources is None else report.sources.problems
    for problem in problems[:_MOST_PROBLEMS]:
        yield line(Span("problem ", Look.WARN), problem.path, dim(f" {problem.reason}"))
    for name, reason in report.fresh.failed.items():
        yield line(Span(f"{name} failed: ", Look.BAD), reason)
    if report.verification is not None:
        yield from verification_lines(report.verification)
