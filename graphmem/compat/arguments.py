"""Validation of arguments in mem0's form: messages, owners, dates and times."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from graphmem.compat.refusals import WrongArgument
from graphmem.errors import InvalidInput
from graphmem.model import Kind, Move, Origin, Statement, Status
from graphmem.service import New
from graphmem.service.statements import statement_from
from graphmem.sources.memories import mem0_labels
from graphmem.sources.memories.mem0_labels import OWNERS, Mem0Fields, end_of


def owners_of(arguments: Mapping[str, Any]) -> dict[str, str]:
    """Return those given of `user_id`, `agent_id` and `run_id` as stripped strings.

    Raises:
        WrongArgument: A value is empty or contains whitespace.
    """
    named = {name: str(arguments[name]).strip() for name in OWNERS if arguments.get(name) is not None}
    for name, value in named.items():
        if not value or value.split() != [value]:
            raise WrongArgument(f"{name} {arguments[name]!r} is empty or contains whitespace")
    return named


def some_owner(owners: dict[str, str]) -> dict[str, str]:
    """Return the owners unchanged.

    Raises:
        WrongArgument: There are none.
    """
    if not owners:
        raise WrongArgument("no owner: give at least one of user_id, agent_id, run_id")
    return owners


def messages_of(messages: object) -> Iterator[Mapping[str, str]]:
    """Yield the messages of a text, a message or a list; system messages and messages without text are skipped.

    Raises:
        WrongArgument: The argument has another type.
    """
    listed = [{"role": "user", "content": messages}] if isinstance(messages, str) else messages
    listed = [listed] if isinstance(listed, Mapping) else listed
    if not isinstance(listed, list):
        raise WrongArgument(f"messages must be a text, a message or a list of messages, not {type(messages).__name__}")
    for message in listed:
        if not isinstance(message, Mapping):
            raise WrongArgument(f"{message!r} is not a message: it has no role and content")
        content = _text(message.get("content"))
        if message.get("role") not in (None, "system") and content.strip():
            yield {"role": str(message["role"]), "content": content, "name": str(message.get("name") or "")}


def _text(content: object) -> str:
    """Return the text of a message; of a message in parts, the text parts."""
    if isinstance(content, list):
        texts = [part.get("text") for part in content if isinstance(part, Mapping) and part.get("type") == "text"]
        return "\n".join(text for text in texts if isinstance(text, str))
    return content if isinstance(content, str) else ""


def day_of(value: object) -> str | None:
    """Return a date as YYYY-MM-DD; None for None.

    Raises:
        WrongArgument: The value is not a date.
    """
    try:
        return mem0_labels.day_of(value)
    except InvalidInput as problem:
        raise WrongArgument(str(problem)) from problem


def moment_of(value: object) -> datetime | None:
    """Return a time given in seconds since 1970, in ISO format or as an aware datetime; None for None.

    Raises:
        WrongArgument: The value is not a time.
    """
    if value is None:
        return None
    try:
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value, UTC)
        return value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except (ValueError, OverflowError, OSError) as problem:
        raise WrongArgument(
            f"timestamp {value!r} is not a time; write seconds since 1970 or an ISO 8601 time"
        ) from problem


def remembered(message: Mapping[str, str], payload: Mem0Fields, start: datetime) -> New:
    """Return a message as a memory in force from `start` until it expires."""
    named = {**payload.named, "role": message["role"]}
    if message["name"]:
        named["actor_id"] = message["name"]
    statement = restated(message["content"], Mem0Fields(named, payload.metadata))
    return New(statement=statement, moves=life(start, payload.named.get("expiration_date")))


def restated(text: str, payload: Mem0Fields) -> Statement:
    """Return a text as a statement with its payload as labels."""
    split = statement_from(text, Kind.FACT)
    try:
        labels = payload.labels()
    except InvalidInput as problem:
        raise WrongArgument(str(problem)) from problem
    return Statement(title=split.title, body=split.body, origin=Origin.CONVERSATION, labels=labels)


def life(start: datetime, expiration_date: str | None) -> tuple[Move, ...]:
    """Return the moves of a memory in force from an instant, until the end of its expiration date if it has one."""
    begun = Move(Status.ACTIVE, start)
    if expiration_date is None:
        return (begun,)
    return (begun, Move(Status.ENDED, max(end_of(expiration_date), start), ordinal=1, source_word="expired"))
