"""The page of a file's life."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from graphmem.cli.blocks import Block, Look, Span, dim, line, strong
from graphmem.cli.phrases import point_line
from graphmem.repository.file_places import WEAK_BELOW
from graphmem.retrieval.relation_phrases import day

if TYPE_CHECKING:
    from graphmem.model import At
    from graphmem.repository.file_lives import FilePath
    from graphmem.service.file_life import FileLives

_SHA_CHARS = 10


def file_life_page(answer: FileLives, at: At) -> Iterator[Block]:
    """Yield the paths of each file that had the path, the latest file first."""
    for life in answer.lives:
        yield line(strong(life.now or life.paths[-1].path), dim("" if life.now else "  deleted"))
        for path in life.paths:
            until = "now" if path.end is None else day(path.end)
            yield line(f"{day(path.start)} to {until}  ", path.path, dim(f"  {_how(path)}"), _doubt(path), indent=2)
    if not answer.lives:
        yield line("No file of that path was read. graphmem ingest git reads a repository.")
    yield point_line(answer.at, at)


def _how(path: FilePath) -> str:
    alike = "" if path.similarity is None else f", {path.similarity} % alike"
    return f"{path.origin.value} by {path.commit[:_SHA_CHARS]}{alike}"


def _doubt(path: FilePath) -> Span:
    is_weak = path.similarity is not None and path.similarity < WEAK_BELOW
    return Span("  look at it: less than 60 % stayed" if is_weak else "", Look.WARN)
