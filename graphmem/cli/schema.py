"""Commands about the schema of a store: how far it is, what differs, and bringing it to this release."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

import click

from graphmem.cli.blocks import Block, Look, Span, dim, line
from graphmem.cli.options import Call, located
from graphmem.cli.output import give, progress
from graphmem.errors import Unsupported

if TYPE_CHECKING:
    from graphmem.schema import Schema, SchemaDifference, SchemaState, VectorIndex


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


@schema.command()
@click.argument("switch", type=click.Choice(["on", "off"]))
@located
def vectors(*, call: Call, switch: str) -> None:
    """Make an approximate index of vectors on a Neo4j server and measure its recall, or remove it.

    Searches use it where GRAPHMEM_VECTORS is `approximate`. `on` can be repeated: it goes on where it stopped.
    """
    from graphmem.schema import IndexedSchema

    with closing(_schema(call)) as found:
        indexed = found if isinstance(found, IndexedSchema) else None
        if switch == "off":
            if indexed is not None:
                indexed.drop_vector_index()
            give(call, {"indexes": {}}, lambda _: [line("no index of vectors; they are compared exactly")])
            return
        if indexed is None:
            raise Unsupported("this store compares vectors exactly at every size: it has no index of them")
        with progress("indexing vectors") as tell:
            indexes = indexed.index_vectors(tell)
    give(call, {"indexes": indexes}, lambda _: _index_lines(indexes))


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


def _index_lines(indexes: Mapping[str, VectorIndex]) -> Iterator[Block]:
    for name, one in indexes.items():
        place = f"{name}: " if name else ""
        yield line(f"{place}recall {one.recall:.1%}", dim(f" of {one.neighbours} nearest, {one.sample} samples"))


def _difference_lines(differences: Sequence[SchemaDifference]) -> Iterator[Block]:
    for one in differences:
        yield line(Span(f"{one.drift.value} ", Look.BAD), one.name, dim(f"  {one.what}"))
    if not differences:
        yield line(Span("the schema is as this release has it", Look.GOOD))
