"""Labels that keep the fields that a memory of mem0 has in addition to its text, for example `user_id=ann`.

Both the reader of mem0's files and `graphmem.compat` write them, so that a script that goes on with the latter finds
imported memories too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from graphmem.deferred_dataclass import dataclass
from graphmem.errors import InvalidInput

#: The label of every memory with these labels.
MARK = "compat"
#: Fields that say to whom a memory belongs; they are not part of the metadata.
OWNERS = ("user_id", "agent_id", "run_id")

_SHOWN_FIELDS = (*OWNERS, "actor_id", "role", "expiration_date")
_FIELDS = (*_SHOWN_FIELDS, "id", "created_at")
_METADATA = "metadata"


@dataclass(frozen=True, slots=True)
class Mem0Fields:
    """All fields of a memory except its text.

    Attributes:
        named: `user_id`, `agent_id`, `run_id`, `actor_id`, `role` and `expiration_date` if present; for a memory that
            superseded an earlier text also the `id` and `created_at` of the first.
        metadata: Free-form values of the caller.
    """

    named: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @property
    def shown_fields(self) -> dict[str, str]:
        """The named fields that an answer contains."""
        return {name: self.named[name] for name in _SHOWN_FIELDS if name in self.named}

    def labels(self) -> tuple[str, ...]:
        """The fields as labels, sorted, after `MARK`.

        Raises:
            InvalidInput: A value of the metadata has no JSON form.
        """
        labels = [f"{name}={value}" for name, value in self.named.items()]
        try:
            labels += [f"{_METADATA}={json.dumps(self.metadata, sort_keys=True)}"] if self.metadata else []
        except (TypeError, ValueError) as problem:
            raise InvalidInput(f"metadata {dict(self.metadata)!r} has no JSON form: {problem}") from problem
        return (MARK, *sorted(labels))


def read_payload(labels: tuple[str, ...]) -> Mem0Fields:
    """The fields in the labels of a memory; empty without `MARK`."""
    if MARK not in labels:
        return Mem0Fields()
    named: dict[str, str] = {}
    metadata: dict[str, Any] = {}
    for label in labels:
        name, _, value = label.partition("=")
        if name == _METADATA:
            metadata = json.loads(value)
        elif name in _FIELDS:
            named[name] = value
    return Mem0Fields(named, metadata)


def owner_label(owner: str, name: str) -> str:
    """The label that all memories of an owner have."""
    return f"{owner}={name}"


def day_of(value: object) -> str | None:
    """A date as YYYY-MM-DD; None for None.

    Raises:
        InvalidInput: The value is not a date.
    """
    if value is None:
        return None
    if isinstance(value, datetime):
        return value.date().isoformat()
    try:
        return value.isoformat() if isinstance(value, date) else date.fromisoformat(str(value)).isoformat()
    except ValueError as problem:
        raise InvalidInput(f"expiration_date {value!r} is no date such as 2030-12-31") from problem


def end_of(day: str) -> datetime:
    """Midnight UTC at the end of a day."""
    return datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(days=1)
