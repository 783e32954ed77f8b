"""Commands that read sources in."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from graphmem.cli import INTERRUPTED
from graphmem.cli.blocks import Block, Look, Span, dim, line
from graphmem.cli.options import Call, bundle, placed, written
from graphmem.cli.output import give, note, progress
from graphmem.sources.git.first_commits import FirstCommits, first_commits
from graphmem.sources.git.work_tree import work_tree

if TYPE_CHECKING:
    from graphmem.service import GraphMemory, IngestReport, Write
    from graphmem.sources.observations import Reading
    from graphmem.store import Progress

NOTHING_UNDERSTOOD = 3
_PATH = click.Path(path_type=Path)


@dataclass(frozen=True, slots=True, kw_only=True)
class _How:
    """Whether records without a date begin now, and whether anything is written."""

    no_dates: bool
    dry_run: bool


_how = bundle(
    "how",
    {
        "no_dates": click.option(
            "--no-dates", is_flag=True, help="Records without a date begin now; refused otherwise."
        ),
        "dry_run": click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing."),
    },
    _How,
)


@click.group()
def ingest() -> None:
    """Read a source in: what is new is added, what was edited changes, the rest is left alone."""


@ingest.command("decisions")
@click.argument("paths", type=_PATH, nargs=-1, required=True, metavar="PATH...")
@click.option("--root", type=_PATH, help="Files are known by their path below this folder. [default: the repository]")
@_how
@written
@placed
@click.pass_context
def decisions(
    ctx: click.Context,
    /,
    *,
    call: Call,
    paths: tuple[Path, ...],
    root: Path | None,
    how: _How,
    write: Write,
) -> None:
    """Decision records in files and folders: Markdown, reStructuredText, AsciiDoc, XML and kep.yaml.

    A record has a status, a header or front matter, or a decision section. One without a date gets that of its first
    commit. What cannot be understood is reported with file and line, and stops nothing else; if nothing is understood,
    the exit code is 3. Ctrl-C keeps what was done: the same command goes on.
    """
    with progress("ingest") as tell:
        steps = _Steps(tell)
        try:
            seen, reading = _read(paths, root or root_of(paths), steps)
            _refuse(ctx, reading, seen, how)
            report = _brought_in(call, reading, how, write=write, steps=steps)
        except KeyboardInterrupt:
            note(f"interrupted: {steps.told()}; run the same command to go on")
            ctx.exit(INTERRUPTED)
    if how.dry_run:
        note("a dry run: nothing was changed")
    give(call, report, lambda _: _report_lines(report))


@dataclass(slots=True)
class _Steps:
    """How far a command is that reads and then writes: one total for both.

    Attributes:
        read: Steps of the reading, once it is done.
        written: (records and links that are written, how many there are), once writing began; vectors come behind.
        records: How many records and links are written before vectors are made.
    """

    tell: Progress
    read: int = 0
    written: tuple[int, int] | None = None
    records: int | None = None

    def reading(self, done: int, total: int) -> None:
        """While nothing is known of the writing, it counts as half as long as the reading."""
        self.read = total
        self.tell(done, total + total // 2)

    def writing(self, done: int, total: int) -> None:
        """Steps of the writing, behind those of the reading."""
        self.written = (done, total)
        self.records = total if self.records is None else self.records
        self.tell(self.read + done, self.read + total)

    def told(self) -> str:
        """What is done so far."""
        if self.written is None:
            return "it was still reading, and nothing is written yet"
        done, total = self.written
        if self.records is not None and done >= self.records:
            return f"everything is recorded, and {done - self.records} of {total - self.records} are found by meaning"
        return f"{done} of {total} are done and kept"


def _read(paths: tuple[Path, ...], base: Path | None, steps: _Steps) -> tuple[FirstCommits, Reading]:
    """(dates of first commits, the reading), with the history of statuses where the records need it."""
    from graphmem.sources.decisions import read_decisions

    seen, now = dates_below(base), datetime.now(UTC)
    reading = read_decisions(paths, root=base, dates=seen.dates, read_at=now, progress=steps.reading)
    if any(move.is_or_later for one in reading.observations for move in one.moves) and (changes := changes_below(base)):
        reading = read_decisions(
            paths, root=base, dates=seen.dates, changes=changes, read_at=now, progress=steps.reading
        )
    return seen, reading


def _refuse(ctx: click.Context, reading: Reading, seen: FirstCommits, how: _How) -> None:
    """Stop at a reading that understood nothing, or whose dates are missing without leave; say what was left out."""
    if not reading.observations:
        note(f"nothing was understood as a decision record{_because(reading)}\n{_LOOKED_FOR}")
        ctx.exit(NOTHING_UNDERSTOOD)
    if reading.passed_over:
        note(f"{len(reading.passed_over)} other files look like no decision, such as {reading.passed_over[0]}")
    _ask_for_dates(reading, seen, is_accepted=how.no_dates)


def _brought_in(call: Call, reading: Reading, how: _How, *, write: Write, steps: _Steps) -> IngestReport:
    write = replace(write, source=write.source or "decisions")
    with call.open() as memory:
        if how.dry_run:
            return _rehearsed(call, memory, reading, write)
        return memory.ingest(reading, write=write, progress=steps.writing)


_LOOKED_FOR = (
    "looked for .md, .rst, .txt, .adoc, .xml and kep.yaml files with a status (a field, front matter or a Status "
    "section), or with a number in the name and headings; READMEs, indexes, templates and logs are left out"
)


def _because(reading: Reading) -> str:
    reasons = [f"\n{one.path}:{one.line} {one.reason}" for one in reading.problems[:5]]
    return "".join(reasons)


def _ask_for_dates(reading: Reading, seen: FirstCommits, *, is_accepted: bool) -> None:
    """Say which records have no date, and refuse to date them by the clock unless that is what was asked for."""
    undated = [one.path for one in reading.observations if not one.is_dated]
    for gap in seen.gaps:
        note(f"dates from git are incomplete: {gap}")
    if not undated:
        return
    named = ", ".join(undated[:3]) + (", ..." if len(undated) > 3 else "")  # noqa: PLR2004
    told = f"{len(undated)} records have no date of their own and none in git: {named}"
    if not is_accepted:
        raise click.ClickException(f"{told}. Commit them, write a date into them, or let them begin now: --no-dates")
    note(f"{told}. They begin now.")


def _rehearsed(call: Call, memory: GraphMemory, reading: Reading, write: Write) -> IngestReport:
    """What an ingestion would report, tried on a copy of the tenant's ledger that is thrown away."""
    from graphmem.opening import initialise

    with tempfile.TemporaryDirectory() as folder, call.open(str(initialise(Path(folder)))) as copy:
        if memory.status().changes:
            copy.restore(memory.export())
        return copy.ingest(reading, write=write)


def root_of(paths: Sequence[Path]) -> Path | None:
    """The folder below which paths stay the same wherever the command is run: their repository, if it is one."""
    trees = {work_tree(path if path.is_dir() else path.parent) for path in paths}
    return trees.pop() if len(trees) == 1 else None


def dates_below(root: Path | None) -> FirstCommits:
    """First commits by path below a folder."""
    tree = None if root is None else work_tree(root)
    if root is None or tree is None:
        return FirstCommits()
    below = root.resolve().relative_to(tree)
    prefix = "" if below == Path() else f"{below.as_posix()}/"
    found = first_commits(tree)
    dates = {path.removeprefix(prefix): at for path, at in found.dates.items() if path.startswith(prefix)}
    return FirstCommits(dates, found.gaps)


def changes_below(root: Path | None) -> dict[str, list[tuple[datetime, str]]]:
    """Changes of status lines by path below a folder."""
    from graphmem.sources.git.status_changes import status_changes

    tree = None if root is None else work_tree(root)
    if root is None or tree is None:
        return {}
    below = root.resolve().relative_to(tree)
    prefix = "" if below == Path() else f"{below.as_posix()}/"
    return {path.removeprefix(prefix): told for path, told in status_changes(tree, prefix).items()}


def _report_lines(report: IngestReport) -> Iterator[Block]:
    counts = {
        "added": len(report.added),
        "reworded": len(report.reworded),
        "moved": len(report.moved),
        "linked": len(report.linked),
        "unlinked": len(report.unlinked),
        "unchanged": report.unchanged,
    }
    told = [f"{count} {word}" for word, count in counts.items() if count]
    yield line(" · ".join(told) or "no decision records were found")
    for one in report.problems:
        yield line(Span("problem ", Look.WARN), f"{one.path}:{one.line}", dim(f" {one.reason}"))
