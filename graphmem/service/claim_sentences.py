"""Claims in words."""

from __future__ import annotations

from graphmem.answers import Sentence
from graphmem.claims.work_claim import WorkClaim

_MOST_PATHS = 5


def overlap_note(rival: WorkClaim) -> str:
    """Return the sentence on an overlapping claim."""
    return Sentence.of("overlaps ", described(rival))


def described(claim: WorkClaim) -> str:
    """Return a claim in words: its holder, task, id, paths and end."""
    until = "without an end" if claim.until is None else f"until {claim.until:%Y-%m-%d %H:%M}Z"
    holder, task = (Sentence.quoting(text, claim.origin) for text in (claim.actor, claim.task))
    paths = Sentence.quoting(", ".join(claim.paths[:_MOST_PATHS]), claim.origin)
    more = f" and {len(claim.paths) - _MOST_PATHS} more" if len(claim.paths) > _MOST_PATHS else ""
    return Sentence.of(
        holder, "'s claim “", task, f"” [{claim.id}]", " on " if paths else "", paths, more, f", {until}"
    )
