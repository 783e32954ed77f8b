"""The written form as types of pydantic: they check it, describe it as JSON Schema, and give the library's own values.

They are made from the dataclasses, so a field exists once. `graphmem.wire.documents` writes what these read; what
differs from the plain fields there (a point, a card, the verb of an operation) differs here in the same way.
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
from pydantic import Field as Described
from pydantic_core import CoreSchema

from graphmem.answers import Card
from graphmem.errors import InvalidInput
from graphmem.model import Memory, Operation, Point, Scope, Statement, instant
from graphmem.parameters import Number, Text
from graphmem.wire.docstrings import descriptions
from graphmem.wire.documents import verb_of
from graphmem.wire.times import read_time

Value = TypeVar("Value")

_OPERATIONS: tuple[type, ...] = get_args(Operation)
_STRICT: dict[object, object] = {str: StrictStr, int: StrictInt, float: StrictFloat | StrictInt, bool: StrictBool}


#: Values in one sequence that a caller sends.
MAX_SEQUENCE = 1_000


class Side(StrEnum):
    """Who writes a form: an answer may have fields that an older reader does not know, what is asked may not."""

    ANSWERED = "answered"
    ASKED = "asked"


class _Answered(BaseModel):
    model_config = ConfigDict(json_schema_serialization_defaults_required=True)


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


_BASES: dict[Side, type[BaseModel]] = {Side.ANSWERED: _Answered, Side.ASKED: _Asked}


class Form:
    """Marks an annotation, `Annotated[Statement, ASKED]`, to be read and described in the written form."""

    def __init__(self, side: Side) -> None:
        self._side = side

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """The schema of the form in place of that of the class."""
        return handler.generate_schema(form(source, self._side))


ANSWERED = Form(Side.ANSWERED)
ASKED = Form(Side.ASKED)


def read(kind: type[Value], document: object) -> Value:
    """The value that `documents.document` wrote.

    Raises:
        pydantic.ValidationError: It is not the form of such a value.
    """
    return cast("Value", _adapter(cast("Hashable", kind)).validate_python(document))


def read_json(kind: type[Value], text: str | bytes) -> Value:
    """The value in a JSON text; see `read`."""
    return cast("Value", _adapter(cast("Hashable", kind)).validate_json(text))


@lru_cache(maxsize=256)
def _adapter(kind: Hashable) -> TypeAdapter[Any]:
    return TypeAdapter(form(kind))


@lru_cache(maxsize=1024)
def form(kind: object, side: Side = Side.ANSWERED) -> Any:  # noqa: ANN401 - a type for pydantic
    """The annotation for pydantic that reads a type's written form and gives a value of the type."""
    if kind is datetime:
        return Instant
    if kind in _STRICT:
        return _STRICT[kind]
    if is_dataclass(kind) and isinstance(kind, type):
        return Annotated[mirror(kind, side), AfterValidator(_maker(kind))]
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return Annotated[form(inner[0], side), *(_limits(mark) for mark in inner[1:])]
    if origin in {Union, UnionType}:
        return _choice(inner, side)
    if origin is tuple:
        return tuple[tuple(one if one is ... else form(one, side) for one in inner)]  # type: ignore[misc]
    if origin in {Iterable, Sequence}:
        return Annotated[tuple[form(inner[0], side), ...], Described(max_length=MAX_SEQUENCE)]  # type: ignore[misc]
    if origin is list:
        return list[form(inner[0], side)]  # type: ignore[misc]
    if origin in {dict, Mapping}:
        return dict[form(inner[0], side), form(inner[1], side)]  # type: ignore[misc]
    return kind


def _limits(mark: object) -> Any:  # noqa: ANN401 - metadata for pydantic
    """The metadata for pydantic of a limit in `graphmem.parameters`; any other mark as it is."""
    if isinstance(mark, Text):
        return Described(min_length=mark.least, max_length=mark.most, pattern=mark.pattern)
    return Described(ge=mark.least, le=mark.most) if isinstance(mark, Number) else mark


def mirror(kind: type, side: Side) -> type[BaseModel]:
    """The model of pydantic that has a dataclass's written fields."""
    return _mirror(kind, side)


@lru_cache(maxsize=256)
def _mirror(kind: type, side: Side) -> type[BaseModel]:
    name = kind.__name__ + ("Input" if side is Side.ASKED else "")
    named = dict(_written_fields(kind, side))
    doc = (kind.__doc__ or "").split("\n\n", 1)[0]
    made: type[BaseModel] = create_model(name, __base__=_BASES[side], __doc__=doc, __module__=__name__, **named)  # type: ignore[call-overload]
    return made


# ---- fields


def _written_fields(kind: type, side: Side) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """Name, type and default of each field in the order in which it is written."""
    if kind is Point:
        yield "as_of", (Instant, Described(description="An instant of valid time."))
        yield "known_at", (StrictInt, Described(description="A position in the ledger."))
    elif kind is Card:
        yield from _card_fields(side)
    else:
        if kind in _OPERATIONS:
            yield "operation", (Literal[verb_of(kind)], Described(description="The verb."))
        yield from ((one.name, _field(one, kind, side)) for one in fields(kind))


def _card_fields(side: Side) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """A card with its memory's fields beside its own."""
    of_card = {one.name: _field(one, Card, side) for one in fields(Card)}
    of_statement = {one.name: _field(one, Statement, side) for one in fields(Statement)}
    yield "id", (StrictStr, Described(description="The memory's id."))
    yield "title", of_statement.pop("title")
    del of_card["memory"]
    yield from of_card.items()
    yield from of_statement.items()
    yield "scope", (form(Scope, side), Described(description="Where it lives."))


def _field(one: Field[Any], kind: type, side: Side) -> tuple[Any, Any]:
    hint = get_type_hints(kind)[one.name]
    text = _descriptions(kind).get(one.name)
    if one.default is not MISSING:
        return form(hint, side), Described(default=one.default, description=text)
    if one.default_factory is not MISSING:
        return form(hint, side), Described(default_factory=one.default_factory, description=text)
    return form(hint, side), Described(description=text)


@lru_cache(maxsize=256)
def _descriptions(kind: type) -> dict[str, str]:
    return descriptions(kind.__doc__, "Attributes")


# ---- values


def _maker(kind: type) -> Callable[[BaseModel], object]:
    """Makes the library's value of a checked form; a value of the library passes as it is."""
    if kind is Point:
        return lambda one: Point(one.as_of, one.known_at)  # type: ignore[attr-defined]
    if kind is Card:
        return _card
    names = [one.name for one in fields(kind)]

    def make(one: BaseModel) -> object:
        return kind(**{name: getattr(one, name) for name in names})

    return make


def _card(one: BaseModel) -> Card:
    told = dict(one)
    key, home = told.pop("id"), told.pop("scope")
    own = {spec.name: told.pop(spec.name) for spec in fields(Card) if spec.name != "memory"}
    return Card(memory=Memory(key, home, Statement(**told)), **own)


def _choice(inner: tuple[Any, ...], side: Side) -> Any:  # noqa: ANN401 - a type for pydantic
    """A union; of operations one that is told apart by the verb."""
    made = [NoneType if one is NoneType else form(one, side) for one in inner]
    if set(inner) <= set(_OPERATIONS):
        return Annotated[reduce(or_, made), Described(discriminator="operation")]
    return reduce(or_, made)


def _instant(value: object) -> datetime:
    """An aware time; a number is none."""
    try:
        return instant(value) if isinstance(value, datetime) else read_time(str(value))
    except InvalidInput as exc:
        raise ValueError(str(exc)) from exc


Instant = Annotated[datetime, BeforeValidator(_instant, json_schema_input_type=datetime)]
