"""Renders the end of a claim's line in a block: its holder, its end, the claims that it overlaps, and its history."""

from __future__ import annotations

import re
from collections.abc import Iterator

from graphmem.claims.work_claim import ClaimStep, WorkClaim
from graphmem.marks import Foreign, Parts
from graphmem.model import Origin

#: The last steps of a history that a line has, and the characters of a note.
_MOST_STEPS, _NOTE_CHARS = 4, 200
_MOST_PATHS = 3
_MOST_OVERLAPS = 3
_SHOWN_ID_CHARS = 6
_SPACE = re.compile(r"\s+")


def claim_pieces(claim: WorkClaim, *, is_own: bool) -> Iterator[Parts]:
    """Yield the pieces of the line of a claim; the reader's own claim is called theirs."""
    until = "" if claim.until is None else f" until {claim.until:%Y-%m-%d %H:%M}Z"
    holder: Parts = ("your claim",) if is_own else ("claimed by ", _quoted(claim.actor, claim.origin))
    paths = ", ".join(claim.paths[:_MOST_PATHS])
    more = f" and {len(claim.paths) - _MOST_PATHS} more" if len(claim.paths) > _MOST_PATHS else ""
    yield (*holder, *((" on ", _quoted(paths, claim.origin), more) if paths else ()), until)
    if is_own and claim.overlaps:
        yield ("overlaps ", ", ".join(key[:_SHOWN_ID_CHARS] for key in claim.overlaps[:_MOST_OVERLAPS]))
    for step in claim.steps[-_MOST_STEPS:]:
        yield _step(step)


def _step(step: ClaimStep) -> Parts:
    note: Parts = (": ", _quoted(_clipped(step.note), step.origin)) if step.note else ()
    who = _quoted(f"{step.action} by {step.actor}", step.origin)
    return (f"{step.at.date().isoformat()} ", who, *note)


def _clipped(text: str) -> str:
    line = _SPACE.sub(" ", text).strip()
    return line if len(line) <= _NOTE_CHARS else f"{line[: _NOTE_CHARS - 1].rsplit(' ', 1)[0]}…"


def _quoted(text: str, origin: Origin) -> str | Foreign:
    """Return a text in a single line; a text of untrusted origin is returned as `Foreign`."""
    line = _SPACE.sub(" ", text).strip()
    return line if origin.is_trusted else Foreign(line, origin.value)
