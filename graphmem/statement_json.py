"""A statement's canonical JSON: sorted keys, no blanks, defaults left out."""

from __future__ import annotations

import json
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Any

from graphmem.instants import from_micros, to_micros
from graphmem.model import Alternative, Anchor, AnchorKind, Kind, Origin, Outcome, Statement
from graphmem.vocabulary import SOURCE_ROLE

#: A value as canonical JSON, and a text as a JSON string.
canonical = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), check_circular=False).encode
json_text = encode_basestring

Plain = dict[str, Any]

# Looking a word up takes a fifth of the time of calling its enumeration.
_KINDS: dict[str, Kind] = {one.value: one for one in Kind}
ORIGINS: dict[str, Origin] = {one.value: one for one in Origin}
_ANCHOR_KINDS: dict[str, AnchorKind] = {one.value: one for one in AnchorKind}

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
    return statement_of(json.loads(text))


def _statement_text(one: Statement) -> str:  # noqa: PLR0912 - one branch for each field
    # Spelt out in the order of the keys: a bulk load writes this more often than anything else.
    parts = []
    if one.aliases:
        parts.append(f'"aliases":{canonical(one.aliases)}')
    if one.alternatives:
        parts.append(f'"alternatives":{canonical([_plain_alternative(each) for each in one.alternatives])}')
    if one.anchors:
        parts.append(f'"anchors":[{",".join([_anchor_text(anchor) for anchor in one.anchors])}]')
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


@lru_cache(maxsize=4_096)
def _anchor_text(anchor: Anchor) -> str:
    plain: Plain = {"kind": anchor.kind, "name": anchor.name}
    if anchor.repo is not None:
        plain["repo"] = anchor.repo
    if anchor.role != "about":
        plain["role"] = anchor.role
    return canonical(plain)


def _plain_alternative(alternative: Alternative) -> Plain:
    rest = given(("reason", alternative.reason, ""), ("keys", alternative.keys, ()))
    return {"name": alternative.name, "outcome": alternative.outcome, **rest}


def former_source_key(raw: dict[str, Any]) -> str | None:
    """The source key in a statement of an earlier release, which kept it as an anchor; None in any other."""
    return next((str(one["name"]) for one in raw.get("anchors", ()) if one.get("role") == SOURCE_ROLE), None)


def statement_of(raw: dict[str, Any]) -> Statement:
    """A statement from parsed JSON; the anchor in which an earlier release kept its source key is left out."""
    anchors = tuple(anchor_of(one) for one in raw.get("anchors", ()) if one.get("role") != SOURCE_ROLE)
    alternatives = tuple(_alternative(one) for one in raw.get("alternatives", ()))
    known = {
        **raw,
        "kind": _KINDS[raw.get("kind", Kind.FACT)],
        "origin": ORIGINS[raw.get("origin", Origin.HUMAN)],
        "aliases": tuple(raw.get("aliases", ())),
        "labels": tuple(raw.get("labels", ())),
        "observed_at": None if (seen := raw.get("observed_at")) is None else from_micros(seen),
        "anchors": anchors,
        "alternatives": alternatives,
    }
    return Statement(**known)


def anchor_of(raw: dict[str, Any]) -> Anchor:
    """An anchor from parsed JSON."""
    return Anchor(_ANCHOR_KINDS[raw["kind"]], raw["name"], raw.get("repo"), raw.get("role", "about"))


def _alternative(raw: dict[str, Any]) -> Alternative:
    return Alternative(raw["name"], Outcome(raw["outcome"]), raw.get("reason", ""), tuple(raw.get("keys", ())))


def given(*parts: tuple[str, Any, Any]) -> Plain:
    """The parts (name, value, default) whose value is not the default."""
    return {name: value for name, value, default in parts if value != default}
