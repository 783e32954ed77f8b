"""Reading what callers of the other interface pass: messages, owners, dates and times."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from graphmem.compat.refusals import WrongArgument
from graphmem.errors import InvalidInput
from graphmem.model import Kind, Move, Origin, Statement, Status
from graphmem.service import New
from graphmem.service.wording import statement_from
from graphmem.sources.memories import mem0_labels
from graphmem.sources.memories.mem0_labels import OWNERS, Payload, end_of


def owners_of(given: Mapping[str, Any]) -> dict[str, str]:
    """`user_id`, `agent_id` and `run_id` as far as they are given, as texts without blanks around them.

    Raises:
        WrongArgument: One is empty or has blanks in it.
    """
    named = {name: str(given[name]).strip() for name in OWNERS if given.get(name) is not None}
    for name, value in named.items():
        if not value or value.split() != [value]:
            raise WrongArgument(f"{name} {given[name]!r} is empty or has blanks in it")
    return named


def some_owner(owners: dict[str, str]) -> dict[str, str]:
    """The owners.

    Raises:
        WrongArgument: There are none.
    """
    if not owners:
        raise WrongArgument("whose memories? Give at least one of user_id, agent_id, run_id")
    return owners


def messages_of(messages: object) -> Iterator[Mapping[str, str]]:
    """What is to be remembered: a text, a message or several; what the system says and what has no text is left out.

    Raises:
        WrongArgument: It is none of these.
    """
    listed = [{"role": "user", "content": messages}] if isinstance(messages, str) else messages
    listed = [listed] if isinstance(listed, Mapping) else listed
    if not isinstance(listed, list):
        raise WrongArgument(f"messages are a text, a message or a list of messages, not {type(messages).__name__}")
    for one in listed:
        if not isinstance(one, Mapping):
            raise WrongArgument(f"{one!r} is no message: it has no role and content")
        content = _text(one.get("content"))
        if one.get("role") not in (None, "system") and content.strip():
            yield {"role": str(one["role"]), "content": content, "name": str(one.get("name") or "")}


def _text(content: object) -> str:
    """The words of a message; of one in parts, those that are text."""
    if isinstance(content, list):
        parts = [one.get("text") for one in content if isinstance(one, Mapping) and one.get("type") == "text"]
        return "\n".join(part for part in parts if isinstance(part, str))
    return content if isinstance(content, str) else ""


def day_of(value: object) -> str | None:
    """A date as YYYY-MM-DD; None for none.

    Raises:
        WrongArgument: It is no date.
    """
    try:
        return mem0_labels.day_of(value)
    except InvalidInput as problem:
        raise WrongArgument(str(problem)) from problem


def moment_of(value: object) -> datetime | None:
    """When something was said: seconds since 1970, an ISO time or an aware datetime; None if it was not told.

    Raises:
        WrongArgument: It is no time.
    """
    if value is None:
        return None
    try:
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value, UTC)
        return value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except (ValueError, OverflowError, OSError) as problem:
        raise WrongArgument(f"timestamp {value!r} is no time") from problem


def remembered(message: Mapping[str, str], payload: Payload, start: datetime) -> New:
    """A message as a memory that holds from `start` on, until it expires."""
    named = {**payload.named, "role": message["role"]}
    if message["name"]:
        named["actor_id"] = message["name"]
    said = restated(message["content"], Payload(named, payload.metadata))
    return New(statement=said, moves=life(start, payload.named.get("expiration_date")))


def restated(text: str, payload: Payload) -> Statement:
    """A text as a statement that carries its payload."""
    split = statement_from(text, Kind.FACT)
    try:
        labels = payload.labels()
    except InvalidInput as problem:
        raise WrongArgument(str(problem)) from problem
    return Statement(title=split.title, body=split.body, origin=Origin.CONVERSATION, labels=labels)


def life(start: datetime, expiration_date: str | None) -> tuple[Move, ...]:
    """In force from an instant on; to the end of its last day, if it has one."""
    begun = Move(Status.ACTIVE, start)
    if expiration_date is None:
        return (begun,)
    return (begun, Move(Status.ENDED, max(end_of(expiration_date), start), ordinal=1, source_word="expired"))
