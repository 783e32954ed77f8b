"""The command that explains what is broken between here and an answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from graphmem.cli.blocks import Block, Look, Span, dim, line
from graphmem.cli.options import Call, located
from graphmem.cli.output import give

if TYPE_CHECKING:
    from graphmem.doctor import Link

_LOOKS = {"ok": Look.GOOD, "warn": Look.WARN, "broken": Look.BAD}
_NAME_CELLS = 14


@click.command()
@click.option("--host", metavar="ADDRESS", help="Look also whether graphmem serve would listen on it.")
@click.option("--port", type=click.IntRange(1, 65535), default=7470, show_default=True, help="Look whether it is free.")
@located
@click.pass_context
def doctor(ctx: click.Context, /, *, call: Call, host: str | None, port: int) -> None:
    """Look at every link between here and an answer, and name the command that mends each broken one.

    Settings, project, store, schema, model, keys, port, server, agents. Nothing is changed, and no secret is shown.
    Exits with 1 if anything is broken.
    """
    from graphmem.doctor import Health, examine

    links = list(examine(call.url, host=host, port=port))
    is_whole = all(one.health is not Health.BROKEN for one in links)
    give(call, {"links": links, "is_whole": is_whole}, lambda _: _lines(links))
    if not is_whole:
        ctx.exit(1)


def _lines(links: Sequence[Link]) -> Iterator[Block]:
    for one in links:
        fix = "" if one.fix is None else f"  fix: {one.fix}"
        health = Span(f"{one.health.value:7}", _LOOKS[one.health.value])
        yield line(health, f"{one.name:{_NAME_CELLS}}", one.found, dim(fix))
