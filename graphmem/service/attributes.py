"""What the nodes and edges of `to_networkx` carry: a typed dictionary for each sort of them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TypedDict

from graphmem.answers import Interval, State, Told
from graphmem.model import AnchorKind, Kind, Origin, Outcome, Status, SupersessionKind


class NodeType(StrEnum):
    """What a node is; every node carries one as `type`."""

    MEMORY = "memory"
    TOMBSTONE = "tombstone"
    ANCHOR = "anchor"
    ALTERNATIVE = "alternative"


class EdgeType(StrEnum):
    """What an edge says; every edge carries one as `type`, and its key begins with it."""

    SUPERSEDED_BY = "superseded_by"
    DEPENDS_ON = "depends_on"
    IMPLEMENTS = "implements"
    REFINES = "refines"
    FIXES = "fixes"
    CONFLICTS_WITH = "conflicts_with"
    ABOUT = "about"
    CONSIDERED = "considered"


class MemoryNode(TypedDict):
    """A memory as it stands at the graph's point; the node's name is its id.

    `confidence` is as stated, `freshness` what age leaves of it. `valid_from` and `valid_to` are the outer
    ends of `holding`, None where it is open or empty. `status` is its own word, `state` where it stands.
    """

    type: NodeType
    kind: Kind
    title: str
    body: str
    rationale: str
    subject: str | None
    aliases: tuple[str, ...]
    labels: tuple[str, ...]
    language: str | None
    origin: Origin
    is_mandatory: bool
    confidence: float
    freshness: float
    state: State
    status: Status | None
    holds: bool
    holding: tuple[Interval, ...]
    valid_from: datetime | None
    valid_to: datetime | None
    moves: tuple[Told, ...]
    tenant: str
    repo: str | None
    user: str | None
    branch: str | None
    environment: str | None
    change: int
    recorded_at: datetime
    observed_at: datetime | None
    confirmed_at: datetime | None
    actor: str
    source: str | None
    reason: str | None


class TombstoneNode(TypedDict):
    """What is left of an erased memory: its place between others."""

    type: NodeType
    change: int
    recorded_at: datetime
    actor: str
    source: str | None
    reason: str | None


class AnchorNode(TypedDict):
    """Something in the code or the team that memories are about."""

    type: NodeType
    kind: AnchorKind
    name: str
    repo: str | None


class AlternativeNode(TypedDict):
    """An option that one decision considered."""

    type: NodeType
    name: str
    outcome: Outcome
    reason: str
    keys: tuple[str, ...]


class SupersessionEdge(TypedDict):
    """From what was replaced to what took over; `covers` is when it does, empty for an amendment."""

    type: EdgeType
    kind: SupersessionKind
    at: datetime | None
    until: datetime | None
    part: str | None
    covers: tuple[Interval, ...]
    reason: str | None
    change: int
    recorded_at: datetime
    actor: str
    source: str | None


class LinkEdge(TypedDict):
    """A typed link that somebody recorded."""

    type: EdgeType
    change: int
    recorded_at: datetime
    actor: str
    source: str | None


class ConflictEdge(TypedDict):
    """An open contradiction, from the memory that leads to the other.

    `found_by` is as in `OpenConflict`: `subject`, `fork` or `link`; of a link both ends of which hold, this edge
    stands beside the `LinkEdge`.
    """

    type: EdgeType
    found_by: str
    what: str
    rule: str


class AboutEdge(TypedDict):
    """From a memory to an anchor."""

    type: EdgeType
    role: str


class ConsideredEdge(TypedDict):
    """From a decision to an option of it."""

    type: EdgeType
    outcome: Outcome
