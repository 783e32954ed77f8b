"""Answers that are more than one value of the library, named so that every surface gives the same fields."""

from __future__ import annotations

from dataclasses import dataclass

from graphmem.answers import Card, Written
from graphmem.model import Change, Point, Scope
from graphmem.store import Finding, StoreInfo


@dataclass(frozen=True, slots=True)
class Shown:
    """One memory, and the point at which it stands so."""

    card: Card
    at: Point


@dataclass(frozen=True, slots=True)
class Changes:
    """Entries of the ledger in order."""

    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Repositories:
    """Repositories with memories that the caller would see from there, sorted."""

    repositories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AllWritten:
    """What a write of several did, in the order in which they were sent."""

    written: tuple[Written, ...]


@dataclass(frozen=True, slots=True)
class Findings:
    """What `check` found; empty if there is no problem."""

    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Restored:
    """How many ledger entries the tenant has after a restore."""

    entries: int


@dataclass(frozen=True, slots=True)
class Reindexed:
    """How many vectors were made."""

    vectors: int


@dataclass(frozen=True, slots=True)
class Seen:
    """What a store is and holds, and from where it is looked at."""

    store: StoreInfo
    scope: Scope
