"""Commands about the schema of a store: how far it is, what differs, and bringing it to this release."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

import click

from graphmem.cli.blocks import Block, Look, Span, dim, line
from graphmem.cli.options import Call, located
from graphmem.cli.output import give

if TYPE_CHECKING:
    from graphmem.store import Schema, SchemaDifference, SchemaState


@click.group()
def schema() -> None:
    """What a store's tables, constraints and indexes are, against what this release needs."""


@schema.command()
@located
def status(*, call: Call) -> None:
    """Which migrations were applied, and which are pending."""
    with closing(_schema(call)) as found:
        state = found.status()
    give(call, state, lambda _: _state_lines(state))


@schema.command()
@located
def apply(*, call: Call) -> None:
    """Apply what is pending; changes nothing if nothing is, and may run in several places at once."""
    with closing(_schema(call)) as found:
        state = found.apply()
    give(call, state, lambda _: _state_lines(state))


@schema.command()
@located
@click.pass_context
def diff(ctx: click.Context, /, *, call: Call) -> None:
    """What the store has against what the migrations say; exits with 1 if anything differs."""
    with closing(_schema(call)) as found:
        differences = found.diff()
    give(call, {"differences": differences}, lambda _: _difference_lines(differences))
    if differences:
        ctx.exit(1)


def _schema(call: Call) -> Schema:
    from graphmem.config import load_settings, locate
    from graphmem.opening import open_schema

    settings = load_settings()
    return open_schema(locate(call.url, settings), settings)


def _state_lines(state: SchemaState) -> Iterator[Block]:
    yield line(dim("version "), str(state.version), dim(f" of {state.latest}"))
    for name in state.pending:
        yield line(Span("pending ", Look.WARN), name)
    if state.pending:
        yield line(dim("run: graphmem schema apply"))


def _difference_lines(differences: Sequence[SchemaDifference]) -> Iterator[Block]:
    for one in differences:
        yield line(Span(f"{one.drift.value} ", Look.BAD), one.name, dim(f"  {one.what}"))
    if not differences:
        yield line(Span("the schema is as this release has it", Look.GOOD))
