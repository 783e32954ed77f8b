"""JSON Schemas of answers, two levels deep: short, because clients receive them at every start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from graphmem.answers import Card, Reference, Relation, Step, Written
from graphmem.model import Point, Statement
from graphmem.retrieval.briefs import Brief

_PLAIN: dict[object, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    datetime: {"type": "string", "format": "date-time"},
}
_DEPTH = 2
_CARD = ("id", "title", "state", "confidence", "kind", "body", "origin")
#: Fields that the schema shows of some records; answers have all fields.
_FIELDS_OF: dict[type, tuple[str, ...]] = {
    Brief: ("id", "title", "relevance", "standing", "excerpt", "rationale", "rejected", "replaced"),
    Reference: ("id", "title", "alias", "state", "origin"),
    Relation: ("before", "memory", "part", "after"),
    Written: ("change", "ids", "is_confirmation", "notes", "similar"),
    Step: ("before", "memory", "part", "after", "kind", "at", "until", "evidence"),
}
_POINT = {"type": "object", "properties": {"as_of": _PLAIN[datetime], "known_at": _PLAIN[int]}}


def shape(answer: type) -> dict[str, Any]:
    """Return the schema of an answer as JSON."""
    names = _FIELDS_OF.get(answer) or [field.name for field in fields(answer)]
    return {**_record(answer, _DEPTH), "required": list(names)}


def _shape(hint: Any, depth: int) -> dict[str, Any]:  # noqa: ANN401 - any annotation
    if hint in _PLAIN:
        return dict(_PLAIN[hint])
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return {"type": "string"}
    if is_dataclass(hint) and isinstance(hint, type):
        return _record(hint, depth)
    return _composed(get_origin(hint), get_args(hint), depth)


def _composed(origin: object, inner: tuple[Any, ...], depth: int) -> dict[str, Any]:
    if origin in {Union, UnionType}:
        shapes = [_shape(member, depth) for member in inner if member is not NoneType]
        if len(shapes) > 1:
            return {"type": "object"}
        return {**shapes[0], "type": [shapes[0]["type"], "null"]} if NoneType in inner else shapes[0]
    if origin is tuple:
        return {"type": "array", "items": _shape(inner[0], depth)}
    assert origin in {Mapping, dict}, f"no answer has a field of type {origin!r}"  # noqa: S101
    return {"type": "object"}


def _record(kind: type, depth: int) -> dict[str, Any]:
    if kind is Point:
        return _POINT
    if not depth:
        return {"type": "object"}
    hints = get_type_hints(kind)
    if kind is Card:
        hints = {"id": str, **get_type_hints(Statement), **hints}
        return {"type": "object", "properties": {name: _shape(hints[name], 0) for name in _CARD}}
    names = _FIELDS_OF.get(kind) or [field.name for field in fields(kind)]
    return {"type": "object", "properties": {name: _shape(hints[name], depth - 1) for name in names}}
