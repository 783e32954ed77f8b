"""The command that finds faults in the setup."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from graphmem.cli.blocks import Block, Look, Span, dim, line
from graphmem.cli.options import Call, store_options
from graphmem.cli.output import give

if TYPE_CHECKING:
    from graphmem.doctor import CheckedLink

_LOOKS = {"ok": Look.GOOD, "warn": Look.WARN, "broken": Look.BAD}
_NAME_CELLS = 14


@click.command()
@click.option("--host", metavar="ADDRESS", help="Also check whether graphmem serve would listen on it.")
@click.option(
    "--port", type=click.IntRange(1, 65535), default=7470, show_default=True, help="Check whether this port is free."
)
@store_options
@click.pass_context
def doctor(ctx: click.Context, /, *, call: Call, host: str | None, port: int) -> None:
    """Check every part of the setup, and print the command that fixes each broken part.

    Checked are settings, project, store, schema, model, keys, port, server, agents, git hooks and the entries in the
    settings of coding agents, whose hooks are run with a sample. Nothing is changed, and no secret is shown. Exits
    with 1 if anything is broken.
    """
    from graphmem.doctor import LinkHealth, examine

    links = list(examine(call.url, host=host, port=port))
    is_healthy = all(link.health is not LinkHealth.BROKEN for link in links)
    give(call, {"links": links, "is_whole": is_healthy}, lambda _: _lines(links))
    if not is_healthy:
        ctx.exit(1)


def _lines(links: Sequence[CheckedLink]) -> Iterator[Block]:
    for link in links:
        fix = "" if link.fix is None else f"  fix: {link.fix}"
        health = Span(f"{link.health.value:7}", _LOOKS[link.health.value])
        yield line(health, f"{link.name:{_NAME_CELLS}}", link.found, dim(fix))
