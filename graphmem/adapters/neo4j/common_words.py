"""Words that so many memories hold that they need not be looked for: they add to the score of what others find.

Lucene's index scores every text that holds any word asked for, as the server collects what it finds. Of texts without
the rarer words, none can reach the best if the inverse document frequencies of the others add up to less than those
score: the rule of MaxScore (Turtle and Flood 1995), here between a server and its client.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field

from graphmem.ranking import Corpus

#: In smaller tenants, everything is found in no time.
LEAST_DOCUMENTS = 1_000
#: Inverse document frequency below which a word counts as common: more than a fifth of all texts hold it.
_COMMON_IDF = 1.6
#: What common words may add up to, at first; halved when that was too much, and slowly grown again.
_BOUND, _GROWTH = 2.0, 1.05


@dataclass(slots=True)
class _Tenant:
    """Common words with their inverse document frequency, as last heard."""

    idf: dict[str, float] = field(default_factory=dict)
    bound: float = _BOUND


class CommonWords:
    """What searches of this process have heard of the words of each tenant."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._tenants: dict[str, _Tenant] = {}

    def aside(self, tenant: str, words: Iterable[str]) -> frozenset[str]:
        """Which of the words need not be looked for, the most common first; never all of them."""
        asked = list(dict.fromkeys(words))
        with self._guard:
            known = self._tenants.get(tenant)
            if known is None:
                return frozenset()
            found, left = list[str](), known.bound
            for idf, word in sorted((known.idf[word], word) for word in asked if word in known.idf):
                left -= idf
                if left < 0:
                    break
                found.append(word)
        return frozenset(found) if len(found) < len(asked) else frozenset()

    def learn(self, tenant: str, corpus: Corpus) -> None:
        """Take in how many memories hold each of the words that the statistics have."""
        if corpus.documents < LEAST_DOCUMENTS:
            return
        with self._guard:
            known = self._tenants.setdefault(tenant, _Tenant())
            for word in corpus.frequency:
                idf = corpus.idf(word)
                if idf < _COMMON_IDF:
                    known.idf[word] = idf
                else:
                    known.idf.pop(word, None)

    def judge(self, tenant: str, *, was_enough: bool) -> None:
        """Take in whether what was found without the common words was good enough."""
        with self._guard:
            known = self._tenants.setdefault(tenant, _Tenant())
            known.bound = min(known.bound * _GROWTH, _BOUND) if was_enough else known.bound / 2
