"""The command that brings in what another memory holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from graphmem.cli import INTERRUPTED
from graphmem.cli.blocks import Block, Look, Span, dim, line
from graphmem.cli.options import Body, Call, bundle, placed, signed
from graphmem.cli.output import give, note, progress

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
        return UTC if name == "UTC" else ZoneInfo(name)  # UTC needs no data of zones, which a container may lack
    except (ValueError, OSError, KeyError) as problem:
        raise click.BadParameter(f"{name!r} is no time zone; write Europe/Berlin, UTC or +02:00") from problem


@dataclass(frozen=True, slots=True)
class Manner:
    """How an import is to go about it."""

    whose: str | None
    name: str | None
    history: Path | None
    zone: tzinfo | None
    is_dated_by_git: bool
    is_private: bool
    ends_missing: bool
    is_dry: bool

    def asked(self) -> ReadOptions:
        """How files are to be read."""
        from graphmem.sources.git.line_dates import line_dates
        from graphmem.sources.memories import ReadOptions

        return ReadOptions(
            read_at=datetime.now(UTC),
            name=self.name,
            zone=self.zone,
            history=self.history,
            line_dates=line_dates if self.is_dated_by_git else None,
        )


_MANNER: Mapping[str, Callable[[Body], Body]] = {
    "whose": click.option(
        "--from", "whose", type=click.Choice(_SOURCES), help="Whose memory it is. [default: what it looks like]"
    ),
    "name": click.option(
        "--name", metavar="NAME", help="Tells this export from others. [default: its file's or folder's]"
    ),
    "history": click.option(
        "--history", type=_PATH, metavar="PATH", help="mem0's history.db, or the answers of history() as JSON."
    ),
    "zone": click.option("--timezone", "zone", metavar="ZONE", callback=_zone, help="Of times that name none."),
    "is_dated_by_git": click.option(
        "--git-dates",
        "is_dated_by_git",
        is_flag=True,
        help="Ask git since when Markdown without a date says what it says.",
    ),
    "is_private": click.option(
        "--private", "is_private", is_flag=True, help="Record what belongs to a user for that user alone."
    ),
    "ends_missing": click.option(
        "--end-missing", "ends_missing", is_flag=True, help="End what an earlier import brought and is gone now."
    ),
    "is_dry": click.option("--dry-run", "is_dry", is_flag=True, help="Say what would be read; write nothing."),
}


@click.command("import")
@click.argument("path", type=_PATH)
@bundle("manner", _MANNER, Manner)
@signed
@placed
@click.pass_context
def bring(ctx: click.Context, /, *, call: Call, path: Path, manner: Manner, write: Write) -> None:
    """Bring in what another memory holds: mem0, the MCP reference server's, Basic Memory or Claude's files.

    PATH is what mem0's get_all answered as JSON, a memory.jsonl, a folder of Basic Memory, or a project with a
    CLAUDE.md. Dates are taken where there are some. Run it again after an edit, and only the edit is written. What
    cannot be carried is reported with file and line, and stops nothing else. Ctrl-C keeps what was done: the same
    command goes on.
    """
    from graphmem.service.memory_import import dry_report, import_memories
    from graphmem.sources.memories import MemoryFormat, read_export

    export = read_export(path, manner.asked(), None if manner.whose is None else MemoryFormat(manner.whose))
    if manner.is_dry:
        report = dry_report(export)
        give(call, report, lambda _: _page(report, "would be read"))
        return
    with progress("import") as tell:
        steps = _Steps(tell)
        try:
            with call.open() as memory:
                report = import_memories(
                    memory,
                    export,
                    write=write,
                    is_private=manner.is_private,
                    ends_missing=manner.ends_missing,
                    progress=steps.advance,
                )
        except KeyboardInterrupt:
            note(f"interrupted: {steps.done} of {steps.total} are done and kept; run the same command to go on")
            ctx.exit(INTERRUPTED)
    give(call, report, lambda _: _page(report, "read"))


@dataclass(slots=True)
class _Steps:
    """The statements and relations that are recorded, of all."""

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
    told = [f"{count} {word}" for word, count in counts.items() if count]
    if told:
        yield line(" · ".join(told))
    if report.missing:
        yield line(f"{len(report.missing)} from before are no longer there and go on holding; --end-missing ends them")
    for reason, count in report.reasons.items():
        yield line(Span("not carried ", Look.WARN), f"{count} × {reason}")
        some = [one for one in report.losses if one.reason == reason]
        yield from (line(f"{one.path}:{one.line}", dim(f" {one.what}"), indent=2) for one in some[:_SHOWN])
        if len(some) > _SHOWN:
            yield line(dim(f"and {len(some) - _SHOWN} more; --json names all"), indent=2)
