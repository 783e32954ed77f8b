"""Bans as observations: the statement, source key and moves of each wording of a ban."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from graphmem.errors import InvalidInput
from graphmem.model import Alternative, Anchor, AnchorKind, Kind, Move, Origin, Outcome, Statement, Status
from graphmem.option_keys import EXCLUSIONS, FileScope
from graphmem.sources.bans.ban import Ban
from graphmem.sources.bans.ban_lives import BanLife, PlacedBan
from graphmem.sources.clipped_text import clipped, single_line
from graphmem.sources.observations import Observation
from graphmem.sources.source_marks import BAN_LABEL, STATED_IN

#: Source keys of bans begin with this.
KEY_FOLDER = "bans:/"
#: Source word of the end of a ban.
LIFTED = "lifted"
_MAX_KEY_CHARS = 500
_MAX_REASON_CHARS = 2_000
_MOST_ANCHORS = 200
_MOST_SHOWN = 3
_SHOWN_DIGITS = 12
_VERBS = {"pkg": "be a dependency", "symbol": "be used"}


def observations_of(life: BanLife, boundary: frozenset[str]) -> Iterator[Observation]:
    """Yield an observation for each wording of a ban; the last observation has its end.

    Args:
        life: The life of the ban.
        boundary: Commits at which a shallow clone ends: bans in them began there or earlier.
    """
    for index, wording in enumerate(life.wordings):
        moves = [Move(Status.ACTIVE, wording.since.at)]
        if life.lifted is not None and index == len(life.wordings) - 1:
            word = f"{LIFTED} in commit {life.lifted.sha[:_SHOWN_DIGITS]}"
            moves.append(Move(Status.ENDED, life.lifted.at, source_word=word))
        file_ban = wording.placed
        yield Observation(
            key=_source_key(life),
            statement=_statement(file_ban),
            moves=tuple(moves),
            path=file_ban.path,
            line=file_ban.ban.line,
            provenance=f"{file_ban.path} in commit {wording.since.sha[:_SHOWN_DIGITS]}",
            is_dated=wording.since.sha not in boundary,
            is_history=True,
        )


def _source_key(life: BanLife) -> str:
    """Return the source key of a ban: its linter, the folder of its settings, its name, and the number of the life."""
    tool, folder, name = life.placed.base
    text = single_line(f"{folder}{name}", 10 * _MAX_KEY_CHARS)
    if len(text) > _MAX_KEY_CHARS or text != f"{folder}{name}":
        text = hashlib.sha256(f"{folder}{name}".encode("utf-8", "surrogatepass")).hexdigest()
    return f"{KEY_FOLDER}{tool}/{text}" + (f"~{life.number}" if life.number > 1 else "")


def _statement(file_ban: PlacedBan) -> Statement:
    ban = file_ban.ban
    options = [Alternative(single_line(ban.name), Outcome.REJECTED, clipped(ban.reason, _MAX_REASON_CHARS), ban.keys)]
    if ban.allowed:
        options.append(
            Alternative(f"what is allowed below {single_line(ban.name, 200)}", Outcome.CHOSEN, "", ban.allowed)
        )
    return Statement(
        title=_title(ban),
        body="\n".join(_limits(ban)),
        rationale=clipped(ban.reason, _MAX_REASON_CHARS),
        kind=Kind.CONVENTION,
        origin=Origin.DOCUMENT,
        labels=(BAN_LABEL,),
        language=ban.language,
        is_mandatory=ban.is_enforced and bool(ban.keys),
        anchors=tuple(_anchors(file_ban)),
        alternatives=tuple(options),
    )


def _title(ban: Ban) -> str:
    members = [key.rpartition("#")[2] for key in ban.keys if "#" in key]
    of = f"{', '.join(f'`{member}`' for member in members[:_MOST_SHOWN])} of " if members else ""
    verb = next(
        (verb for start, verb in _VERBS.items() if any(key.startswith(start) for key in ban.keys)), "be imported"
    )
    globs = ban.scope.globs
    where = f" in {', '.join(f'`{glob}`' for glob in globs[:_MOST_SHOWN])}" if globs else ""
    return single_line(f"{of}`{ban.name}` must not {verb}{where} ({ban.tool})")


def _limits(ban: Ban) -> Iterator[str]:
    """Yield the exceptions of the ban, in sentences."""
    scope = ban.scope
    if ban.note:
        yield clipped(f"{ban.note[0].upper()}{ban.note[1:]}." if ban.keys else f"The settings ban a name {ban.note}.")
    if not ban.is_enforced:
        yield f"The settings of {ban.tool} do not turn the rule on as an error."
    if ban.allowed:
        yield clipped(f"Allowed: {', '.join(ban.allowed)}.")
    excluded = (*scope.excluded_globs, *scope.excluded_patterns, *scope.excluded_folder_patterns)
    if excluded:
        yield clipped(f"Not in {', '.join(f'`{each}`' for each in excluded)}.")
    if scope.required_patterns:
        yield clipped(f"Only in files that match {', '.join(f'`{each}`' for each in scope.required_patterns)}.")


def _anchors(file_ban: PlacedBan) -> Iterator[Anchor]:
    """Yield the settings file, the globs of the files in which the ban applies, and the exclusions."""
    scope: FileScope = file_ban.ban.scope
    yield from _named(AnchorKind.FILE, (file_ban.path,), STATED_IN)
    yield from _named(AnchorKind.FILE, scope.globs, "about")
    exclusions = (
        scope.excluded_globs,
        scope.excluded_patterns,
        scope.excluded_folder_patterns,
        scope.required_patterns,
    )
    for role, names in zip(EXCLUSIONS, exclusions, strict=True):
        yield from _named(AnchorKind.COMPONENT, names, role)


def _named(kind: AnchorKind, names: tuple[str, ...], role: str) -> Iterator[Anchor]:
    for name in names[:_MOST_ANCHORS]:
        try:
            name.encode()
            yield Anchor(kind, name, role=role)
        except (InvalidInput, UnicodeEncodeError):
            continue
