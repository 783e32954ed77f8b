"""Commands that read sources in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from graphmem.cli.blocks import Block, Look, Span, dim, line
from graphmem.cli.first_seen import first_commits, work_tree
from graphmem.cli.options import Call, placed, written
from graphmem.cli.output import give, progress

if TYPE_CHECKING:
    from graphmem.service import IngestReport, Write

_PATH = click.Path(path_type=Path)


@click.group()
def ingest() -> None:
    """Read a source in: what is new is added, what was edited changes, the rest is left alone."""


@ingest.command("decisions")
@click.argument("paths", type=_PATH, nargs=-1, required=True, metavar="PATH...")
@click.option("--root", type=_PATH, help="Files are known by their path below this folder. [default: the repository]")
@written
@placed
def decisions(*, call: Call, paths: tuple[Path, ...], root: Path | None, write: Write) -> None:
    """Decision records in files and folders: Nygard, MADR, PEP and KEP headers.

    Records without a date get that of their first commit. What cannot be understood is reported with file and line,
    and stops nothing else.
    """
    from graphmem.ingestion.decisions import read_decisions

    base = root or root_of(paths)
    reading = read_decisions(paths, root=base, dates=dates_below(base), read_at=datetime.now(UTC))
    with call.open() as memory, progress("ingest") as tell:
        report = memory.ingest(reading, write=replace(write, source=write.source or "decisions"), progress=tell)
    give(call, report, lambda _: _report_lines(report))


def root_of(paths: Sequence[Path]) -> Path | None:
    """The folder below which paths stay the same wherever the command is run: their repository, if it is one."""
    trees = {work_tree(path if path.is_dir() else path.parent) for path in paths}
    return trees.pop() if len(trees) == 1 else None


def dates_below(root: Path | None) -> dict[str, datetime]:
    """First commits by path below a folder."""
    tree = None if root is None else work_tree(root)
    if root is None or tree is None:
        return {}
    below = root.resolve().relative_to(tree)
    prefix = "" if below == Path() else f"{below.as_posix()}/"
    return {path.removeprefix(prefix): at for path, at in first_commits(tree).items() if path.startswith(prefix)}


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
