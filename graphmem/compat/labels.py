"""mem0's extra fields of a memory, stored as labels, for example `user_id=ann`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphmem.compat.refusals import WrongArgument

#: The label of every memory written through this interface.
MARK = "compat"
#: Names of owner fields; they are never part of the metadata.
OWNERS = ("user_id", "agent_id", "run_id")

_PUBLIC = (*OWNERS, "actor_id", "role", "expiration_date")
_NAMED = (*_PUBLIC, "id", "created_at")
_METADATA = "metadata"


@dataclass(frozen=True, slots=True)
class Payload:
    """The fields of a memory besides its text.

    Attributes:
        named: `user_id`, `agent_id`, `run_id`, `actor_id`, `role`, `expiration_date`, as far as they are set; after an
            update also the `id` and `created_at` of the first version.
        metadata: The caller's metadata.
    """

    named: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @property
    def public(self) -> dict[str, str]:
        """The named fields that results include."""
        return {name: self.named[name] for name in _PUBLIC if name in self.named}

    def labels(self) -> tuple[str, ...]:
        """Return the labels that encode the payload.

        Raises:
            WrongArgument: A metadata value has no JSON form.
        """
        named = [f"{name}={value}" for name, value in self.named.items()]
        try:
            metadata = [f"{_METADATA}={json.dumps(self.metadata, sort_keys=True)}"] if self.metadata else []
        except (TypeError, ValueError) as problem:
            raise WrongArgument(f"metadata {dict(self.metadata)!r} has no JSON form: {problem}") from problem
        return (MARK, *sorted([*named, *metadata]))


def read_payload(labels: tuple[str, ...]) -> Payload:
    """Decode a payload from labels; other labels are ignored."""
    if MARK not in labels:
        return Payload()
    named: dict[str, str] = {}
    metadata: dict[str, Any] = {}
    for label in labels:
        name, _, value = label.partition("=")
        if name == _METADATA:
            metadata = json.loads(value)
        elif name in _NAMED:
            named[name] = value
    return Payload(named, metadata)


def owner_label(owner: str, name: str) -> str:
    """Return the label of all memories of an owner."""
    return f"{owner}={name}"
