"""One search as it was asked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from graphmem.model import Scope
from graphmem.store import Filter, Page


class Sort(StrEnum):
    """In which order answers come."""

    RELEVANCE = "relevance"
    RECENCY = "recency"
    CONFIDENCE = "confidence"


@dataclass(frozen=True, slots=True)
class Query:
    """One search as it was asked.

    No `seq` is for where the ledger stands when the store is first looked into; no `min_relevance` for what says
    something about the question.
    """

    text: str
    valid: datetime
    seq: int | None
    reader: Scope
    where: Filter
    sort: Sort
    page: Page
    min_relevance: float | None = None

    @property
    def of_matches(self) -> Filter:
        """What a match must be; the rest of the filter is for what it leads to."""
        return replace(self.where, origins=(), statuses=(), min_confidence=0.0)
