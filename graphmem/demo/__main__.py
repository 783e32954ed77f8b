"""`python -m graphmem.demo`: six questions about true facts, and the task of an agent from its block to a warning."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import click

import graphmem
from graphmem import GraphMemory, Scope
from graphmem.cli.block_output import paint, paint_rich
from graphmem.cli.blocks import Block
from graphmem.config import load_settings
from graphmem.demo import invoices
from graphmem.demo.clone import ClonePart, clone_lines, read_clone
from graphmem.demo.facts import ReplayClock, last_day, load_facts, replay
from graphmem.demo.kept_vectors import KeptVectors
from graphmem.demo.loop import loop_lines, open_project
from graphmem.demo.page import Demo
from graphmem.drafts import make_private_folder
from graphmem.opening import installed_backend
from graphmem.sources.decisions import read_decisions

_ROOT = Path(__file__).parents[2]
_RECORDS = _ROOT / "docs" / "decisions"
_SVG_COLUMNS = 120


@click.command()
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(".demo"),
    show_default=True,
    help="Folder of the store; it is created again, and kept for more questions.",
)
@click.option("--svg", type=click.Path(path_type=Path, dir_okay=False), help="Also write the page as an SVG picture.")
def main(folder: Path, svg: Path | None) -> None:
    """Six questions about true facts that plain search answers wrongly, and the task of an agent."""
    vectors = KeptVectors(folder / "vectors.npz")
    with closing(prepare(folder, vectors)) as memory:
        part = read_clone(memory, _ROOT, datetime.now(UTC))
        clone = None if part is None else partial(_clone_lines, part)
        demo = Demo(memory, has_records=_RECORDS.is_dir(), clone=clone)
        paint(demo.page)
        with open_project(str(folder / "shop.db")) as project:
            paint(lambda _: loop_lines(project))
        if svg is not None:
            draw(demo, svg)
    vectors.save()
    click.echo(f'ask more: graphmem search --url {folder / "memory.db"} "your question"', err=True)
    shop = f"--url {folder / 'shop.db'} --repo {invoices.REPO}"
    click.echo(f'          graphmem context {shop} "{invoices.TASK}" --path {invoices.PATHS[0]}', err=True)


def prepare(folder: Path, vectors: KeptVectors) -> GraphMemory:
    """Create a memory in a folder and record the facts at the times of their sources."""
    shutil.rmtree(folder, ignore_errors=True)
    make_private_folder(folder)
    (folder / ".gitignore").write_text("*\n", encoding="utf-8")
    clock = ReplayClock()
    embedder = vectors.around(installed_backend(load_settings()))
    url = str(folder / "memory.db")
    memory = graphmem.open(url, scope=Scope(), actor="demo", clock=clock, embedder=embedder, create=True)
    facts = load_facts()
    replay(facts, memory, clock)
    clock.now = max(last_day(facts), clock.now) + timedelta(days=1)
    clock.now = ingest_records(memory, clock.now)
    return memory


def ingest_records(memory: GraphMemory, now: datetime) -> datetime:
    """Ingest this project's own decision records if they are present; returns the day after the last of them."""
    if not _RECORDS.is_dir():
        return now
    reading = read_decisions([_RECORDS], root=_RECORDS.parents[1], read_at=now)
    memory.ingest(reading)
    last = max((move.at for observation in reading.observations for move in observation.moves), default=now)
    return max(now, last + timedelta(days=1))


def _clone_lines(part: ClonePart, memory: GraphMemory) -> Iterator[Block]:
    return clone_lines(memory, _ROOT, part, datetime.now(UTC))


def draw(demo: Demo, target: Path) -> None:
    """Write the page as shown on a terminal to an SVG file."""
    from rich.console import Console

    console = Console(record=True, width=_SVG_COLUMNS, file=io.StringIO(), force_terminal=True, highlight=False)
    paint_rich(demo.page(_SVG_COLUMNS), console)
    target.write_text(console.export_svg(title="graphmem"), encoding="utf-8")


if __name__ == "__main__":
    main()
