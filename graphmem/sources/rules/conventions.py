"""Conventions as observations: the statement, source key, moves and successors of a rule's life."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from graphmem.errors import InvalidInput
from graphmem.model import Anchor, AnchorKind, Kind, Move, Origin, Statement, Status, SupersessionKind
from graphmem.sources.move_comparison import GONE
from graphmem.sources.observations import Observation, Replacement
from graphmem.sources.rules.lives import RuleLife
from graphmem.sources.source_marks import STATED_IN

#: Source keys of rules begin with this.
KEY_FOLDER = "rules:/"
_MAX_TITLE_CHARS = 300
_MAX_CONTEXT_CHARS = 600
_MOST_ANCHORS = 100
_KEY_DIGITS = 16
_SHOWN_DIGITS = 12


def key_of(life: RuleLife) -> str:
    """Return the source key of a convention: a digest of its words, and the number of a later life."""
    digest = hashlib.sha256(life.rule.identity.encode("utf-8", "surrogatepass")).hexdigest()[:_KEY_DIGITS]
    return f"{KEY_FOLDER}{digest}" if life.number == 1 else f"{KEY_FOLDER}{digest}~{life.number}"


def observation_of(life: RuleLife, *, is_dated: bool) -> Observation:
    """A convention with its life.

    Args:
        life: The life of the rule.
        is_dated: False if the history begins later than the rule.
    """
    moves = [Move(Status.ACTIVE, life.born.at)]
    if life.ended is not None and not life.successors:
        moves.append(Move(Status.ENDED, life.ended.at, source_word=GONE))
    path, rule = min(life.files.items(), key=lambda item: item[0])
    return Observation(
        key=key_of(life),
        statement=_statement(life),
        moves=tuple(moves),
        path=path,
        line=rule.line,
        provenance=f"{life.path} in commit {life.born.sha[:_SHOWN_DIGITS]}",
        is_dated=is_dated,
    )


def replacements_of(life: RuleLife) -> Iterator[Replacement]:
    """The supersessions of a convention by its rewordings."""
    if (ended := life.ended) is None:
        return
    for successor in life.successors:
        path = next((path for path in successor.files if path in life.files), min(successor.files))
        yield Replacement(
            old=key_of(life),
            new=key_of(successor),
            kind=SupersessionKind.UPDATE,
            at=ended.at,
            evidence=((path, f"reworded in commit {ended.sha[:_SHOWN_DIGITS]}"),),
        )


def _statement(life: RuleLife) -> Statement:
    rule = life.rule
    title = _title(rule.text)
    context = " > ".join((*rule.headings, *rule.items))[:_MAX_CONTEXT_CHARS]
    body = "\n\n".join(part for part in (context, rule.text if title != rule.text else "") if part)
    return Statement(
        title=title, body=body, kind=Kind.CONVENTION, origin=Origin.DOCUMENT, anchors=tuple(_anchors(life))
    )


def _title(text: str) -> str:
    if len(text) <= _MAX_TITLE_CHARS:
        return text
    return text[:_MAX_TITLE_CHARS].rsplit(" ", 1)[0] + "\u2026"


def _anchors(life: RuleLife) -> Iterator[Anchor]:
    """Yield the files that state the rule, and its globs unless it applies to the whole repository."""
    paths = sorted(life.files)
    yield from _files(paths[:_MOST_ANCHORS], STATED_IN)
    scopes = [life.files[path].scope for path in paths]
    if all(scopes):
        globs = sorted({glob for scope in scopes for glob in scope})
        yield from _files(globs[:_MOST_ANCHORS], "about")


def _files(names: list[str], role: str) -> Iterator[Anchor]:
    for name in names:
        try:
            name.encode()
            yield Anchor(AnchorKind.FILE, name, role=role)
        except (InvalidInput, UnicodeEncodeError):
            continue
