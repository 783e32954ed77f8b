"""The body of each verb's request: a model of pydantic made from the verb's contract."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr, create_model

from graphmem.http.asking import BranchName, Name, Signed, WhereForm
from graphmem.http.limits import MAX_BATCH, MAX_RESULTS
from graphmem.model import Scope
from graphmem.parameters import MemoryRef
from graphmem.service import New
from graphmem.store import Page
from graphmem.wire.contracts import Contract, Parameter, Role
from graphmem.wire.forms import Side, form, mirror

_EXAMPLE = {"title": "Primary keys are UUIDv7", "kind": "decision", "subject": "keys.format"}
_EXAMPLES: Mapping[tuple[str, str], object] = {
    ("search", "query"): "which database do we use?",
    ("add", "statement"): _EXAMPLE,
    ("add_many", "items"): [{"statement": _EXAMPLE}, {"statement": "Primary keys are UUIDv8", "supersedes": [0]}],
    ("supersede", "new"): "Primary keys are UUIDv7: they sort by time",
    ("amend", "part"): "retention",
}
#: Further fields of a body, which change how HTTP answers and not what the verb does.
_OWN_FIELDS: Mapping[str, Mapping[str, tuple[Any, Any]]] = {
    "search": {
        "excerpts": (
            StrictBool,
            Field(
                default=True,
                description="Add to each hit the sentences that match, the reason and the rejected options, and say"
                " whether only memories of no repository were searched. With long texts that takes as long as the"
                " search.",
            ),
        )
    }
}
#: The field with the memories after the first, where the path names one of several.
ALSO = "also"


class Home(BaseModel):
    """The scope in which a memory of a batch lives, if not that of its writer."""

    model_config = ConfigDict(extra="forbid")

    tenant: Name | None = None
    repo: Name | None = None
    user: Name | None = None
    branch: BranchName | None = None
    environment: Name | None = None

    def scope(self) -> Scope:
        """The scope without the tenant."""
        return Scope("default", self.repo, self.user, self.branch, self.environment)


def _item() -> type[BaseModel]:
    described = "Where it lives; where what it supersedes lives, or the writer's scope, if not given."
    home: Any = (Home | None, Field(default=None, description=described))
    return create_model("Item", __base__=mirror(New, Side.ASKED), __doc__="One memory of a batch.", scope=home)


class _Question(BaseModel):
    model_config = ConfigDict(extra="forbid")


def body_of(contract: Contract) -> type[BaseModel] | None:
    """The model of the body; None if the request has none."""
    if contract.verb.method != "POST":
        return None
    is_write = bool(contract.of(Role.WRITER))
    fields = {
        parameter.name: _field(parameter, contract) for parameter in contract.of(Role.BODY, Role.FILTER)
    } | _page_fields(contract)
    if any(parameter.is_several for parameter in contract.of(Role.PATH)):
        several = form(Sequence[MemoryRef], Side.ASKED)
        fields[ALSO] = (several, Field(default=(), description="Further memories, beside that in the path."))
    fields |= _OWN_FIELDS.get(contract.verb.name, {})
    if not fields:
        return Signed if is_write else None
    name = contract.verb.name.title().replace("_", "") + "Body"
    return create_model(name, __base__=Signed if is_write else _Question, __doc__=contract.doc, **fields)  # type: ignore[call-overload,no-any-return]


def is_optional(body: type[BaseModel]) -> bool:
    """Whether a request may leave the body out: no field is required."""
    return not any(field.is_required() for field in body.model_fields.values())


def _field(parameter: Parameter, contract: Contract) -> tuple[Any, Any]:
    example = _EXAMPLES.get((contract.verb.name, parameter.name))
    more = {} if example is None else {"examples": [example]}
    default = ... if parameter.is_required else parameter.default
    spec = Field(default=default, description=parameter.description or None, **more)  # type: ignore[call-overload]
    return _type_of(parameter, contract), spec


def _type_of(parameter: Parameter, contract: Contract) -> Any:  # noqa: ANN401 - a type
    if parameter.role is Role.FILTER:
        return WhereForm | None
    if (contract.verb.name, parameter.name) == ("add_many", "items"):
        return Annotated[tuple[_item(), ...], Field(max_length=MAX_BATCH)]  # type: ignore[misc]
    return form(parameter.annotation, Side.ASKED)


def _page_fields(contract: Contract) -> dict[str, tuple[Any, Any]]:
    if not contract.of(Role.PAGE):
        return {}
    return {
        "limit": (Annotated[StrictInt, Field(ge=1, le=MAX_RESULTS)], Field(default=Page().limit)),
        "cursor": (Annotated[StrictStr, Field(max_length=400)] | None, Field(default=None)),
    }
