"""Canonical JSON of statements: sorted keys, no blanks, no default values."""

from __future__ import annotations

import json
from functools import cache, lru_cache
from json.encoder import encode_basestring as json_text
from typing import TYPE_CHECKING, Any

from graphmem.instants import from_micros, to_micros
from graphmem.model import Alternative, Anchor, AnchorKind, Kind, Origin, Outcome, Statement
from graphmem.vocabulary import SOURCE_ROLE

if TYPE_CHECKING:
    from collections.abc import Callable

    from graphmem.canonical_json import Codec

_KINDS, _ORIGINS, _ANCHOR_KINDS, _OUTCOMES = (
    {word.value: word for word in words} for words in (Kind, Origin, AnchorKind, Outcome)
)
_MOST_ANCHORS_CACHED = 4_096

_DEFAULT_ROLE = "about"

# Cache of the last statement's text, which an add uses several times.
_last_statement: tuple[Statement | None, str] = (None, "")


def encode_statement(statement: Statement) -> str:
    """Canonical JSON of a statement."""
    global _last_statement  # noqa: PLW0603 - a cache with a single entry
    cached, text = _last_statement
    if cached is not statement:
        text = _statement_text(statement)
        _last_statement = (statement, text)
    return text


def decode_statement(text: str) -> Statement:
    """The statement in a text written by `encode_statement`."""
    raw = json.loads(text)
    taken_source_key(raw)
    _read_members(raw, _READERS)
    if raw.get("observed_at") is not None:
        raw["observed_at"] = from_micros(raw["observed_at"])
    return Statement(**raw)


def anchor_of(raw: dict[str, Any]) -> Anchor:
    """An anchor from parsed JSON."""
    try:
        return _cached_anchor(tuple(raw.items()))
    except TypeError:  # a list has no hash
        return _anchor(raw)


# Statements are read without `Codec`, whose import takes longer than reading the statements of an answer.


def _read_members(raw: dict[str, Any], readers: dict[str, Callable[[Any], Any]]) -> None:
    """Replace members of parsed JSON by the values of their fields."""
    for name, read in readers.items():
        if name in raw:
            raw[name] = read(raw[name])


def _anchor(raw: dict[str, Any]) -> Anchor:
    _read_members(raw, {"kind": _ANCHOR_KINDS.__getitem__})
    return Anchor(**raw)


@lru_cache(_MOST_ANCHORS_CACHED)
def _cached_anchor(members: tuple[tuple[str, Any], ...]) -> Anchor:
    return _anchor(dict(members))


def _alternative(raw: dict[str, Any]) -> Alternative:
    _read_members(raw, {"outcome": _OUTCOMES.__getitem__, "keys": tuple})
    return Alternative(**raw)


_READERS: dict[str, Callable[[Any], Any]] = {
    "kind": _KINDS.__getitem__,
    "origin": _ORIGINS.__getitem__,
    "aliases": tuple,
    "labels": tuple,
    "anchors": lambda values: tuple([anchor_of(value) for value in values]),
    "alternatives": lambda values: tuple([_alternative(value) for value in values]),
}


@cache
def _codec() -> Codec:
    from graphmem.canonical_json import Codec

    return Codec({})


def former_source_key(raw: dict[str, Any]) -> str | None:
    """The source key in a statement of an earlier release, which stored it as an anchor; None without it."""
    return next((str(anchor["name"]) for anchor in raw.get("anchors", ()) if anchor.get("role") == SOURCE_ROLE), None)


def taken_source_key(raw: dict[str, Any]) -> str | None:
    """Remove the anchor of `former_source_key` from the statement and return the key."""
    key = former_source_key(raw)
    if key is not None:
        raw["anchors"] = [anchor for anchor in raw["anchors"] if anchor.get("role") != SOURCE_ROLE]
    return key


def _statement_text(statement: Statement) -> str:  # noqa: PLR0912 - a branch for each field
    from graphmem.canonical_json import canonical

    # Written out in key order for speed: a bulk load calls this for each memory.
    codec, parts = _codec(), []
    if statement.aliases:
        parts.append(f'"aliases":{canonical(statement.aliases)}')
    if statement.alternatives:
        parts.append(f'"alternatives":[{",".join(map(codec.text, statement.alternatives))}]')
    if statement.anchors:
        parts.append(f'"anchors":[{",".join(map(_anchor_text, statement.anchors))}]')
    if statement.body:
        parts.append(f'"body":{json_text(statement.body)}')
    if statement.confidence != 1.0:
        parts.append(f'"confidence":{canonical(statement.confidence)}')
    if statement.is_mandatory:
        parts.append('"is_mandatory":true')
    if statement.kind != Kind.FACT:
        parts.append(f'"kind":"{statement.kind}"')
    if statement.labels:
        parts.append(f'"labels":[{",".join([json_text(label) for label in statement.labels])}]')
    if statement.language is not None:
        parts.append(f'"language":{json_text(statement.language)}')
    if statement.observed_at is not None:
        parts.append(f'"observed_at":{to_micros(statement.observed_at)}')
    if statement.origin != Origin.HUMAN:
        parts.append(f'"origin":"{statement.origin}"')
    if statement.rationale:
        parts.append(f'"rationale":{json_text(statement.rationale)}')
    if statement.subject is not None:
        parts.append(f'"subject":{json_text(statement.subject)}')
    parts.append(f'"title":{json_text(statement.title)}')
    return f"{{{','.join(parts)}}}"


def _anchor_text(anchor: Anchor) -> str:
    repo = "" if anchor.repo is None else f',"repo":{json_text(anchor.repo)}'
    role = "" if anchor.role == _DEFAULT_ROLE else f',"role":{json_text(anchor.role)}'
    return f'{{"kind":"{anchor.kind}","name":{json_text(anchor.name)}{repo}{role}}}'
