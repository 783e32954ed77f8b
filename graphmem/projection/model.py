"""What a projection is made of, how its parts are named, and what keeps it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

from graphmem.model import Kind, Scope

Attribute = str | float | bool | datetime | None

#: The names of the edges that carry a memory's words: one for each kind.
STATEMENTS = tuple(kind.upper() for kind in Kind)

_SLUG_CHARS = 40
_HASH_CHARS = 12
_NO_SLUG = re.compile(r"[^A-Za-z0-9]+")


def group_id(home: Scope) -> str:
    """The graphiti group of the memories that live at one place, branches aside.

    Readable first, and a hash so that no two places share a group: `default-graphmem-6f1c0c2f0a5e`. A group is what a
    graphiti reader asks for, so each user's own memories are a group of their own.
    """
    levels = (home.tenant, home.repo, home.user, home.environment)
    slug = "-".join(_NO_SLUG.sub("_", level).strip("_") for level in levels if level is not None)
    return f"{slug[:_SLUG_CHARS].strip('_-') or 'group'}-{_digest(*(level or '' for level in levels))[:_HASH_CHARS]}"


def entity_uuid(tenant: str, memory: str) -> str:
    """The uuid of a memory's entity."""
    return name_uuid("memory", tenant, memory)


def name_uuid(*parts: str) -> str:
    """A uuid that the same names always lead to: of version 8, whose bits are the maker's own."""
    bits = _digest(*parts)
    return f"{bits[:8]}-{bits[8:12]}-8{bits[13:16]}-a{bits[17:20]}-{bits[20:32]}"


def _digest(*parts: str) -> str:
    # A part that holds the separator could pass for two parts: JSON, which escapes it, keeps them apart.
    is_ambiguous = any("\x1f" in part for part in parts)
    text = json.dumps(parts) if is_ambiguous else "\x1f".join(parts)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class Entity:
    """A node of graphiti's: a memory, or what memories of one group are about.

    Attributes:
        memory: The id of the memory that it stands for; None for an anchor.
        attributes: What graphiti hands on as it is.
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
    """What is said along an edge, whoever believed it when.

    Attributes:
        key: The same for the same words between the same nodes over the same stretch of valid time.
        memory: The memory whose words they are.
        beside: The memory that the edge leads to, if it leads to one.
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
        """Whether it carries the memory's own words, and so its vector; other edges only say what is beside it."""
        return self.name in STATEMENTS


@dataclass(frozen=True, slots=True)
class Fact:
    """An edge of graphiti's: a claim, believed from a ledger position on and until another."""

    claim: Claim
    seq: int
    created_at: datetime
    expired_at: datetime | None = None

    @property
    def uuid(self) -> str:
        """The edge's own name; begins with the claim's key."""
        return f"{self.claim.key}-{self.seq}"


@dataclass(frozen=True, slots=True)
class Expiry:
    """A claim that was believed before a step and is not any more."""

    source: str
    key: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Step:
    """What the entries from past `after` to `upto` of a ledger change in a projection; may be carried out again.

    Attributes:
        entities: To be there as they are here.
        facts: To be there as they are here.
        expired: Facts of before, to be marked as no longer believed.
        gone: Uuids of entities whose memories were erased: they go with all their edges.
    """

    after: int
    upto: int
    entities: tuple[Entity, ...] = ()
    facts: tuple[Fact, ...] = ()
    expired: tuple[Expiry, ...] = ()
    gone: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class State:
    """How far a projection is.

    Attributes:
        seq: The last ledger position that it shows.
        model: The hash of the weights that made its embeddings; None if it has none.
        current: The hash of the weights that make those to come, read together with the rest.
    """

    seq: int
    model: str | None
    current: str | None


@dataclass(frozen=True, slots=True)
class Group:
    """What one place holds in a projection."""

    group_id: str
    repo: str | None
    user: str | None
    environment: str | None
    memories: int


class Projection(Protocol):
    """Keeps the projections of the tenants of one store. Safe to use from several threads and processes."""

    def is_on(self, tenant: str) -> bool:
        """Whether it was on at this process's last write to the tenant; asks nobody."""
        ...

    def state(self, tenant: str) -> State | None:
        """How far it is; None if it is off."""
        ...

    def switch_on(self, tenant: str) -> None:
        """Make an empty one where there is none."""
        ...

    def switch_off(self, tenant: str) -> None:
        """Remove it with all that it holds; goes on where an interrupted run stopped."""
        ...

    def advance(self, tenant: str, step: Step) -> bool:
        """Carry out a step in one transaction; False, and nothing is changed, if it stands elsewhere."""
        ...

    def groups(self, tenant: str) -> list[Group]:
        """What it holds, place by place, sorted by group id."""
        ...


@runtime_checkable
class Projected(Protocol):
    """A store that can keep projections beside its memories."""

    def projected(self) -> Projection:
        """The projections of its tenants."""
        ...
