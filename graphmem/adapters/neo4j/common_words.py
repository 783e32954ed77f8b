"""Finds query words so common that a search may make them optional: they add to scores but select no memory.

Lucene's index scores every text with any required word. A text without the rarer words cannot be among the best if the
inverse document frequencies of the optional words add up to less than the score of the last of the best: the MaxScore
rule (Turtle and Flood 1995), applied here between a server and its client.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import field

from graphmem.deferred_dataclass import dataclass
from graphmem.ranking import Corpus

#: Smaller tenants need no optional words: every search is fast.
LEAST_DOCUMENTS = 1_000
#: A word is common below this inverse document frequency: more than a fifth of all texts have it.
_COMMON_IDF = 1.6
#: The largest sum of the optional words' frequencies: halved after a search with too many, then grown slowly.
_BOUND, _GROWTH = 2.0, 1.05


@dataclass(slots=True)
class _TenantWords:
    """The last known inverse document frequency of each common word."""

    idf: dict[str, float] = field(default_factory=dict)
    bound: float = _BOUND


class CommonWords:
    """The common words of each tenant, learnt from the searches of this process."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._tenants: dict[str, _TenantWords] = {}

    def optional(self, tenant: str, words: Iterable[str]) -> frozenset[str]:
        """Return the optional words of a query, chosen from the most common on; empty if all would be optional."""
        distinct = list(dict.fromkeys(words))
        with self._guard:
            learnt = self._tenants.get(tenant)
            if learnt is None:
                return frozenset()
            optional, left = list[str](), learnt.bound
            for idf, word in sorted((learnt.idf[word], word) for word in distinct if word in learnt.idf):
                left -= idf
                if left < 0:
                    break
                optional.append(word)
        return frozenset(optional) if len(optional) < len(distinct) else frozenset()

    def learn(self, tenant: str, corpus: Corpus) -> None:
        """Update the common words from the statistics of a search."""
        if corpus.documents < LEAST_DOCUMENTS:
            return
        with self._guard:
            learnt = self._tenants.setdefault(tenant, _TenantWords())
            for word in corpus.frequency:
                idf = corpus.idf(word)
                if idf < _COMMON_IDF:
                    learnt.idf[word] = idf
                else:
                    learnt.idf.pop(word, None)

    def judge(self, tenant: str, *, was_enough: bool) -> None:
        """Adapt the bound after a search with optional words; `was_enough` is false if it had to be repeated."""
        with self._guard:
            learnt = self._tenants.setdefault(tenant, _TenantWords())
            learnt.bound = min(learnt.bound * _GROWTH, _BOUND) if was_enough else learnt.bound / 2
