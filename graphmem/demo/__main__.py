"""`python -m graphmem.demo`: true facts, six questions that plain search gets wrong, and the answers with chains."""

from __future__ import annotations

import io
import shutil
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import click

import graphmem
from graphmem import GraphMemory, Scope
from graphmem.cli.painting import paint, paint_rich
from graphmem.demo.facts import ReplayClock, last_day, load_facts, replay
from graphmem.demo.page import Demo
from graphmem.drafts import make_private_folder
from graphmem.sources.decisions import read_decisions

_RECORDS = Path(__file__).parents[2] / "docs" / "decisions"
_SVG_COLUMNS = 120


@click.command()
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(".demo"),
    show_default=True,
    help="Where the store is made anew, and left for you to ask more of.",
)
@click.option("--svg", type=click.Path(path_type=Path, dir_okay=False), help="Also write the page as a picture.")
def main(folder: Path, svg: Path | None) -> None:
    """Six questions that plain search gets wrong, asked of true facts."""
    with closing(prepare(folder)) as memory:
        demo = Demo(memory, has_records=_RECORDS.is_dir())
        paint(demo.page)
        if svg is not None:
            draw(demo, svg)
    click.echo(f'ask more: graphmem search --url {folder / "memory.db"} "your question"', err=True)


def prepare(folder: Path) -> GraphMemory:
    """A fresh memory in a folder, to which the facts were told at the times of their sources."""
    shutil.rmtree(folder, ignore_errors=True)
    make_private_folder(folder)
    (folder / ".gitignore").write_text("*\n", encoding="utf-8")
    clock = ReplayClock()
    memory = graphmem.open(str(folder / "memory.db"), scope=Scope(), actor="demo", clock=clock, create=True)
    facts = load_facts()
    replay(facts, memory, clock)
    clock.now = max(last_day(facts), clock.now) + timedelta(days=1)
    clock.now = tell_records(memory, clock.now)
    return memory


def tell_records(memory: GraphMemory, now: datetime) -> datetime:
    """Bring in this project's own decisions, if they are at hand; returns the day after the last of them."""
    if not _RECORDS.is_dir():
        return now
    reading = read_decisions([_RECORDS], root=_RECORDS.parents[1], read_at=now)
    memory.ingest(reading)
    last = max((move.at for one in reading.observations for move in one.moves), default=now)
    return max(now, last + timedelta(days=1))


def draw(demo: Demo, target: Path) -> None:
    """Write the page as it looks on a terminal into an SVG file."""
    from rich.console import Console

    console = Console(record=True, width=_SVG_COLUMNS, file=io.StringIO(), force_terminal=True, highlight=False)
    paint_rich(demo.page(_SVG_COLUMNS), console)
    target.write_text(console.export_svg(title="graphmem"), encoding="utf-8")


if __name__ == "__main__":
    main()
