"""The command that moves memories from one store into another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from graphmem.cli.blocks import Block, Look, Span, dim, line
from graphmem.cli.options import Call, answered, bundle
from graphmem.cli.output import give, note, progress

if TYPE_CHECKING:
    from graphmem.service.copying import Copied


@dataclass(frozen=True, slots=True)
class Whose:
    """Which tenants are meant: one by name, that of the settings, or all."""

    tenant: str | None
    is_all: bool


def _read_whose(*, tenant: str | None, all_tenants: bool) -> Whose:
    if all_tenants and tenant is not None:
        raise click.UsageError("--tenant names one, --all-tenants takes every one: give one of the two")
    return Whose(tenant, all_tenants)


_whose = bundle(
    "whose",
    {
        "tenant": click.option("--tenant", metavar="NAME", help="Whose memories. [default: that of the settings]"),
        "all_tenants": click.option("--all-tenants", is_flag=True, help="Everybody's."),
    },
    _read_whose,
)


@click.command()
@click.argument("source")
@click.argument("target")
@_whose
@click.option(
    "--samples",
    type=click.IntRange(0),
    default=50,
    show_default=True,
    help="At how many points in both times the answers of both are compared.",
)
@answered
@click.pass_context
def copy(ctx: click.Context, /, *, call: Call, source: str, target: str, whose: Whose, samples: int) -> None:
    """Copy memories with their whole ledger and vectors from SOURCE to TARGET, and verify the copy.

    Each is a path, sqlite:///path or a server as neo4j://host:7687/database; TARGET is made if it is not there. The
    ledger is copied verbatim, so both answer alike at every point: that is tried at sampled points, and the command
    exits with 1 if they differ anywhere. SOURCE is only read.

    If it is interrupted, run the same command again: it goes on where it stopped. Until then the tenant at TARGET takes
    no other writes. Servers are logged in to with GRAPHMEM_NEO4J_USER and _PASSWORD, SOURCE with
    GRAPHMEM_SOURCE_NEO4J_USER and _PASSWORD if these are set.
    """
    try:
        done = _copied(source, target, whose, samples)
    except KeyboardInterrupt:
        note("to go on, run the same command again")
        raise
    give(call, {"tenants": done}, lambda _: _lines(done))
    if any(one.findings for one in done):
        ctx.exit(1)


def _copied(source: str, target: str, whose: Whose, samples: int) -> list[Copied]:
    from graphmem.config import load_settings
    from graphmem.opening import open_ends, utc_now
    from graphmem.service.copying import copy as copy_all

    settings = load_settings()
    with open_ends(source, target, settings) as (one, other), progress("copy") as tell:
        names = one.tenants() if whose.is_all else [whose.tenant or settings.tenant]
        return copy_all(one, other, names, count=samples, progress=tell, clock=utc_now)


def _lines(done: Sequence[Copied]) -> Iterator[Block]:
    if not done:
        yield line("there is nothing to copy")
    for one in done:
        written = "all there before" if not one.written else f"{one.written:,} copied now"
        yield line(f"{one.tenant}: {one.entries:,} ledger entries", dim(f" · {written} · {one.vectors:,} vectors"))
        if not one.has_all_vectors:
            yield line(Span("  the target's vectors are of another model; run there: graphmem reindex", Look.WARN))
        for finding in one.findings:
            yield line("  ", Span(f"{finding.area}: ", Look.BAD), finding.what)
        if not one.findings:
            yield line(Span(f"  both answer alike at {one.points} points", Look.GOOD))
