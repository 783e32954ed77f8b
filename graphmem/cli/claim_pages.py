"""The page of the claims in force."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from graphmem.cli.blocks import Block, Look, Span, dim, line, strong
from graphmem.cli.phrases import second

if TYPE_CHECKING:
    from graphmem.claims.work_claim import ClaimStep, WorkClaim
    from graphmem.service.claim_answers import ClaimListing

_INDENT = 2
_MOST_PATHS = 5


def claims_page(listing: ClaimListing) -> Iterator[Block]:
    """Yield each claim with its holder, its end, its paths, what it overlaps, and its history."""
    for claim in listing.claims:
        yield from _claim(claim)
    if listing.more:
        yield line(f"and {listing.more} more; --limit shows more")
    if not listing.claims:
        yield line("No claims.")


def _claim(claim: WorkClaim) -> Iterator[Block]:
    until = "without an end" if claim.until is None else f"until {second(claim.until)}"
    yield line(Span(claim.id, Look.ID), " ", strong(claim.actor), f"  {claim.task}  ", dim(until))
    if claim.paths:
        more = f" and {len(claim.paths) - _MOST_PATHS} more" if len(claim.paths) > _MOST_PATHS else ""
        yield line(f"on {', '.join(claim.paths[:_MOST_PATHS])}{more}", indent=_INDENT)
    if claim.works_on:
        yield line("works on ", Span(claim.works_on, Look.ID), indent=_INDENT)
    if claim.overlaps:
        yield line(Span("overlaps ", Look.WARN), Span(" ".join(claim.overlaps), Look.ID), indent=_INDENT)
    for step in claim.steps:
        yield line(dim(_step(step)), indent=_INDENT)


def _step(step: ClaimStep) -> str:
    note = f": {' '.join(step.note.split())}" if step.note else ""
    return f"{second(step.at)} {step.action} by {step.actor}{note}"
