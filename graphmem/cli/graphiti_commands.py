"""Commands for the graph that graphiti's clients read, in the same Neo4j database as the memories."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from graphmem.cli.blocks import Block, Line, Look, Span, Table, dim, line
from graphmem.cli.options import Call, tenant_options
from graphmem.cli.output import give, progress

if TYPE_CHECKING:
    from graphmem.projection.values import Group
    from graphmem.service.projector import ProjectionStatus, Projector


@click.group()
def graphiti() -> None:
    """Maintain a graph of a tenant's memories for clients of graphiti, on a Neo4j server; off by default.

    The graph has entities and facts with graphiti's own labels and dates, and is updated after every write. It is for
    reading only: changes by graphiti are not read back.
    """


@graphiti.command()
@tenant_options
def on(*, call: Call) -> None:
    """Create the graph of the tenant's memories, and update it after every write."""
    with _projector(call) as (projector, tenant), progress("projecting") as tell:
        status = projector.switch_on(tenant, tell)
    _give(call, status)


@graphiti.command()
@tenant_options
def off(*, call: Call) -> None:
    """Remove the tenant's graph; the memories stay."""
    with _projector(call) as (projector, tenant):
        status = projector.switch_off(tenant)
    _give(call, status)


@graphiti.command()
@tenant_options
def sync(*, call: Call) -> None:
    """Bring the graph up to date, for example after a crash or a copy. Every write does this too."""
    with _projector(call) as (projector, tenant), progress("projecting") as tell:
        status = projector.sync(tenant, tell)
    _give(call, status)


@graphiti.command()
@tenant_options
def rebuild(*, call: Call) -> None:
    """Remove the graph and build it from the whole ledger; until then graphiti finds only a part."""
    with _projector(call) as (projector, tenant), progress("projecting") as tell:
        status = projector.rebuild(tenant, tell)
    _give(call, status)


@graphiti.command(name="status")
@tenant_options
def show_status(*, call: Call) -> None:
    """Show whether the graph is on, its ledger position, and its group ids for graphiti."""
    with _projector(call) as (projector, tenant):
        status = projector.status(tenant)
    _give(call, status)


@contextmanager
def _projector(call: Call) -> Iterator[tuple[Projector, str]]:
    from graphmem.config import load_settings, locate
    from graphmem.opening import open_projector

    settings = load_settings()
    with open_projector(locate(call.url, settings), settings) as projector:
        yield projector, call.scope_parts.get("tenant") or settings.tenant


def _give(call: Call, status: ProjectionStatus) -> None:
    give(call, status, lambda _: _lines(status))


def _lines(status: ProjectionStatus) -> Iterator[Block]:
    if not status.is_on:
        yield line(f"{status.tenant}: off", dim(" · graphmem graphiti on creates the graph"))
        return
    yield line(f"{status.tenant}: on", dim(f" · position {status.position} of {status.ledger}"))
    if status.position != status.ledger:
        yield line(Span("the graph is behind the ledger; run: graphmem graphiti sync", Look.WARN))
    if status.groups:
        yield Table(("group_id", "repository", "user", "environment", "memories"), tuple(map(_row, status.groups)))


def _row(group: Group) -> tuple[Line, ...]:
    cells = (group.group_id, group.repo or "", group.user or "", group.environment or "", str(group.memories))
    return tuple(line(cell) for cell in cells)
