"""Commands for the schema of a store: its version, its differences, and its migration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

import click

from graphmem.cli.blocks import Block, Look, Span, dim, line
from graphmem.cli.options import Call, store_options
from graphmem.cli.output import give, progress
from graphmem.errors import Unsupported

if TYPE_CHECKING:
    from graphmem.schema import Schema, SchemaDifference, SchemaState, VectorIndex


@click.group()
def schema() -> None:
    """Show or migrate the tables, constraints and indexes of a store."""


@schema.command()
@store_options
def status(*, call: Call) -> None:
    """Show applied and pending migrations."""
    with closing(_schema(call)) as store_schema:
        state = store_schema.status()
    give(call, state, lambda _: _state_lines(state))


@schema.command()
@store_options
def apply(*, call: Call) -> None:
    """Apply pending migrations; safe to repeat, and to run in several processes at once."""
    with closing(_schema(call)) as store_schema:
        state = store_schema.apply()
    give(call, state, lambda _: _state_lines(state))


@schema.command()
@store_options
@click.pass_context
def diff(ctx: click.Context, /, *, call: Call) -> None:
    """Compare the store's schema with the migrations; exits with 1 if anything differs."""
    with closing(_schema(call)) as store_schema:
        differences = store_schema.diff()
    give(call, {"differences": differences}, lambda _: _difference_lines(differences))
    if differences:
        ctx.exit(1)


@schema.command()
@click.argument("switch", type=click.Choice(["on", "off"]))
@store_options
def vectors(*, call: Call, switch: str) -> None:
    """Create an approximate index of vectors on a Neo4j server and measure its recall, or remove it.

    Searches use it if GRAPHMEM_VECTORS is `approximate`. `on` can be repeated: it continues an interrupted run.
    """
    from graphmem.schema import IndexedSchema

    with closing(_schema(call)) as store_schema:
        indexed = store_schema if isinstance(store_schema, IndexedSchema) else None
        if switch == "off":
            if indexed is not None:
                indexed.drop_vector_index()
            give(call, {"indexes": {}}, lambda _: [line("no index of vectors; vectors are compared exactly")])
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
    for name, index in indexes.items():
        prefix = f"{name}: " if name else ""
        yield line(f"{prefix}recall {index.recall:.1%}", dim(f" of {index.neighbours} nearest, {index.sample} samples"))


def _difference_lines(differences: Sequence[SchemaDifference]) -> Iterator[Block]:
    for difference in differences:
        yield line(Span(f"{difference.drift.value} ", Look.BAD), difference.name, dim(f"  {difference.what}"))
    if not differences:
        yield line(Span("the schema matches this release", Look.GOOD))
