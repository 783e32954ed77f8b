"""Commands that read decision records into the memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from graphmem.cli import INTERRUPTED
from graphmem.cli.blocks import Block, Look, Span, dim, line
from graphmem.cli.options import Call, bundle, scope_options, write_options
from graphmem.cli.output import give, note, progress
from graphmem.cli.receipts import redaction_lines
from graphmem.deferred_dataclass import dataclass
from graphmem.sources.git.first_commits import FirstCommits, first_commits
from graphmem.sources.git.work_tree import work_tree

if TYPE_CHECKING:
    from graphmem.service import GraphMemory, IngestReport, Write
    from graphmem.sources.observations import Reading
    from graphmem.store import Progress

NO_OBSERVATIONS = 3
_PATH = click.Path(path_type=Path)


@dataclass(frozen=True, slots=True, kw_only=True)
class _IngestOptions:
    """The treatment of records without a date, and whether to write."""

    no_dates: bool
    dry_run: bool


_ingest_options = bundle(
    "options",
    {
        "no_dates": click.option(
            "--no-dates", is_flag=True, help="Let records without a date begin now, instead of refusing them."
        ),
        "dry_run": click.option("--dry-run", is_flag=True, help="Report what would change; write nothing."),
    },
    _IngestOptions,
)


@click.command("decisions")
@click.argument("paths", type=_PATH, nargs=-1, required=True, metavar="PATH...")
@click.option("--root", type=_PATH, help="Identify files by their path below this folder. [default: the repository]")
@_ingest_options
@write_options
@scope_options
@click.pass_context
def decisions(
    ctx: click.Context,
    /,
    *,
    call: Call,
    paths: tuple[Path, ...],
    root: Path | None,
    options: _IngestOptions,
    write: Write,
) -> None:
    """Read decision records from files and folders: Markdown, reStructuredText, AsciiDoc, MediaWiki, XML and kep.yaml.

    A record has a status, a header or front matter, or a decision section. A record without a date gets that of its
    first commit. Records that cannot be read are reported with file and line, and the others are read; if there are no
    records, the exit code is 3. After Ctrl-C the same command continues.
    """
    with progress("ingest") as tell:
        steps = _IngestSteps(tell)
        try:
            first, reading = _read(paths, root or root_of(paths), steps)
            _refuse(ctx, reading, first, options)
            report = _ingested(call, reading, options, write=write, steps=steps)
        except KeyboardInterrupt:
            note(f"interrupted: {steps.summary()}; run the same command to continue")
            ctx.exit(INTERRUPTED)
    if options.dry_run:
        note("dry run: nothing was written")
    give(call, report, lambda _: _report_lines(report))


@dataclass(slots=True)
class _IngestSteps:
    """The progress of a command that reads and then writes, with a single total for both.

    Attributes:
        read: Steps of the reading, once it is finished.
        written: (records and links written, their number), once writing has begun; vectors are made last.
        records: The number of records and links that are written before vectors are made.
    """

    tell: Progress
    read: int = 0
    written: tuple[int, int] | None = None
    records: int | None = None

    def reading(self, done: int, total: int) -> None:
        """Report a step of the reading. Until the writing begins, it is estimated at half of the reading."""
        self.read = total
        self.tell(done, total + total // 2)

    def writing(self, done: int, total: int) -> None:
        """Report a step of the writing, after the reading."""
        self.written = (done, total)
        self.records = total if self.records is None else self.records
        self.tell(self.read + done, self.read + total)

    def summary(self) -> str:
        """Return the progress as a sentence."""
        if self.written is None:
            return "still reading, nothing was written"
        done, total = self.written
        if self.records is not None and done >= self.records:
            return f"all records are written, and {done - self.records} of {total - self.records} have a vector"
        return f"{done} of {total} are written"


def _read(paths: tuple[Path, ...], base: Path | None, steps: _IngestSteps) -> tuple[FirstCommits, Reading]:
    """Return the dates of first commits and the reading.

    The history of status lines is read only if a record needs it.
    """
    from graphmem.sources.decisions import read_decisions

    first, now = dates_below(base), datetime.now(UTC)
    reading = read_decisions(paths, root=base, dates=first.dates, read_at=now, progress=steps.reading)
    if any(move.is_or_later for record in reading.observations for move in record.moves) and (
        changes := changes_below(base)
    ):
        reading = read_decisions(
            paths, root=base, dates=first.dates, changes=changes, read_at=now, progress=steps.reading
        )
    return first, reading


def _refuse(ctx: click.Context, reading: Reading, first: FirstCommits, options: _IngestOptions) -> None:
    """Exit if there are no records, or if dates are missing without --no-dates; report files that were passed over."""
    if not reading.observations:
        note(f"no decision records were found{_because(reading)}\n{_LOOKED_FOR}")
        ctx.exit(NO_OBSERVATIONS)
    if reading.passed_over:
        note(f"{len(reading.passed_over)} other files are not decision records, for example {reading.passed_over[0]}")
    _refuse_undated(reading, first, is_accepted=options.no_dates)


def _ingested(
    call: Call, reading: Reading, options: _IngestOptions, *, write: Write, steps: _IngestSteps
) -> IngestReport:
    write = replace(write, source=write.source or "decisions")
    with call.open() as memory:
        if options.dry_run:
            return _rehearsed(call, memory, reading, write)
        return memory.ingest(reading, write=write, progress=steps.writing)


#: Usual folders of decision records.
_FOLDERS = (
    *("adr", "adrs", "docs/adr", "docs/adrs", "doc/adr", "doc/adrs", "docs/decisions", "doc/decisions", "decisions"),
    *("docs/architecture/decisions", "docs/architecture/adr", "doc/architecture/decisions", "architecture/decisions"),
    *("docs/dev/adr", "docs/rfcs", "rfcs", "keps", "peps", ".decisions"),
)


def dated_records(tree: Path) -> Reading | None:
    """Return the decision records in the usual folders of a work tree, those without any date left out.

    Returns:
        None if there are no records.
    """
    folders = tuple(tree / name for name in _FOLDERS if (tree / name).is_dir())
    if not folders:
        return None
    _, reading = _read(folders, tree, _IngestSteps(lambda _done, _total: None))
    dated = tuple(record for record in reading.observations if record.is_dated)
    return replace(reading, observations=dated) if dated else None


_LOOKED_FOR = (
    "looked for .md, .rst, .txt, .adoc, .xml and kep.yaml files with a status (a field, front matter or a Status "
    "section), or with a number in the name and headings; READMEs, indexes, templates and logs are left out"
)


def _because(reading: Reading) -> str:
    reasons = [f"\n{problem.path}:{problem.line} {problem.reason}" for problem in reading.problems[:5]]
    return "".join(reasons)


def _refuse_undated(reading: Reading, first: FirstCommits, *, is_accepted: bool) -> None:
    """Report records without a date, and refuse them unless --no-dates lets them begin now."""
    undated = [record.path for record in reading.observations if not record.is_dated]
    for gap in first.gaps:
        note(f"dates from git are incomplete: {gap}")
    if not undated:
        return
    named = ", ".join(undated[:3]) + (", ..." if len(undated) > 3 else "")  # noqa: PLR2004
    problem = f"{len(undated)} records have no date of their own and none in git: {named}"
    if not is_accepted:
        raise click.ClickException(f"{problem}. Commit them, write a date into them, or let them begin now: --no-dates")
    note(f"{problem}. They begin now.")


def _rehearsed(call: Call, memory: GraphMemory, reading: Reading, write: Write) -> IngestReport:
    """Return the report of an ingestion into a temporary copy of the tenant's ledger."""
    from graphmem.opening import initialise

    with tempfile.TemporaryDirectory() as folder, call.open(str(initialise(Path(folder)))) as copy:
        if memory.status().changes:
            copy.restore(memory.export())
        return copy.ingest(reading, write=write)


def root_of(paths: Sequence[Path]) -> Path | None:
    """Return the repository that all paths are in, or None.

    Paths relative to it are the same on every machine.
    """
    trees = {work_tree(path if path.is_dir() else path.parent) for path in paths}
    return trees.pop() if len(trees) == 1 else None


def dates_below(root: Path | None) -> FirstCommits:
    """Return first commits by path below a folder."""
    tree = None if root is None else work_tree(root)
    if root is None or tree is None:
        return FirstCommits()
    below = root.resolve().relative_to(tree)
    prefix = "" if below == Path() else f"{below.as_posix()}/"
    commits = first_commits(tree)
    dates = {path.removeprefix(prefix): at for path, at in commits.dates.items() if path.startswith(prefix)}
    return FirstCommits(dates, commits.gaps)


def changes_below(root: Path | None) -> dict[str, list[tuple[datetime, str]]]:
    """Return changes of status lines by path below a folder."""
    from graphmem.sources.git.status_changes import status_changes

    tree = None if root is None else work_tree(root)
    if root is None or tree is None:
        return {}
    below = root.resolve().relative_to(tree)
    prefix = "" if below == Path() else f"{below.as_posix()}/"
    return {path.removeprefix(prefix): changes for path, changes in status_changes(tree, prefix).items()}


def _report_lines(report: IngestReport) -> Iterator[Block]:
    counts = {
        "added": len(report.added),
        "reworded": len(report.reworded),
        "moved": len(report.moved),
        "linked": len(report.linked),
        "unlinked": len(report.unlinked),
        "unchanged": report.unchanged,
    }
    changes = [f"{count} {word}" for word, count in counts.items() if count]
    yield line(" · ".join(changes) or "no decision records were found")
    yield from redaction_lines(report.redactions)
    for problem in report.problems:
        yield line(Span("problem ", Look.WARN), f"{problem.path}:{problem.line}", dim(f" {problem.reason}"))
