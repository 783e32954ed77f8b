"""The tool of a verb, made from its contract. Tools with fewer or other arguments than their verb are in `tools`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import Field, create_model

from graphmem.mcp_server.tool_arguments import Arguments, FilterArguments, Moment, Name, PointArguments, WriteArguments
from graphmem.mcp_server.tool_callers import ToolCaller, reader_scope, write_of
from graphmem.parameters import Number, Text
from graphmem.service import GraphMemory
from graphmem.store import Page
from graphmem.wire.contracts import Contract, Parameter, Role, contract, first_member

#: Names of arguments that differ from the parameter's name in the library.
_NAMES = {"key": "id", "source": "id"}
_MAX_RESULTS = 100
#: Parameters without an argument in the tool.
_OMITTED = frozenset(
    {("end", "word"), ("guard", "edits"), ("guard", "enforcement"), ("guard", "limit"), ("guard", "actor")}
)


@cache
def arguments_of(name: str) -> type[Arguments]:
    """Return the arguments of a verb's tool; points, filters and writers are flattened into fields."""
    agreed = contract(name)
    bases: list[type[Arguments]] = []
    if agreed.of(Role.FILTER):
        bases.append(FilterArguments)
    if agreed.of(Role.POINT):
        bases.append(PointArguments)
    if agreed.of(Role.WRITER):
        bases.append(WriteArguments)
    fields: dict[str, Any] = {
        _NAMES.get(parameter.name, parameter.name): _field(parameter) for parameter in _flat(agreed)
    }
    if agreed.of(Role.PAGE):
        fields["limit"] = (int, Field(20, ge=1, le=_MAX_RESULTS))
        fields["cursor"] = (Name | None, Field(None, description="The cursor of the previous answer."))
    words = name.title().replace("_", "")
    made: type[Arguments] = create_model(
        f"{words}Arguments", __base__=tuple(bases) or (Arguments,), __doc__=agreed.doc, **fields
    )
    return made


def run_verb(name: str, memory: GraphMemory, caller: ToolCaller, arguments: Arguments) -> object:
    """Return the answer of a verb, within the caller's scope."""
    agreed = contract(name)
    values: dict[str, Any] = {
        parameter.name: getattr(arguments, _NAMES.get(parameter.name, parameter.name)) for parameter in _flat(agreed)
    }
    values |= _shared(agreed, caller, arguments)
    return agreed.enveloped(getattr(memory, name)(**values))


def _flat(agreed: Contract) -> list[Parameter]:
    """Return the parameters that have an argument of their own."""
    own = agreed.of(Role.PATH, Role.BODY, Role.QUERY)
    return [parameter for parameter in own if (agreed.verb.name, parameter.name) not in _OMITTED]


def _shared(agreed: Contract, caller: ToolCaller, arguments: Arguments) -> dict[str, Any]:
    """Return the values made of several arguments: the point, the filter, the page, the scope and the writer."""
    values: dict[str, Any] = {}
    if isinstance(arguments, PointArguments):
        values["at"] = arguments.at
    if isinstance(arguments, FilterArguments):
        values["where"] = arguments.where
    if agreed.of(Role.PAGE):
        values["page"] = Page(arguments.limit, arguments.cursor)  # type: ignore[attr-defined]
    if isinstance(arguments, WriteArguments):
        values["write"] = write_of(caller, arguments)
    if agreed.of(Role.SCOPE):
        values["scope"] = reader_scope(caller, arguments)
    if any(parameter.name == "actor" for parameter in agreed.parameters):
        values["actor"] = caller.actor
    return values


def _field(parameter: Parameter) -> tuple[Any, Any]:
    kind, default = _type_of(parameter.annotation), ... if parameter.is_required else parameter.default
    # Every agent reads these descriptions in every session: `id` needs none.
    text = "" if parameter.name == "key" else parameter.description
    return kind, Field(default, description=text or ("In force from. Default: now." if kind is Moment else None))


def _type_of(annotation: Any) -> Any:  # noqa: ANN401 - a type
    """Return the flat type of a parameter: for a union, its first member that an agent can write."""
    if get_origin(annotation) in {Union, UnionType}:
        is_optional = type(None) in get_args(annotation)
        first = _type_of(first_member(annotation))
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
    "end": "End a memory without a successor. It stays in the history.",
    "confirm": "Record that a memory is still right: its confidence is reset.",
    "guard": "Before an edit or an install: does it bring back what the team rejected?",
    "history": "Its predecessors, successors, status changes and ledger entries, feedback included.",
    "explain": "A memory as a whole, and why it is in force or not: reasons, deciding rule, evidence.",
}
TITLES: Mapping[str, str] = {
    "end": "End a memory",
    "confirm": "Confirm a memory",
    "history": "History of a memory",
    "explain": "Explain a memory",
    "guard": "Check a change",
}
