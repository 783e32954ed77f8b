"""Answers around values of the library, with named fields, the same on every surface."""

from __future__ import annotations

from graphmem.answers import Card, Written
from graphmem.deferred_dataclass import dataclass
from graphmem.model import Change, Point, Scope
from graphmem.service.branch_verbs import Branch
from graphmem.store import Finding, StoreInfo


@dataclass(frozen=True, slots=True)
class CardAnswer:
    """A memory at a point in time."""

    card: Card
    at: Point


@dataclass(frozen=True, slots=True)
class Changes:
    """Entries of the ledger in order."""

    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Repositories:
    """Repositories with memories that the caller can read, sorted."""

    repositories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Branches:
    """Branches of a repository, in the order in which they were opened."""

    branches: tuple[Branch, ...]


@dataclass(frozen=True, slots=True)
class AllWritten:
    """The results of a batch, in the order of its items."""

    written: tuple[Written, ...]


@dataclass(frozen=True, slots=True)
class Findings:
    """The problems that `check` found; empty if there are none."""

    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Restored:
    """The number of ledger entries of the tenant after a restore."""

    entries: int


@dataclass(frozen=True, slots=True)
class Reindexed:
    """The number of vectors that were computed."""

    vectors: int


@dataclass(frozen=True, slots=True)
class StatusAnswer:
    """The state of a store, and the scope in which it was read."""

    store: StoreInfo
    scope: Scope
