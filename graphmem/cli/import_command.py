"""The command that imports the memories of another tool."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from graphmem.cli import INTERRUPTED
from graphmem.cli.blocks import Block, Look, Span, dim, line
from graphmem.cli.options import Body, Call, bundle, provenance_options, scope_options
from graphmem.cli.output import give, note, progress
from graphmem.cli.receipts import redaction_lines
from graphmem.deferred_dataclass import dataclass

if TYPE_CHECKING:
    from graphmem.service import Write
    from graphmem.service.memory_import import ImportReport
    from graphmem.sources.memories import ReadOptions
    from graphmem.store import Progress

_PATH = click.Path(path_type=Path)
_SOURCES = ("mem0", "mcp-memory", "basic-memory", "claude")
_SHOWN = 3


def _zone(_context: click.Context, _option: click.Parameter, name: str | None) -> tzinfo | None:
    if name is None:
        return None
    try:
        return datetime.fromisoformat(f"2000-01-01T00:00{name}").tzinfo
    except ValueError:
        pass
    try:
        return UTC if name == "UTC" else ZoneInfo(name)  # UTC needs no time zone data; a container may lack the data
    except (ValueError, OSError, KeyError) as problem:
        raise click.BadParameter(f"{name!r} is not a time zone; write Europe/Berlin, UTC or +02:00") from problem


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """The options of an import."""

    format: str | None
    name: str | None
    history: Path | None
    zone: tzinfo | None
    is_dated_by_git: bool
    is_private: bool
    ends_missing: bool
    is_dry: bool

    def read_options(self) -> ReadOptions:
        """Return the options for reading the files."""
        from graphmem.sources.git.line_dates import line_dates
        from graphmem.sources.memories import ReadOptions

        return ReadOptions(
            read_at=datetime.now(UTC),
            name=self.name,
            zone=self.zone,
            history=self.history,
            line_dates=line_dates if self.is_dated_by_git else None,
        )


_OPTIONS: Mapping[str, Callable[[Body], Body]] = {
    "format": click.option(
        "--from", "format", type=click.Choice(_SOURCES), help="The tool that wrote it. [default: detected]"
    ),
    "name": click.option(
        "--name",
        metavar="NAME",
        help="Distinguishes this export from others. [default: the name of its file or folder]",
    ),
    "history": click.option(
        "--history", type=_PATH, metavar="PATH", help="mem0's history.db, or the answers of history() as JSON."
    ),
    "zone": click.option("--timezone", "zone", metavar="ZONE", callback=_zone, help="Time zone of times without one."),
    "is_dated_by_git": click.option(
        "--git-dates",
        "is_dated_by_git",
        is_flag=True,
        help="Take the dates of undated Markdown lines from git.",
    ),
    "is_private": click.option(
        "--private", "is_private", is_flag=True, help="Record memories of a user as private to that user."
    ),
    "ends_missing": click.option(
        "--end-missing",
        "ends_missing",
        is_flag=True,
        help="End memories of an earlier import that the export no longer has.",
    ),
    "is_dry": click.option("--dry-run", "is_dry", is_flag=True, help="Report what would be imported; write nothing."),
}


@click.command("import")
@click.argument("path", type=_PATH)
@bundle("options", _OPTIONS, ImportOptions)
@provenance_options
@scope_options
@click.pass_context
def bring(ctx: click.Context, /, *, call: Call, path: Path, options: ImportOptions, write: Write) -> None:
    """Import the memories of another tool: mem0, the MCP reference server, Basic Memory or Claude's files.

    PATH is the answer of mem0's get_all as JSON, a memory.jsonl, a folder of Basic Memory, or a project with a
    CLAUDE.md. Dates are imported where the tool has them. Run it again after an edit, and only the edit is written.
    Entries that cannot be imported are reported with file and line, and the others are imported. Ctrl-C keeps the
    entries that are done, and the same command imports the rest.
    """
    from graphmem.service.memory_import import dry_report, import_memories
    from graphmem.sources.memories import MemoryFormat, read_export

    export = read_export(path, options.read_options(), None if options.format is None else MemoryFormat(options.format))
    if options.is_dry:
        report = dry_report(export)
        give(call, report, lambda _: _page(report, "would be imported"))
        return
    with progress("import") as tell:
        steps = _ImportSteps(tell)
        try:
            with call.open() as memory:
                report = import_memories(
                    memory,
                    export,
                    write=write,
                    is_private=options.is_private,
                    ends_missing=options.ends_missing,
                    progress=steps.advance,
                )
        except KeyboardInterrupt:
            note(f"interrupted: {steps.done} of {steps.total} are written; run the same command to continue")
            ctx.exit(INTERRUPTED)
    give(call, report, lambda _: _page(report, "imported"))


@dataclass(slots=True)
class _ImportSteps:
    """The progress of an import: statements and relations written, and their number."""

    tell: Progress
    done: int = 0
    total: int = 0

    def advance(self, done: int, total: int) -> None:
        """Show the progress."""
        self.done, self.total = done, total
        self.tell(done, total)


def _counted(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def _page(report: ImportReport, verb: str) -> Iterator[Block]:
    read = [
        _counted(report.statements, "statement"),
        *([_counted(report.relations, "relation")] * bool(report.relations)),
    ]
    yield line(f"{report.source}, {report.name}: {' and '.join(read)} {verb}")
    counts = {
        "added": len(report.added),
        "changed": len(report.changed),
        "moved": len(report.moved),
        "replaced": len(report.replaced),
        "related": len(report.related),
        "ended": len(report.ended),
        "unchanged": report.unchanged,
    }
    changes = [f"{count} {word}" for word, count in counts.items() if count]
    if changes:
        yield line(" · ".join(changes))
    if report.missing:
        missing = f"{len(report.missing)} of an earlier import are no longer in the export"
        yield line(f"{missing} and stay in force; --end-missing ends them")
    yield from redaction_lines(report.redactions)
    for reason, count in report.reasons.items():
        yield line(Span("not imported ", Look.WARN), f"{count} × {reason}")
        losses = [loss for loss in report.losses if loss.reason == reason]
        yield from (line(f"{loss.path}:{loss.line}", dim(f" {loss.what}"), indent=2) for loss in losses[:_SHOWN])
        if len(losses) > _SHOWN:
            yield line(dim(f"and {len(losses) - _SHOWN} more; --json lists all"), indent=2)
