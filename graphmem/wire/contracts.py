"""The contract of a verb: its row in `graphmem.verbs` joined with the signature and the docstring of its method.

Every surface reads requests and writes answers by these contracts, so a parameter exists once: in the method.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from functools import cache, cached_property
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from graphmem.deferred_dataclass import dataclass
from graphmem.model import At, Scope
from graphmem.parameters import Number, Text
from graphmem.service import GraphMemory, Write
from graphmem.store import Filter, Page
from graphmem.verbs import VERBS, Verb
from graphmem.wire import envelopes
from graphmem.wire.docstrings import descriptions

_IN_PATH = re.compile(r"\{(\w+)\}")
#: Parameters that only callers of the library give, or that repeat another parameter.
_PYTHON_ONLY = frozenset({"self", "parts", "progress"})


class Role(Enum):
    """The part of a request that carries a parameter."""

    PATH = "path"
    QUERY = "query"
    BODY = "body"
    FILTER = "filter"
    PAGE = "page"
    POINT = "point"
    BOUND = "bound"
    SCOPE = "scope"
    WRITER = "writer"


_ROLES: dict[type, Role] = {Filter: Role.FILTER, Page: Role.PAGE, Scope: Role.SCOPE, Write: Role.WRITER}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a verb.

    Attributes:
        annotation: Its type, limits of `graphmem.parameters` included.
        default: `inspect.Parameter.empty` if callers must give it.
        description: A sentence; empty if the name says enough.
    """

    name: str
    annotation: Any
    default: Any
    role: Role
    description: str

    @property
    def is_required(self) -> bool:
        """Return True if callers must give it."""
        return self.default is inspect.Parameter.empty

    @property
    def limits(self) -> Number | Text | None:
        """The first limits in its type."""
        return next(_limits(self.annotation), None)

    @property
    def is_several(self) -> bool:
        """Return True if it accepts a sequence of values as well as a single value."""
        return any(get_origin(member) is Sequence for member in get_args(self.annotation))


@dataclass(frozen=True)
class Contract:
    """A verb with its parameters and its answer.

    Attributes:
        verb: Its row in the table.
        parameters: In the order of the method; those of Python alone are left out.
        returns: The type that the method returns.
        doc: The method's docstring, without its sections.
    """

    verb: Verb
    parameters: tuple[Parameter, ...]
    returns: Any
    doc: str

    @cached_property
    def answer(self) -> Any:  # noqa: ANN401 - a type
        """The type of the answer in JSON: the method's return type, or its envelope."""
        return self.returns if self.verb.envelope is None else getattr(envelopes, self.verb.envelope[0])

    def enveloped(self, returned: object) -> object:
        """Return the answer that holds a method's result; for envelopes of a single field."""
        if self.verb.envelope is None:
            return returned
        return self.answer(tuple(returned) if isinstance(returned, Iterable) else returned)

    def opened(self, answer: object) -> object:
        """Return the method's result that an answer holds."""
        if self.verb.envelope is None:
            return answer
        value = getattr(answer, self.verb.envelope[1])
        return list(value) if get_origin(self.returns) is list else value

    def of(self, *roles: Role) -> tuple[Parameter, ...]:
        """The parameters that these parts of a request carry."""
        return tuple(parameter for parameter in self.parameters if parameter.role in roles)


@cache
def contract(name: str) -> Contract:
    """The contract of a verb by its name."""
    verb, method = VERBS[name], getattr(GraphMemory, name)
    hints = get_type_hints(method, include_extras=True)
    texts = descriptions(method.__doc__, "Args")
    parameters = tuple(_parameters(verb, inspect.signature(method).parameters, hints, texts))
    return Contract(verb, parameters, hints["return"], inspect.cleandoc(method.__doc__ or "").partition("\n\n")[0])


def _parameters(
    verb: Verb, signature: Mapping[str, inspect.Parameter], hints: Mapping[str, Any], texts: Mapping[str, str]
) -> Iterator[Parameter]:
    is_paged = "page" in signature
    for name, parameter in signature.items():
        # A page has the limit already.
        if name in _PYTHON_ONLY or (is_paged and name == "limit"):
            continue
        annotation = hints[name]
        limits = next(_limits(annotation), None)
        text = texts.get(name) or (limits.description if limits is not None else "")
        yield Parameter(name, annotation, parameter.default, _role(verb, name, annotation), text)


def _role(verb: Verb, name: str, annotation: object) -> Role:
    if name in _IN_PATH.findall(verb.path):
        return Role.PATH
    members = set(_members(annotation))
    if At in members:
        return Role.POINT if name == "at" else Role.BOUND
    for kind, role in _ROLES.items():
        if kind in members:
            return role
    return Role.BODY if verb.method == "POST" else Role.QUERY


def first_member(annotation: Any) -> Any:  # noqa: ANN401 - types
    """The first type of a union that is not None; any other type as it is."""
    if get_origin(annotation) in {Union, UnionType}:
        return next(member for member in get_args(annotation) if member is not type(None))
    return annotation


def _members(annotation: object) -> Iterator[object]:
    """A type, and the members of a union or of an annotated type."""
    if get_origin(annotation) is Annotated:
        yield from _members(get_args(annotation)[0])
    elif type(None) in get_args(annotation):
        yield from get_args(annotation)
    else:
        yield annotation


def _limits(annotation: object) -> Iterator[Number | Text]:
    """The limits in a type, those of its members too."""
    if isinstance(annotation, Number | Text):
        yield annotation
    for member in get_args(annotation):
        yield from _limits(member)
