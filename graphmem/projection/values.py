"""The parts of a projection, their names, and the protocol of its storage."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Protocol, runtime_checkable

from graphmem.deferred_dataclass import dataclass
from graphmem.model import Kind, Scope

Attribute = str | float | bool | datetime | None

#: Names of edges with a memory's own text, by kind.
STATEMENTS = tuple(kind.upper() for kind in Kind)

_SLUG_CHARS = 40
_HASH_CHARS = 12
_NO_SLUG = re.compile(r"[^A-Za-z0-9]+")


def group_id(home: Scope) -> str:
    """Return the graphiti group of the memories in a home scope, without branches.

    A readable part, then a hash so that no two scopes share a group: `default-graphmem-6f1c0c2f0a5e`. A graphiti reader
    requests groups, so the private memories of each user are a separate group.
    """
    levels = (home.tenant, home.repo, home.user, home.environment)
    slug = "-".join(_NO_SLUG.sub("_", level).strip("_") for level in levels if level is not None)
    return f"{slug[:_SLUG_CHARS].strip('_-') or 'group'}-{_digest(*(level or '' for level in levels))[:_HASH_CHARS]}"


def entity_uuid(tenant: str, memory: str) -> str:
    """Return the uuid of a memory's entity."""
    return name_uuid("memory", tenant, memory)


def name_uuid(*parts: str) -> str:
    """Return a deterministic uuid (version 8) for a tuple of names."""
    bits = _digest(*parts)
    return f"{bits[:8]}-{bits[8:12]}-8{bits[13:16]}-a{bits[17:20]}-{bits[20:32]}"


def _digest(*parts: str) -> str:
    # A part with the separator could be mistaken for two parts; JSON escapes it.
    is_ambiguous = any("\x1f" in part for part in parts)
    text = json.dumps(parts) if is_ambiguous else "\x1f".join(parts)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class Entity:
    """A graphiti node: a memory, or an anchor of a group's memories.

    Attributes:
        memory: The memory's id; None for an anchor.
        attributes: Passed through by graphiti unchanged.
    """

    uuid: str
    group: str
    name: str
    summary: str
    created_at: datetime
    memory: str | None = None
    attributes: Mapping[str, Attribute] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Claim:
    """The content of an edge, without the ledger positions at which it was believed.

    Attributes:
        key: A hash of text, endpoints and valid interval.
        memory: The memory whose text it is.
        beside: The memory at the edge's end, if the end is a memory.
    """

    key: str
    source: str
    target: str
    name: str
    fact: str
    group: str
    memory: str
    valid_at: datetime | None
    invalid_at: datetime | None
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    beside: str | None = None

    @property
    def is_statement(self) -> bool:
        """True if the edge has the memory's own text, and therefore its vector; other edges only describe relations."""
        return self.name in STATEMENTS


@dataclass(frozen=True, slots=True)
class Fact:
    """A graphiti edge: a claim with the ledger position at which belief began, and the time at which it ended."""

    claim: Claim
    seq: int
    created_at: datetime
    expired_at: datetime | None = None

    @property
    def uuid(self) -> str:
        """The edge's uuid; it begins with the claim's key."""
        return f"{self.claim.key}-{self.seq}"


@dataclass(frozen=True, slots=True)
class Expiry:
    """The end of a claim that was believed before the step."""

    source: str
    key: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ProjectionStep:
    """Changes of a projection for the ledger entries past `after` up to `upto`; applying a step twice is safe.

    Attributes:
        entities: Entities to insert or update.
        facts: Facts to insert or update.
        expired: Earlier facts to mark as no longer believed.
        gone: Uuids of entities of erased memories, to delete with all their edges.
    """

    after: int
    upto: int
    entities: tuple[Entity, ...] = ()
    facts: tuple[Fact, ...] = ()
    expired: tuple[Expiry, ...] = ()
    gone: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProjectionState:
    """The progress of a projection.

    Attributes:
        seq: The last ledger position included.
        model: The hash of the weights that made its embeddings; None without embeddings.
        current: The hash of the weights for the next embeddings, read in the same transaction.
    """

    seq: int
    model: str | None
    current: str | None


@dataclass(frozen=True, slots=True)
class Group:
    """A home scope in a projection, with its number of memories."""

    group_id: str
    repo: str | None
    user: str | None
    environment: str | None
    memories: int


class Projection(Protocol):
    """Stores the projections of a store's tenants. Safe for several threads and processes."""

    def is_on(self, tenant: str) -> bool:
        """Return whether it was on at this process's last write to the tenant; runs no query."""
        ...

    def state(self, tenant: str) -> ProjectionState | None:
        """Return its progress; None if it is off."""
        ...

    def switch_on(self, tenant: str) -> None:
        """Create an empty projection if there is none."""
        ...

    def switch_off(self, tenant: str) -> None:
        """Delete the projection; resumes an interrupted deletion."""
        ...

    def advance(self, tenant: str, step: ProjectionStep) -> bool:
        """Apply a step in a transaction; returns False without changes if the projection is not at `step.after`."""
        ...

    def groups(self, tenant: str) -> list[Group]:
        """Return its groups, sorted by group id."""
        ...


@runtime_checkable
class Projected(Protocol):
    """A store that can also store projections."""

    def projected(self) -> Projection:
        """Return the projections of its tenants."""
        ...
