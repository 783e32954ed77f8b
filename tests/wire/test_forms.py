"""What is written is read back as the same value, and described by its own schema."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from graphmem import answers
from graphmem.errors import InvalidInput
from graphmem.model import Add, Kind, Memory, Operation, Point, Scope, Statement
from graphmem.service import IngestReport
from graphmem.sources.observations import Reading
from graphmem.store import Filter
from graphmem.wire import envelopes
from graphmem.wire.forms import Direction, form, mirror, read, read_json
from graphmem.wire.json_documents import as_json, document
from tests.wire.strategies import values

ANSWERS: list[type] = [
    *(one for home in (answers, envelopes) for one in vars(home).values() if hasattr(one, "__dataclass_fields__")),
    IngestReport,
    Reading,
    Statement,
    Filter,
]
MOMENT = datetime(2025, 1, 2, tzinfo=UTC)


@pytest.mark.heavy
@pytest.mark.parametrize("kind", ANSWERS, ids=lambda kind: kind.__name__)
@settings(max_examples=25)
@given(st.data())
def test_every_answer_is_read_back_as_it_was(kind: type, data: st.DataObject) -> None:
    value = data.draw(values(kind))
    assert read(kind, document(value)) == value
    assert read_json(kind, as_json(value)) == value


@pytest.mark.parametrize("kind", get_args(Operation), ids=lambda kind: kind.__name__)
@settings(max_examples=25)
@given(st.data())
def test_an_operation_is_known_by_its_verb(kind: type, data: st.DataObject) -> None:
    value = data.draw(values(kind))
    assert read(Operation, document(value)) == value  # type: ignore[arg-type]


@cache
def schema_of(kind: type) -> dict[str, Any]:
    """The schema of an answer, made once for all its examples."""
    return TypeAdapter(form(kind)).json_schema(mode="serialization")


@pytest.mark.parametrize("kind", ANSWERS, ids=lambda kind: kind.__name__)
@settings(max_examples=5)
@given(st.data())
def test_the_schema_names_just_the_fields_that_are_written(kind: type, data: st.DataObject) -> None:
    schema = schema_of(kind)
    written = document(data.draw(values(kind)))
    assert set(schema["properties"]) == set(schema["required"]) == set(written)


@given(st.text("ab", min_size=1))
def test_what_is_asked_may_hold_no_unknown_field(name: str) -> None:
    with pytest.raises(ValidationError, match=name):
        adapter_of_a_request().validate_python({"title": "t", name: 1})


@cache
def adapter_of_a_request() -> TypeAdapter[Any]:
    return TypeAdapter(form(Statement, Direction.REQUEST))


def test_an_answer_of_a_newer_release_is_read() -> None:
    assert read(Point, {"as_of": "2025-01-02T00:00:00Z", "known_at": 3, "more": 1}) == Point(MOMENT, 3)


@pytest.mark.parametrize("bad", ["2025-01-02T00:00:00", "yesterday", 5, None, ""])
def test_a_time_without_zone_or_sense_is_refused(bad: object) -> None:
    with pytest.raises(ValidationError):
        read(Point, {"as_of": bad, "known_at": 3})


def test_what_the_library_refuses_is_refused_in_its_words() -> None:
    with pytest.raises(InvalidInput, match="needs a title"):
        read(Statement, {"title": " "})


def test_an_erased_memory_in_the_ledger_is_read() -> None:
    added = Add(Memory("a", Scope(), None), ())
    assert read(Operation, json.loads(as_json(added))) == added  # type: ignore[arg-type]


def test_fields_say_what_they_are() -> None:
    described = mirror(answers.Card, Direction.ANSWER).model_json_schema()["properties"]
    assert described["change"]["description"] == "The ledger position at which the memory was recorded."
    assert described["kind"]["$ref"].endswith(Kind.__name__)
