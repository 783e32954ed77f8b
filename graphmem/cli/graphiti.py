"""Commands about the graph that graphiti reads, beside the memories of a tenant on a Neo4j server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from graphmem.cli.blocks import Block, Line, Look, Span, Table, dim, line
from graphmem.cli.options import Call, owned
from graphmem.cli.output import give, progress

if TYPE_CHECKING:
    from graphmem.projection.model import Group
    from graphmem.service.projecting import ProjectionStatus, Projector


@click.group()
def graphiti() -> None:
    """Show a tenant's memories to clients of graphiti, on a Neo4j server; off unless switched on.

    Entities and facts with graphiti's own names and dates stand beside the memories and follow every write. They are
    for reading: what graphiti writes there is not read back.
    """


@graphiti.command()
@owned
def on(*, call: Call) -> None:
    """Show the tenant's memories from now on, and all that is there."""
    with _projector(call) as (projector, tenant), progress("projecting") as tell:
        status = projector.switch_on(tenant, tell)
    _give(call, status)


@graphiti.command()
@owned
def off(*, call: Call) -> None:
    """Remove what graphiti reads of the tenant; the memories stay."""
    with _projector(call) as (projector, tenant):
        status = projector.switch_off(tenant)
    _give(call, status)


@graphiti.command()
@owned
def sync(*, call: Call) -> None:
    """Show what was written since, as after a crash or a copy; every write of a process does it too."""
    with _projector(call) as (projector, tenant), progress("projecting") as tell:
        status = projector.sync(tenant, tell)
    _give(call, status)


@graphiti.command()
@owned
def rebuild(*, call: Call) -> None:
    """Remove it and make it again from the whole ledger; graphiti finds less until that is done."""
    with _projector(call) as (projector, tenant), progress("projecting") as tell:
        status = projector.rebuild(tenant, tell)
    _give(call, status)


@graphiti.command(name="status")
@owned
def show_status(*, call: Call) -> None:
    """Whether it is on, how far it is, and the group ids by which graphiti asks for it."""
    with _projector(call) as (projector, tenant):
        status = projector.status(tenant)
    _give(call, status)


@contextmanager
def _projector(call: Call) -> Iterator[tuple[Projector, str]]:
    from graphmem.config import load_settings, locate
    from graphmem.opening import open_projector

    settings = load_settings()
    with open_projector(locate(call.url, settings), settings) as projector:
        yield projector, call.stands.get("tenant") or settings.tenant


def _give(call: Call, status: ProjectionStatus) -> None:
    give(call, status, lambda _: _lines(status))


def _lines(status: ProjectionStatus) -> Iterator[Block]:
    if not status.is_on:
        yield line(f"{status.tenant}: off", dim(" · graphmem graphiti on shows its memories to graphiti"))
        return
    yield line(f"{status.tenant}: on", dim(f" · position {status.position} of {status.ledger}"))
    if status.position != status.ledger:
        yield line(Span("behind its ledger; run: graphmem graphiti sync", Look.WARN))
    if status.groups:
        yield Table(("group_id", "repository", "user", "environment", "memories"), tuple(map(_row, status.groups)))


def _row(group: Group) -> tuple[Line, ...]:
    cells = (group.group_id, group.repo or "", group.user or "", group.environment or "", str(group.memories))
    return tuple(line(cell) for cell in cells)
