"""The attributes of nodes and edges in the graph of `to_networkx`: a typed dictionary for each type."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TypedDict

from graphmem.answers import Interval, State, Told
from graphmem.model import AnchorKind, Kind, Origin, Outcome, Status, SupersessionKind


class NodeType(StrEnum):
    """The type of a node, in its attribute `type`."""

    MEMORY = "memory"
    TOMBSTONE = "tombstone"
    ANCHOR = "anchor"
    ALTERNATIVE = "alternative"


class EdgeType(StrEnum):
    """The type of an edge, in its attribute `type` and at the beginning of its key."""

    SUPERSEDED_BY = "superseded_by"
    DEPENDS_ON = "depends_on"
    IMPLEMENTS = "implements"
    REFINES = "refines"
    FIXES = "fixes"
    CONFLICTS_WITH = "conflicts_with"
    ABOUT = "about"
    CONSIDERED = "considered"
    RENAMED_TO = "renamed_to"


class MemoryNode(TypedDict):
    """A memory at the graph's point; the node's name is its id.

    `confidence` is the stated confidence, and `freshness` the factor, from 1 down to 0, by which age lowers it.
    `holding` has the valid intervals; `valid_from` and `valid_to` are their outer ends, None if open or if there are no
    intervals. `status` is the memory's own status; `state` also takes supersessions into account.
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
    """A tombstone: the position of an erased memory in its chain."""

    type: NodeType
    change: int
    recorded_at: datetime
    actor: str
    source: str | None
    reason: str | None


class AnchorNode(TypedDict):
    """A part of the code or a member of the team that memories are about."""

    type: NodeType
    kind: AnchorKind
    name: str
    repo: str | None


class AlternativeNode(TypedDict):
    """An option that a decision considered."""

    type: NodeType
    name: str
    outcome: Outcome
    reason: str
    keys: tuple[str, ...]


class SupersessionEdge(TypedDict):
    """A supersession, from the old memory to the new; `covers` has its valid intervals, empty for an amendment."""

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
    """A recorded link between two memories."""

    type: EdgeType
    change: int
    recorded_at: datetime
    actor: str
    source: str | None


class ConflictEdge(TypedDict):
    """An open conflict, from the leading memory to its rival.

    `found_by` is as in `OpenConflict`: a rule of `FoundBy`. A link whose two ends are in force has this edge in
    addition to its `LinkEdge`.
    """

    type: EdgeType
    found_by: str
    what: str
    rule: str


class AboutEdge(TypedDict):
    """An edge from a memory to an anchor."""

    type: EdgeType
    role: str


class ConsideredEdge(TypedDict):
    """An edge from a decision to an alternative that it considered."""

    type: EdgeType
    outcome: Outcome


class RenameEdge(TypedDict):
    """An edge from a file to the file that a commit made of it; both are anchors of memories.

    `commit` is the hash of the commit and `at` its effective time, `similarity` the percent of the content that stayed,
    and `lineage` the number that all paths of the file share.
    """

    type: EdgeType
    at: datetime
    commit: str
    similarity: int
    lineage: int
