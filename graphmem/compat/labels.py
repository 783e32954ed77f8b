"""What a memory of the other interface carries beside its text, kept as labels, such as `user_id=ann`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphmem.compat.refusals import WrongArgument

#: Every memory written through this interface carries it.
MARK = "compat"
#: Whom a memory belongs to; part of no metadata.
OWNERS = ("user_id", "agent_id", "run_id")

_TOLD = (*OWNERS, "actor_id", "role", "expiration_date")
_KEPT = (*_TOLD, "id", "created_at")
_METADATA = "metadata"


@dataclass(frozen=True, slots=True)
class Payload:
    """Everything beside the text.

    Attributes:
        named: `user_id`, `agent_id`, `run_id`, `actor_id`, `role`, `expiration_date`, as far as there are any; and of
            what took over from an earlier text the first one's `id` and `created_at`.
        metadata: Whatever the caller gave.
    """

    named: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @property
    def told(self) -> dict[str, str]:
        """The named values that an answer shows."""
        return {name: self.named[name] for name in _TOLD if name in self.named}

    def labels(self) -> tuple[str, ...]:
        """The labels that say all this.

        Raises:
            WrongArgument: A value of the metadata has no JSON form.
        """
        named = [f"{name}={value}" for name, value in self.named.items()]
        try:
            given = [f"{_METADATA}={json.dumps(self.metadata, sort_keys=True)}"] if self.metadata else []
        except (TypeError, ValueError) as problem:
            raise WrongArgument(f"metadata {dict(self.metadata)!r} has no JSON form: {problem}") from problem
        return (MARK, *sorted([*named, *given]))


def read_payload(labels: tuple[str, ...]) -> Payload:
    """What labels say, those of other origin left out."""
    if MARK not in labels:
        return Payload()
    named: dict[str, str] = {}
    metadata: dict[str, Any] = {}
    for label in labels:
        name, _, value = label.partition("=")
        if name == _METADATA:
            metadata = json.loads(value)
        elif name in _KEPT:
            named[name] = value
    return Payload(named, metadata)


def owner_label(owner: str, name: str) -> str:
    """The label of all memories that belong to somebody."""
    return f"{owner}={name}"
