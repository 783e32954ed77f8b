"""Arguments of the tools. The JSON Schemas that clients see are made from these models and shortened."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from graphmem.answers import OnSimilar
from graphmem.briefing.block import DEFAULT_BUDGET as CONTEXT_BUDGET
from graphmem.briefing.block import LEAST_BUDGET as LEAST_CONTEXT_BUDGET
from graphmem.errors import InvalidInput
from graphmem.feedback import Opinion
from graphmem.model import At, Kind, Origin, Scope
from graphmem.store import Filter
from graphmem.wire.times import read_as_of, read_known_at, read_time

ArgumentsT = TypeVar("ArgumentsT", bound=BaseModel)

#: Size of a search answer in tokens, counted by `graphmem.token_count`.
DEFAULT_BUDGET, LEAST_BUDGET, MOST_BUDGET = 2_000, 300, 50_000

_MAX_NAME = 1_000
_MAX_TEXT = 200_000


def _refusing(read: Any) -> BeforeValidator:  # noqa: ANN401 - any reader of a text
    """Return a validator that reads text and reports invalid text as an error of the argument."""

    def checked(value: object) -> object:
        try:
            return read(value) if isinstance(value, str) else value
        except InvalidInput as problem:
            raise ValueError(str(problem)) from problem

    return BeforeValidator(checked, json_schema_input_type=str)


Moment = Annotated[datetime | None, _refusing(read_time)]
TimeOrCommit = Annotated[datetime | str | None, _refusing(read_as_of)]
TimeOrPosition = Annotated[datetime | int | str | None, _refusing(read_known_at)]
Name = Annotated[str, Field(min_length=1, max_length=_MAX_NAME)]
Text = Annotated[str, Field(min_length=1, max_length=_MAX_TEXT)]


class Arguments(BaseModel):
    """Arguments of every tool; unknown arguments are refused."""

    model_config = ConfigDict(extra="forbid")

    # The server's instructions say what they are: each tool has them.
    repo: Name | None = None
    user: Name | None = None

    @property
    def scope(self) -> Scope:
        """The scope that the arguments name: a repository, a user, both or neither."""
        return Scope(repo=self.repo, user=self.user)


class PointArguments(Arguments):
    """Arguments of a tool that reads at a point in time."""

    as_of: TimeOrCommit = Field(None, description="In force at this time (ISO 8601), commit or tag. Default: now.")
    known_at: TimeOrPosition = Field(None, description="As recorded by this time or position.")

    @property
    def at(self) -> At:
        """The requested point in time."""
        return At(self.as_of, self.known_at)


class FilterArguments(Arguments):
    """Arguments of a tool that reads memories through a filter."""

    kind: Kind | None = None
    tags: Annotated[tuple[Name, ...], Field(max_length=50)] = Field((), description="Any of these.")
    path: Name | None = Field(None, description="File, folder/ or glob.")
    include_history: bool = Field(default=False, description="Also what is over.")

    @property
    def where(self) -> Filter:
        """The filter."""
        return Filter(
            kinds=() if self.kind is None else (self.kind,),
            labels=self.tags,
            paths=() if self.path is None else (self.path,),
            include_history=self.include_history,
        )


class SearchArguments(FilterArguments, PointArguments):
    """Arguments of a search."""

    query: Annotated[str, Field(max_length=10_000)] = Field(description="A question in plain words.")
    limit: int = Field(8, ge=1, le=50)
    min_relevance: float | None = Field(None, ge=0, le=1, description="0: include weak matches.")
    budget: int = Field(DEFAULT_BUDGET, ge=LEAST_BUDGET, le=MOST_BUDGET, description="Tokens.")


class ContextArguments(PointArguments):
    """Arguments of a context block."""

    task: Annotated[str, Field(max_length=20_000)] = Field(description="What you are about to do.")
    paths: Annotated[tuple[Name, ...], Field(max_length=50)] = Field((), description="Files or folders/ it touches.")
    budget: int = Field(CONTEXT_BUDGET, ge=LEAST_CONTEXT_BUDGET, le=MOST_BUDGET, description="Tokens.")
    since: int | None = Field(None, ge=0, description="Only changes after this position.")


class AuthorArguments(Arguments):
    """Arguments of every tool that writes."""

    reason: Annotated[str, Field(max_length=20_000)] | None = Field(None, description="Why, in a sentence.")
    origin: Literal[Origin.AGENT, Origin.CONVERSATION, Origin.EXTERNAL] = Field(
        Origin.AGENT, description="You, a person in the conversation, or an outside text."
    )
    op_id: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(None, description="Makes a retry safe.")


class WriteArguments(AuthorArguments):
    """Arguments of a tool that writes what a source says."""

    source: Name | None = Field(None, description="A commit, a page.")


class AddArguments(WriteArguments):
    """Arguments of an add."""

    user: Name | None = Field(None, description="Private to this user.")

    text: Text = Field(description="First line: the statement.")
    kind: Kind = Kind.FACT
    subject: Name | None = Field(None, description="Topic, such as stack.database.")
    rationale: Text | None = None
    rejected: Annotated[tuple[Text, ...], Field(max_length=50)] = Field(
        (), description="As `name [pkg:pypi/name]: reason`."
    )
    confidence: float = Field(1.0, ge=0, le=1)
    tags: Annotated[tuple[Name, ...], Field(max_length=50)] = ()
    paths: Annotated[tuple[Name, ...], Field(max_length=50)] = Field((), description="Files it concerns.")
    start: Moment = Field(None, description="In force from. Default: now.")
    on_similar: OnSimilar = Field(OnSimilar.KEEP, description="skip: confirm an equal memory instead.")


class SupersedeArguments(WriteArguments):
    """Arguments of a supersession."""

    old: Name = Field(description="Id or alias of what is no longer true.")
    text: Text | None = Field(None, description="The new statement.")
    new: Name | None = Field(None, description="Or a memory that supersedes it.")
    at: Moment = Field(None, description="In force from. Default: now.")
    is_correction: bool = Field(default=False, description="The old memory was never right.")


class FeedbackArguments(AuthorArguments):
    """Arguments of feedback."""

    id: Name
    opinion: Opinion


def parse_arguments(model: type[ArgumentsT], arguments: object) -> ArgumentsT:
    """Return the validated arguments of a call.

    Raises:
        InvalidInput: The arguments are invalid; the message names each invalid argument.
    """
    try:
        return model.model_validate(arguments)
    except ValidationError as problem:
        messages = [f"{'.'.join(map(str, error['loc'])) or 'arguments'}: {error['msg']}" for error in problem.errors()]
        raise InvalidInput("; ".join(messages)) from problem


def schema(model: type[BaseModel]) -> dict[str, Any]:
    """Return the JSON Schema of arguments without titles, empty defaults and unions with null."""
    full = model.model_json_schema()
    definitions = full.pop("$defs", {})
    short: dict[str, Any] = _short(full, definitions)
    short.pop("description", None)
    return short


#: Left out of the schemas that clients see: limits that calls hardly meet, which the server checks all the same.
_UNTOLD = frozenset({"properties", "title", "minLength", "maxLength", "maxItems", "minimum", "maximum"})


def _short(value: Any, definitions: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, list):
        return [_short(element, definitions) for element in value]
    if not isinstance(value, dict):
        return value
    if "$ref" in value:
        rest = {key: entry for key, entry in value.items() if key != "$ref"}
        value = {"enum": definitions[value["$ref"].rpartition("/")[2]]["enum"], "type": "string", **rest}
    if "anyOf" in value:
        choices = [choice for choice in value["anyOf"] if choice.get("type") != "null"]
        rest = {key: entry for key, entry in value.items() if key != "anyOf"}
        single = {**choices[0], **rest} if len(choices) == 1 else {**rest, "anyOf": choices}
        return _short(single, definitions)
    properties = value.get("properties")
    short = {
        key: _short(entry, definitions)
        for key, entry in value.items()
        if key not in _UNTOLD and not (key == "default" and entry in (None, [], "", False))
    }
    if properties is None:
        return short
    return {**short, "properties": {name: _short(entry, definitions) for name, entry in properties.items()}}
