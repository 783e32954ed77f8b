"""The request body of each verb: a pydantic model made from the verb's contract."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr, create_model

from graphmem.http.request_limits import MAX_BATCH, MAX_RESULTS
from graphmem.http.request_parameters import BranchName, Name, WhereForm, WriteBody
from graphmem.model import Scope
from graphmem.parameters import MemoryRef
from graphmem.service import New
from graphmem.wire.contracts import Contract, Parameter, Role
from graphmem.wire.forms import Direction, form, mirror

_EXAMPLE = {"title": "Primary keys are UUIDv7", "kind": "decision", "subject": "keys.format"}
_EXAMPLES: Mapping[tuple[str, str], object] = {
    ("search", "query"): "which database do we use?",
    ("add", "statement"): _EXAMPLE,
    ("add_many", "items"): [{"statement": _EXAMPLE}, {"statement": "Primary keys are UUIDv8", "supersedes": [0]}],
    ("supersede", "new"): "Primary keys are UUIDv7: they sort by time",
    ("amend", "part"): "retention",
}
#: Extra fields of a body, which change the form of the HTTP answer and not the verb's arguments.
_OWN_FIELDS: Mapping[str, Mapping[str, tuple[Any, Any]]] = {
    "search": {
        "excerpts": (
            StrictBool,
            Field(
                default=True,
                description="Add to each hit the matching sentences, the reason and the rejected options, and a remark"
                " if only memories of no repository were searched. With long texts that takes as long as the search.",
            ),
        )
    }
}
#: The field for further memories of a verb whose path names the first.
ALSO = "also"


class Home(BaseModel):
    """The home scope of a memory in a batch, if not the writer's."""

    model_config = ConfigDict(extra="forbid")

    tenant: Name | None = None
    repo: Name | None = None
    user: Name | None = None
    branch: BranchName | None = None
    environment: Name | None = None

    def scope(self) -> Scope:
        """Return the scope without the tenant."""
        return Scope("default", self.repo, self.user, self.branch, self.environment)


def _item() -> type[BaseModel]:
    described = "Home scope. Default: that of the memory which it supersedes, or the writer's scope."
    home: Any = (Home | None, Field(default=None, description=described))
    return create_model("Item", __base__=mirror(New, Direction.REQUEST), __doc__="A memory of a batch.", scope=home)


class _ReadBody(BaseModel):
    model_config = ConfigDict(extra="forbid")


def body_of(contract: Contract) -> type[BaseModel] | None:
    """Return the model of the body; None if the request has none."""
    if contract.verb.method != "POST":
        return None
    is_write = bool(contract.of(Role.WRITER))
    fields = {
        parameter.name: _field(parameter, contract) for parameter in contract.of(Role.BODY, Role.FILTER)
    } | _page_fields(contract)
    if any(parameter.is_several for parameter in contract.of(Role.PATH)):
        references = form(Sequence[MemoryRef], Direction.REQUEST)
        fields[ALSO] = (references, Field(default=(), description="Further memories, in addition to the path's."))
    fields |= _OWN_FIELDS.get(contract.verb.name, {})
    if not fields:
        return WriteBody if is_write else None
    name = contract.verb.name.title().replace("_", "") + "Body"
    return create_model(name, __base__=WriteBody if is_write else _ReadBody, __doc__=contract.doc, **fields)  # type: ignore[call-overload,no-any-return]


def is_optional(body: type[BaseModel]) -> bool:
    """Return whether no field of the body is required, so that a request may omit it."""
    return not any(field.is_required() for field in body.model_fields.values())


def _field(parameter: Parameter, contract: Contract) -> tuple[Any, Any]:
    example = _EXAMPLES.get((contract.verb.name, parameter.name))
    extra = {} if example is None else {"examples": [example]}
    default = ... if parameter.is_required else parameter.default
    spec = Field(default=default, description=parameter.description or None, **extra)  # type: ignore[call-overload]
    return _type_of(parameter, contract), spec


def _type_of(parameter: Parameter, contract: Contract) -> Any:  # noqa: ANN401 - a type
    if parameter.role is Role.FILTER:
        return WhereForm | None
    if (contract.verb.name, parameter.name) == ("add_many", "items"):
        return Annotated[tuple[_item(), ...], Field(max_length=MAX_BATCH)]  # type: ignore[misc]
    return form(parameter.annotation, Direction.REQUEST)


def _page_fields(contract: Contract) -> dict[str, tuple[Any, Any]]:
    if not contract.of(Role.PAGE):
        return {}
    return {
        "limit": (Annotated[StrictInt, Field(ge=1, le=MAX_RESULTS)], Field(default=contract.verb.page_limit)),
        "cursor": (Annotated[StrictStr, Field(max_length=400)] | None, Field(default=None)),
    }
