"""A statement's canonical JSON: sorted keys, no blanks, defaults left out."""

from __future__ import annotations

import json
from typing import Any

from graphmem.canonical_json import Codec, canonical, json_text
from graphmem.instants import to_micros
from graphmem.model import Anchor, Kind, Origin, Statement
from graphmem.vocabulary import SOURCE_ROLE

_codec = Codec({})

# The text of a statement is wanted several times while it is added.
_last_statement: tuple[Statement | None, str] = (None, "")


def encode_statement(statement: Statement) -> str:
    """Canonical JSON of a statement."""
    global _last_statement  # noqa: PLW0603 - a memo of one
    known, text = _last_statement
    if known is not statement:
        text = _statement_text(statement)
        _last_statement = (statement, text)
    return text


def decode_statement(text: str) -> Statement:
    """What `encode_statement` wrote."""
    raw = json.loads(text)
    taken_source_key(raw)
    return _codec.read(Statement, raw)


def anchor_of(raw: dict[str, Any]) -> Anchor:
    """An anchor from parsed JSON."""
    return _codec.read(Anchor, raw)


def former_source_key(raw: dict[str, Any]) -> str | None:
    """The source key in a statement of an earlier release, which kept it as an anchor; None in any other."""
    return next((str(one["name"]) for one in raw.get("anchors", ()) if one.get("role") == SOURCE_ROLE), None)


def taken_source_key(raw: dict[str, Any]) -> str | None:
    """As `former_source_key`, whose anchor is taken out of the statement."""
    key = former_source_key(raw)
    if key is not None:
        raw["anchors"] = [one for one in raw["anchors"] if one.get("role") != SOURCE_ROLE]
    return key


def _statement_text(one: Statement) -> str:  # noqa: PLR0912 - one branch for each field
    # Spelt out in the order of the keys: a bulk load writes this more often than anything else.
    parts = []
    if one.aliases:
        parts.append(f'"aliases":{canonical(one.aliases)}')
    if one.alternatives:
        parts.append(f'"alternatives":[{",".join(map(_codec.text, one.alternatives))}]')
    if one.anchors:
        parts.append(f'"anchors":[{",".join(map(_codec.text, one.anchors))}]')
    if one.body:
        parts.append(f'"body":{json_text(one.body)}')
    if one.confidence != 1.0:
        parts.append(f'"confidence":{canonical(one.confidence)}')
    if one.is_mandatory:
        parts.append('"is_mandatory":true')
    if one.kind != Kind.FACT:
        parts.append(f'"kind":"{one.kind}"')
    if one.labels:
        parts.append(f'"labels":[{",".join([json_text(label) for label in one.labels])}]')
    if one.language is not None:
        parts.append(f'"language":{json_text(one.language)}')
    if one.observed_at is not None:
        parts.append(f'"observed_at":{to_micros(one.observed_at)}')
    if one.origin != Origin.HUMAN:
        parts.append(f'"origin":"{one.origin}"')
    if one.rationale:
        parts.append(f'"rationale":{json_text(one.rationale)}')
    if one.subject is not None:
        parts.append(f'"subject":{json_text(one.subject)}')
    parts.append(f'"title":{json_text(one.title)}')
    return f"{{{','.join(parts)}}}"
