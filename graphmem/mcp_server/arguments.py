"""What each tool takes. The schemas that clients see are made from these, without what a model has no use for."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from graphmem.answers import OnSimilar
from graphmem.errors import InvalidInput
from graphmem.model import At, Kind, Origin, Scope
from graphmem.store import Filter
from graphmem.wire.times import read_known, read_time

Asked = TypeVar("Asked", bound=BaseModel)

#: Tokens of a search answer, counted by `graphmem.retrieval.token_count`.
DEFAULT_BUDGET, LEAST_BUDGET, MOST_BUDGET = 2_000, 300, 50_000

_MAX_NAME = 1_000
_MAX_TEXT = 200_000


def _refusing(read: Any) -> BeforeValidator:  # noqa: ANN401 - any reader of a text
    """A reader whose refusal is one of the arguments."""

    def checked(value: object) -> object:
        try:
            return read(value) if isinstance(value, str) else value
        except InvalidInput as problem:
            raise ValueError(str(problem)) from problem

    return BeforeValidator(checked, json_schema_input_type=str)


Moment = Annotated[datetime | None, _refusing(read_time)]
Known = Annotated[datetime | int | None, _refusing(read_known)]
Name = Annotated[str, Field(min_length=1, max_length=_MAX_NAME)]
Text = Annotated[str, Field(min_length=1, max_length=_MAX_TEXT)]


class Arguments(BaseModel):
    """Arguments of a tool: what is not known is refused."""

    model_config = ConfigDict(extra="forbid")

    repo: Name | None = Field(None, description="Repository, if not the current one.")
    user: Name | None = Field(None, description="Person whose private memories are meant too.")

    @property
    def place(self) -> Scope:
        """The repository and the person that are named."""
        return Scope(repo=self.repo, user=self.user)


class AtPoint(Arguments):
    """Arguments of a tool that asks."""

    as_of: Moment = Field(None, description="What held at this time (ISO 8601). Default: now.")
    known_at: Known = Field(None, description="What was known at this time or ledger position. Default: latest.")

    @property
    def at(self) -> At:
        """The point that is asked for."""
        return At(self.as_of, self.known_at)


class Filtered(Arguments):
    """Arguments of a tool that reads the memories that fit a filter."""

    kind: Kind | None = None
    tags: Annotated[tuple[Name, ...], Field(max_length=50)] = Field((), description="Any of these labels.")
    path: Name | None = Field(None, description="About this file, folder/ or glob.")
    include_history: bool = Field(default=False, description="Also what no longer holds.")

    @property
    def where(self) -> Filter:
        """The filter."""
        return Filter(
            kinds=() if self.kind is None else (self.kind,),
            labels=self.tags,
            paths=() if self.path is None else (self.path,),
            include_history=self.include_history,
        )


class SearchArguments(Filtered, AtPoint):
    """Arguments of a search."""

    query: Annotated[str, Field(max_length=10_000)] = Field(description="A question in plain words.")
    limit: int = Field(8, ge=1, le=50)
    min_relevance: float | None = Field(None, ge=0, le=1, description="0: also what is near.")
    budget: int = Field(DEFAULT_BUDGET, ge=LEAST_BUDGET, le=MOST_BUDGET, description="Tokens.")


class Signed(Arguments):
    """Arguments of a tool that writes."""

    reason: Annotated[str, Field(max_length=20_000)] | None = Field(None, description="Why, in a sentence.")
    source: Name | None = Field(None, description="Where it was read: a commit, a page.")
    origin: Literal[Origin.AGENT, Origin.CONVERSATION, Origin.EXTERNAL] = Field(
        Origin.AGENT, description="Whose words: your own, a conversation's, or from outside (issues, logs, web)."
    )
    op_id: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
        None, description="Names this write, so that a retry changes nothing."
    )


class AddArguments(Signed):
    """What to record."""

    user: Name | None = Field(None, description="For this person alone.")

    text: Text = Field(description="First line: the statement. Rest: details.")
    kind: Kind = Kind.FACT
    subject: Name | None = Field(None, description="What it settles, such as stack.database.")
    rationale: Text | None = None
    rejected: Annotated[tuple[Text, ...], Field(max_length=50)] = Field((), description="Not taken, as `name: reason`.")
    confidence: float = Field(1.0, ge=0, le=1)
    tags: Annotated[tuple[Name, ...], Field(max_length=50)] = ()
    paths: Annotated[tuple[Name, ...], Field(max_length=50)] = Field((), description="Files that it is about.")
    start: Moment = Field(None, description="Since when it holds. Default: now.")
    on_similar: OnSimilar = Field(OnSimilar.KEEP, description="skip: confirm what says the same already.")


class SupersedeArguments(Signed):
    """What replaces what."""

    old: Name = Field(description="Id or alias of the memory that is no longer true.")
    text: Text | None = Field(None, description="The new statement; or give `new`.")
    new: Name | None = Field(None, description="Id or alias of a memory that supersedes it.")
    at: Moment = Field(None, description="From when. Default: now.")
    is_correction: bool = Field(default=False, description="The old one was never right.")


def parsed(kind: type[Asked], given: object) -> Asked:
    """The arguments of a call.

    Raises:
        InvalidInput: They are not of that kind; the message names each at fault.
    """
    try:
        return kind.model_validate(given)
    except ValidationError as problem:
        faults = [f"{'.'.join(map(str, one['loc'])) or 'arguments'}: {one['msg']}" for one in problem.errors()]
        raise InvalidInput("; ".join(faults)) from problem


def schema(kind: type[BaseModel]) -> dict[str, Any]:
    """The JSON Schema of arguments, short: no titles, no defaults of nothing, no choice between a value and null."""
    made = kind.model_json_schema()
    shared = made.pop("$defs", {})
    shown: dict[str, Any] = _short(made, shared)
    shown.pop("description", None)
    return shown


def _short(value: Any, shared: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, list):
        return [_short(one, shared) for one in value]
    if not isinstance(value, dict):
        return value
    if "$ref" in value:
        kept = {key: one for key, one in value.items() if key != "$ref"}
        value = {"enum": shared[value["$ref"].rpartition("/")[2]]["enum"], "type": "string", **kept}
    if "anyOf" in value:
        others = [one for one in value["anyOf"] if one.get("type") != "null"]
        rest = {key: one for key, one in value.items() if key != "anyOf"}
        return _short({**others[0], **rest}, shared) if len(others) == 1 else _short({**rest, "anyOf": others}, shared)
    names = value.get("properties")
    kept = {
        key: _short(one, shared)
        for key, one in value.items()
        if key not in {"properties", "title", "minLength", "maxLength", "maxItems"}
        and not (key == "default" and one in (None, [], ""))
    }
    return kept if names is None else {**kept, "properties": {key: _short(one, shared) for key, one in names.items()}}
