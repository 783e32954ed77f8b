"""The request of a search."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from graphmem.deferred_dataclass import dataclass, field, replace
from graphmem.model import CodeVerdict, Scope
from graphmem.retrieval.path_reach import PathReach
from graphmem.store import Filter, Page


class Sort(StrEnum):
    """The order of hits."""

    RELEVANCE = "relevance"
    RECENCY = "recency"
    CONFIDENCE = "confidence"


@dataclass(frozen=True, slots=True)
class Query:
    """The request of a search.

    `seq` None means the latest ledger position; `min_relevance` None the default bound; `files` are those of the paths
    in `where`; `verdicts` are those on memories of the reader's repository: what the code contradicts comes later;
    `corrects_words` is False for a text whose words are spelt right.
    """

    text: str
    valid: datetime
    seq: int | None
    reader: Scope
    where: Filter
    sort: Sort
    page: Page
    min_relevance: float | None = None
    files: PathReach | None = None
    verdicts: Mapping[str, CodeVerdict] = field(default_factory=dict)
    corrects_words: bool = True

    @property
    def of_matches(self) -> Filter:
        """The part of the filter that applies to matches; the rest applies to the memories that they resolve to."""
        where = self.where if self.files is None else self.files.where
        return replace(where, origins=(), statuses=(), min_confidence=0.0)
