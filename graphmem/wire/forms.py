"""Pydantic types for the JSON form: they validate it, describe it as JSON Schema, and return the library's values.

The types are made from the dataclasses, so a field is declared once. They read the output of
`graphmem.wire.json_documents`, with the same exceptions: a point, a card, and the verb of an operation.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache, reduce
from operator import or_
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetCoreSchemaHandler,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    TypeAdapter,
    create_model,
)
from pydantic import Field as ModelField
from pydantic_core import CoreSchema

from graphmem.answers import Card
from graphmem.errors import InvalidInput
from graphmem.model import CommitPoint, Memory, Operation, Point, Scope, Statement, instant
from graphmem.parameters import Number, Text
from graphmem.wire.docstrings import descriptions
from graphmem.wire.json_documents import verb_of
from graphmem.wire.times import read_time

Value = TypeVar("Value")

_OPERATIONS: tuple[type, ...] = get_args(Operation)
_STRICT: dict[object, object] = {str: StrictStr, int: StrictInt, float: StrictFloat | StrictInt, bool: StrictBool}


#: The most values in a sequence of a request.
MAX_SEQUENCE = 1_000


class Direction(StrEnum):
    """The direction of a form.

    An answer may have fields that an older client does not know. A request with an unknown field is refused.
    """

    ANSWER = "answer"
    REQUEST = "request"


class _AnswerModel(BaseModel):
    model_config = ConfigDict(json_schema_serialization_defaults_required=True)


class _RequestModel(BaseModel):
    model_config = ConfigDict(extra="forbid")


_BASES: dict[Direction, type[BaseModel]] = {Direction.ANSWER: _AnswerModel, Direction.REQUEST: _RequestModel}


class Form:
    """Marks an annotation, for example `Annotated[Statement, REQUEST]`, to be read and described in its JSON form."""

    def __init__(self, direction: Direction) -> None:
        self._direction = direction

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return the schema of the form instead of the class's."""
        return handler.generate_schema(form(source, self._direction))


ANSWER = Form(Direction.ANSWER)
REQUEST = Form(Direction.REQUEST)


def read(kind: type[Value], document: object) -> Value:
    """Return the value whose JSON form `documents.document` wrote.

    Raises:
        pydantic.ValidationError: The document is not the form of such a value.
    """
    return cast("Value", _adapter(cast("Hashable", kind)).validate_python(document))


def read_json(kind: type[Value], text: str | bytes) -> Value:
    """Return the value in a JSON text; see `read`."""
    return cast("Value", _adapter(cast("Hashable", kind)).validate_json(text))


@lru_cache(maxsize=256)
def _adapter(kind: Hashable) -> TypeAdapter[Any]:
    return TypeAdapter(form(kind))


@lru_cache(maxsize=1024)
def form(kind: object, direction: Direction = Direction.ANSWER) -> Any:  # noqa: ANN401 - a type for pydantic
    """Return the annotation with which pydantic reads a type's JSON form into a value of that type."""
    if kind is datetime:
        return Instant
    if kind in _STRICT:
        return _STRICT[kind]
    if is_dataclass(kind) and isinstance(kind, type):
        return Annotated[mirror(kind, direction), AfterValidator(_maker(kind))]
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return Annotated[form(inner[0], direction), *(_limits(mark) for mark in inner[1:])]
    if origin in {Union, UnionType}:
        return _choice(inner, direction)
    if origin is tuple:
        return tuple[tuple(member if member is ... else form(member, direction) for member in inner)]  # type: ignore[misc]
    if origin in {Iterable, Sequence}:
        return Annotated[tuple[form(inner[0], direction), ...], ModelField(max_length=MAX_SEQUENCE)]  # type: ignore[misc]
    if origin is list:
        return list[form(inner[0], direction)]  # type: ignore[misc]
    if origin in {dict, Mapping}:
        return dict[form(inner[0], direction), form(inner[1], direction)]  # type: ignore[misc]
    return kind


def _limits(mark: object) -> Any:  # noqa: ANN401 - metadata for pydantic
    """Return the pydantic metadata for a limit of `graphmem.parameters`; other metadata is unchanged."""
    if isinstance(mark, Text):
        return ModelField(min_length=mark.least, max_length=mark.most, pattern=mark.pattern)
    return ModelField(ge=mark.least, le=mark.most) if isinstance(mark, Number) else mark


def mirror(kind: type, direction: Direction) -> type[BaseModel]:
    """Return the pydantic model with the JSON fields of a dataclass."""
    return _mirror(kind, direction)


@lru_cache(maxsize=256)
def _mirror(kind: type, direction: Direction) -> type[BaseModel]:
    name = kind.__name__ + ("Input" if direction is Direction.REQUEST else "")
    fields_by_name = dict(_written_fields(kind, direction))
    doc = (kind.__doc__ or "").split("\n\n", 1)[0]
    model: type[BaseModel] = create_model(
        name, __base__=_BASES[direction], __doc__=doc, __module__=__name__, **fields_by_name
    )  # type: ignore[call-overload]
    return model


# ---- fields


def _written_fields(kind: type, direction: Direction) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """Yield name, type and default of each field, in JSON order."""
    if kind is Point:
        yield "as_of", (Instant, ModelField(description="An instant of valid time."))
        yield "known_at", (StrictInt, ModelField(description="A position in the ledger."))
        of_commit = "The commit that the request named as its valid time; null for a time."
        yield "commit", (form(CommitPoint, direction) | None, ModelField(default=None, description=of_commit))
    elif kind is Card:
        yield from _card_fields(direction)
    else:
        if kind in _OPERATIONS:
            name = verb_of(kind)
            default = {} if direction is Direction.ANSWER else {"default": name}
            yield "operation", (Literal[name], ModelField(description="The verb.", **default))  # type: ignore[call-overload]
        yield from ((field.name, _field(field, kind, direction)) for field in fields(kind))


def _card_fields(direction: Direction) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """Yield the fields of a card and of its memory."""
    of_card = {field.name: _field(field, Card, direction) for field in fields(Card)}
    of_statement = {field.name: _field(field, Statement, direction) for field in fields(Statement)}
    yield "id", (StrictStr, ModelField(description="The memory's id."))
    yield "title", of_statement.pop("title")
    del of_card["memory"]
    yield from of_card.items()
    yield from of_statement.items()
    yield "scope", (form(Scope, direction), ModelField(description="Home scope."))


def _field(field: Field[Any], kind: type, direction: Direction) -> tuple[Any, Any]:
    hint = get_type_hints(kind)[field.name]
    text = _descriptions(kind).get(field.name)
    if field.default is not MISSING:
        return form(hint, direction), ModelField(default=field.default, description=text)
    if field.default_factory is not MISSING:
        return form(hint, direction), ModelField(default_factory=field.default_factory, description=text)
    return form(hint, direction), ModelField(description=text)


@lru_cache(maxsize=256)
def _descriptions(kind: type) -> dict[str, str]:
    return descriptions(kind.__doc__, "Attributes")


# ---- values


def _maker(kind: type) -> Callable[[BaseModel], object]:
    """Return the function that turns a validated form into a value of the library; such a value itself is unchanged."""
    if kind is Point:
        return lambda model: Point(model.as_of, model.known_at, model.commit)  # type: ignore[attr-defined]
    if kind is Card:
        return _card
    names = [field.name for field in fields(kind)]

    def make(model: BaseModel) -> object:
        return kind(**{name: getattr(model, name) for name in names})

    return make


def _card(model: BaseModel) -> Card:
    values = dict(model)
    memory_id, home = values.pop("id"), values.pop("scope")
    derived = {spec.name: values.pop(spec.name) for spec in fields(Card) if spec.name != "memory"}
    return Card(memory=Memory(memory_id, home, Statement(**values)), **derived)


def _choice(inner: tuple[Any, ...], direction: Direction) -> Any:  # noqa: ANN401 - a type for pydantic
    """Return a union; a union of operations is discriminated by the verb."""
    forms = [NoneType if member is NoneType else form(member, direction) for member in inner]
    if set(inner) <= set(_OPERATIONS):
        return Annotated[reduce(or_, forms), ModelField(discriminator="operation")]
    return reduce(or_, forms)


def _instant(value: object) -> datetime:
    """Return an aware time; a number is not accepted."""
    try:
        return instant(value) if isinstance(value, datetime) else read_time(str(value))
    except InvalidInput as exc:
        raise ValueError(str(exc)) from exc


Instant = Annotated[datetime, BeforeValidator(_instant, json_schema_input_type=datetime)]
