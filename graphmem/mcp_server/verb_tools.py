"""The tool of a verb, made from its contract. Tools that take less than their verb, in other words, are in `tools`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import Field, create_model

from graphmem.mcp_server.arguments import Arguments, AtPoint, Filtered, Moment, Name, Signed
from graphmem.mcp_server.callers import Caller, reader_scope, write_of
from graphmem.parameters import Number, Text
from graphmem.service import GraphMemory
from graphmem.store import Page
from graphmem.wire.contracts import Contract, Parameter, Role, contract

#: The name of a parameter for agents, where it is another than for callers of the library.
_NAMES = {"key": "id", "source": "id"}
_MAX_RESULTS = 100
#: Parameters that agents do without.
_LEFT_OUT = frozenset({("end", "word")})


@cache
def arguments_of(name: str) -> type[Arguments]:
    """The arguments of a verb's tool: those of the verb under flat names."""
    agreed = contract(name)
    bases: list[type[Arguments]] = []
    if agreed.of(Role.FILTER):
        bases.append(Filtered)
    if agreed.of(Role.POINT):
        bases.append(AtPoint)
    if agreed.of(Role.WRITER):
        bases.append(Signed)
    fields: dict[str, Any] = {
        _NAMES.get(parameter.name, parameter.name): _field(parameter) for parameter in _flat(agreed)
    }
    if agreed.of(Role.PAGE):
        fields["limit"] = (int, Field(20, ge=1, le=_MAX_RESULTS))
        fields["cursor"] = (Name | None, Field(None, description="The cursor of the answer before."))
    words = name.title().replace("_", "")
    made: type[Arguments] = create_model(
        f"{words}Arguments", __base__=tuple(bases) or (Arguments,), __doc__=agreed.doc, **fields
    )
    return made


def run_verb(name: str, memory: GraphMemory, caller: Caller, given: Arguments) -> object:
    """The answer of a verb to checked arguments, in the scope that the caller is allowed."""
    agreed = contract(name)
    values: dict[str, Any] = {
        parameter.name: getattr(given, _NAMES.get(parameter.name, parameter.name)) for parameter in _flat(agreed)
    }
    values |= _shared(agreed, caller, given)
    return agreed.enveloped(getattr(memory, name)(**values))


def _flat(agreed: Contract) -> list[Parameter]:
    """The parameters that a tool has as arguments of their own."""
    own = agreed.of(Role.PATH, Role.BODY, Role.QUERY)
    return [parameter for parameter in own if (agreed.verb.name, parameter.name) not in _LEFT_OUT]


def _shared(agreed: Contract, caller: Caller, given: Arguments) -> dict[str, Any]:
    """The values that several arguments make: the point, the filter, the page, the scope and the writer."""
    values: dict[str, Any] = {}
    if isinstance(given, AtPoint):
        values["at"] = given.at
    if isinstance(given, Filtered):
        values["where"] = given.where
    if agreed.of(Role.PAGE):
        values["page"] = Page(given.limit, given.cursor)  # type: ignore[attr-defined]
    if isinstance(given, Signed):
        values["write"] = write_of(caller, given)
    if agreed.of(Role.SCOPE):
        values["scope"] = reader_scope(caller, given)
    return values


def _field(parameter: Parameter) -> tuple[Any, Any]:
    kind, default = _type_of(parameter.annotation), ... if parameter.is_required else parameter.default
    # Each word here is read by every agent in every session: `id` says enough.
    text = "" if parameter.name == "key" else parameter.description
    return kind, Field(default, description=text or ("From when. Default: now." if kind is Moment else None))


def _type_of(annotation: Any) -> Any:  # noqa: ANN401 - a type
    """The flat type of a parameter: of a union, its first member that an agent can write."""
    if get_origin(annotation) in {Union, UnionType}:
        members = get_args(annotation)
        is_optional = type(None) in members
        first = _type_of(next(member for member in members if member is not type(None)))
        return first | None if is_optional and first is not Moment else first
    if get_origin(annotation) is Annotated:
        base, limits = get_args(annotation)[:2]
        return Annotated[base, _constraints(limits)]
    return Moment if annotation is datetime else annotation


def _constraints(limits: object) -> Any:  # noqa: ANN401 - metadata for pydantic
    if isinstance(limits, Text):
        return Field(min_length=limits.least, max_length=limits.most)
    assert isinstance(limits, Number)  # noqa: S101 - the only other limits
    return Field(ge=limits.least, le=limits.most)


#: Short descriptions of tools for agents, where the first sentence of the verb's docstring is not enough.
DESCRIPTIONS: Mapping[str, str] = {
    "end": "A memory is no longer in force and nothing takes its place. It stays in the history.",
    "confirm": "You saw that a memory is still right: its confidence starts afresh.",
    "history": "What a memory supersedes, what supersedes it, its own moves and every change of it.",
    "explain": "Why a memory is in force or not: the reasons, the rule that decides, what it rests on.",
}
TITLES: Mapping[str, str] = {
    "end": "End a memory",
    "confirm": "Confirm a memory",
    "history": "History of a memory",
    "explain": "Explain a memory",
}
