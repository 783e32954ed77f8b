"""The command that copies memories from a store to another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from graphmem.cli.blocks import Block, Look, Span, dim, line
from graphmem.cli.options import Call, bundle, output_options
from graphmem.cli.output import give, note, progress
from graphmem.deferred_dataclass import dataclass

if TYPE_CHECKING:
    from graphmem.service.store_copy import CopyResult


@dataclass(frozen=True, slots=True)
class TenantChoice:
    """The tenants to copy: one by name, that of the settings, or all."""

    tenant: str | None
    is_all: bool


def _read_tenants(*, tenant: str | None, all_tenants: bool) -> TenantChoice:
    if all_tenants and tenant is not None:
        raise click.UsageError("--tenant and --all-tenants exclude each other: give one of the two")
    return TenantChoice(tenant, all_tenants)


_tenant_options = bundle(
    "tenants",
    {
        "tenant": click.option("--tenant", metavar="NAME", help="Tenant to copy. [default: that of the settings]"),
        "all_tenants": click.option("--all-tenants", is_flag=True, help="Copy every tenant."),
    },
    _read_tenants,
)


@click.command()
@click.argument("source")
@click.argument("target")
@_tenant_options
@click.option(
    "--samples",
    type=click.IntRange(0),
    default=50,
    show_default=True,
    help="Number of points on both time axes at which the stores' answers are compared.",
)
@output_options
@click.pass_context
def copy(ctx: click.Context, /, *, call: Call, source: str, target: str, tenants: TenantChoice, samples: int) -> None:
    """Copy memories with their whole ledger and vectors from SOURCE to TARGET, and verify the copy.

    Each is a path, sqlite:///path or a server as neo4j://host:7687/database; TARGET is created if it does not exist.
    The ledger is copied verbatim, so both stores give equal answers at every point in time. The command compares them
    at sampled points and exits with 1 if any differ. SOURCE is only read.

    If it is interrupted, run the same command again: it continues. Until then the tenant at TARGET accepts no other
    writes. The login of servers is GRAPHMEM_NEO4J_USER and _PASSWORD; for SOURCE, GRAPHMEM_SOURCE_NEO4J_USER and
    _PASSWORD if these are set.
    """
    try:
        done = _copied(source, target, tenants, samples)
    except KeyboardInterrupt:
        note("to continue, run the same command again")
        raise
    give(call, {"tenants": done}, lambda _: _lines(done))
    if any(copied.findings for copied in done):
        ctx.exit(1)


def _copied(source: str, target: str, tenants: TenantChoice, samples: int) -> list[CopyResult]:
    from graphmem.config import load_settings
    from graphmem.opening import open_ends, utc_now
    from graphmem.service.store_copy import copy as copy_all

    settings = load_settings()
    with open_ends(source, target, settings) as (origin, destination), progress("copy") as tell:
        names = origin.tenants() if tenants.is_all else [tenants.tenant or settings.tenant]
        return copy_all(origin, destination, names, count=samples, progress=tell, clock=utc_now)


def _lines(done: Sequence[CopyResult]) -> Iterator[Block]:
    if not done:
        yield line("the source has no memories to copy")
    for copied in done:
        written = "all copied before" if not copied.written else f"{copied.written:,} copied now"
        yield line(
            f"{copied.tenant}: {copied.entries:,} ledger entries", dim(f" · {written} · {copied.vectors:,} vectors")
        )
        if not copied.has_all_vectors:
            yield line(Span("  the target has vectors of another model; run on it: graphmem reindex", Look.WARN))
        for finding in copied.findings:
            yield line("  ", Span(f"{finding.area}: ", Look.BAD), finding.what)
        if not copied.findings:
            yield line(Span(f"  equal answers at {copied.points} points", Look.GOOD))
