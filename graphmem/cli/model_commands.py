"""Commands for the model that computes vectors: its state and its verification."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from graphmem.cli.blocks import Block, Look, Span, dim, line
from graphmem.cli.options import Call, output_options, tenant_options
from graphmem.cli.output import give
from graphmem.errors import GraphMemError

if TYPE_CHECKING:
    from graphmem.retrieval.verification import ModelState, Part

_NAME_CELLS = 10


@click.group()
def model() -> None:
    """Show or verify the model that computes vectors, for search by meaning."""


@model.command()
@tenant_options
def status(*, call: Call) -> None:
    """Show the model that computes vectors, its files, and the model of the store's vectors.

    Loads no weights except those of sentence-transformers, and downloads nothing. Always exits with 0.
    """
    from graphmem.config import load_settings
    from graphmem.retrieval.verification import model_state

    settings = load_settings()
    state = model_state(settings.embeddings, settings.model)
    store = _store_state(call, state)
    give(call, {"model": state, "store": store}, lambda _: _status_lines(state, store))


@model.command()
@output_options
@click.pass_context
def verify(ctx: click.Context, /, *, call: Call) -> None:
    """Hash the weights, tokenizer and graph, run the model on a sentence, and print a fix for each fault.

    Exits with 0 if all files are as published, or if vectors are switched off; with 1 if any differs or is missing.
    """
    from graphmem.config import load_settings
    from graphmem.retrieval.verification import verify as verified

    settings = load_settings()
    parts = list(verified(settings.embeddings, settings.model))
    is_sound = all(part.is_sound for part in parts)
    answer = {"backend": settings.embeddings, "parts": parts, "is_whole": is_sound}
    give(call, answer, lambda _: _part_lines(parts))
    if not is_sound:
        ctx.exit(1)


def _store_state(call: Call, state: ModelState) -> dict[str, Any] | None:
    """Return the store's vectors and their model; None if there is no store."""
    from graphmem.errors import NotFound

    try:
        with call.open() as memory:
            info = memory.status()
    except NotFound:
        return None
    except GraphMemError as problem:
        return {"problem": str(problem)}
    fits = None if info.model is None or state.card is None else info.model == state.card
    return {"url": info.url, "model": info.model, "vectors": info.vectors, "memories": info.memories, "is_ours": fits}


def _status_lines(state: ModelState, store: dict[str, Any] | None) -> Iterator[Block]:
    yield _row("backend", *_backend(state))
    if state.package:
        yield _row("package", f"{state.package} {state.version}")
    if state.folder:
        yield _row("folder", str(state.folder))
    for file in state.files:
        is_original = file.sha256 == file.original
        verdict = Span("as published", Look.GOOD) if is_original else Span("differs from the published file", Look.BAD)
        shown = f"{file.path}, part of graphmem" if file.name == "graph" else file.path.name
        yield _row(file.name, f"{shown}, sha256 {file.sha256 or 'unreadable'}, ", verdict)
    if state.card is not None and not state.files:
        yield _row("weights", f"sha256 {state.card.weights_hash}")
    if state.runtime:
        yield _row("runtime", ", ".join(f"{name} {version}" for name, version in state.runtime.items()))
    yield _row("store", *_store(store))


def _backend(state: ModelState) -> Iterator[str | Span]:
    if state.card is not None:
        yield f"{state.backend}: {state.card.name}, {state.card.dimension} dimensions"
    elif state.backend == "off":
        yield "off, by GRAPHMEM_EMBEDDINGS: search is by words alone"
    else:
        yield f"{state.backend}: "
        yield Span(state.problem or "", Look.WARN)
        yield dim(f"  fix: {state.fix}" if state.fix else "")


def _store(store: dict[str, Any] | None) -> Iterator[str | Span]:
    if store is None:
        yield "no store found"
    elif "problem" in store:
        yield Span(store["problem"], Look.WARN)
    elif store["model"] is None:
        yield f"{store['url']}, no vectors yet for {store['memories']:,} memories"
    else:
        yield f"{store['url']}, {store['vectors']:,} vectors of {store['model'].name}"
        if store["is_ours"] is False:
            yield Span(", another model; run: graphmem reindex", Look.BAD)


def _part_lines(parts: Sequence[Part]) -> Iterator[Block]:
    for part in parts:
        health = Span("ok     ", Look.GOOD) if part.is_sound else Span("broken ", Look.BAD)
        yield line(health, f"{part.name:{_NAME_CELLS}}", part.found, dim(f"  fix: {part.fix}" if part.fix else ""))
    if not parts:
        yield line("vectors are switched off by GRAPHMEM_EMBEDDINGS: nothing to verify")


def _row(head: str, *parts: str | Span) -> Block:
    return line(dim(f"{head:{_NAME_CELLS}}"), *parts)
