"""Canonical JSON of statements: sorted keys, no blanks, no default values."""

from __future__ import annotations

import json
from typing import Any

from graphmem.canonical_json import Codec, canonical, json_text
from graphmem.instants import to_micros
from graphmem.model import Anchor, Kind, Origin, Statement
from graphmem.vocabulary import SOURCE_ROLE

_codec = Codec({})

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
    return _codec.read(Statement, raw)


def anchor_of(raw: dict[str, Any]) -> Anchor:
    """An anchor from parsed JSON."""
    return _codec.read(Anchor, raw)


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
    # Written out in key order for speed: a bulk load calls this for each memory.
    parts = []
    if statement.aliases:
        parts.append(f'"aliases":{canonical(statement.aliases)}')
    if statement.alternatives:
        parts.append(f'"alternatives":[{",".join(map(_codec.text, statement.alternatives))}]')
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
