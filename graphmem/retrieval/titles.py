"""Title coverage: how much of a memory's title a query contains, for partly remembered, unquoted or cut titles."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import chain

from graphmem.ranking import name_key, tokens

#: If the query also covers this share of the title's other words, the name is part of the title and not an identifier.
_HALF = 0.5


class Titles:
    """The titles of the matches; a word's weight falls with the number of titles that have it.

    Args:
        titles: Memory id to title; equal titles count once.
        aliases: Memory id to aliases.
    """

    def __init__(self, titles: Mapping[str, str], aliases: Mapping[str, Sequence[str]] | None = None) -> None:
        self._titles = titles
        self._with_alias = defaultdict[str, list[str]](list)
        for memory_id, names in (aliases or {}).items():
            for name in {name_key(alias) for alias in names}:
                if name.isalpha():
                    self._with_alias[name].append(memory_id)
        distinct = set(titles.values())
        carried = Counter(chain.from_iterable(map(_words, distinct)))
        self._weight = {word: _rarity(len(distinct), held) for word, held in carried.items()}

    def title(self, memory_id: str) -> str:
        """Return the title of a memory; empty if it is not among the matches."""
        return self._titles.get(memory_id, "")

    @property
    def single_word_aliases(self) -> frozenset[str]:
        """Name keys of aliases of a single word without a digit, which are not looked up in the store."""
        return frozenset(self._with_alias)

    def with_alias(self, name: str) -> Sequence[str]:
        """Return the ids of the memories with an alias of `single_word_aliases`."""
        return self._with_alias.get(name, ())

    def coverage(self, words: Iterable[str]) -> dict[str, float]:
        """Return the weight share of each title among the words; titles without a match are omitted."""
        distinct = frozenset(words)
        shares = {memory_id: self._share(_words(title), distinct) for memory_id, title in self._titles.items()}
        return {memory_id: share for memory_id, share in shares.items() if share > 0}

    def swallows(self, name: str, named: Collection[str], words: Iterable[str]) -> bool:
        """Return whether a name is only a part of another memory's title, more of which is in the query."""
        inside = frozenset(tokens(name))
        distinct = frozenset(words)
        return any(
            memory_id not in named
            and f" {name} " in f" {_key(title)} "
            and self._share(_words(title) - inside, distinct) >= _HALF
            for memory_id, title in self._titles.items()
        )

    def _share(self, title: frozenset[str], words: frozenset[str]) -> float:
        total = sum(self._weight[word] for word in title)
        return sum(self._weight[word] for word in title & words) / total if total else 0.0


@lru_cache(maxsize=4_096)
def _rarity(count: int, held: int) -> float:
    return math.log(1 + (count - held + 0.5) / (held + 0.5))


@lru_cache(maxsize=4_096)
def _words(title: str) -> frozenset[str]:
    return frozenset(tokens(title))


@lru_cache(maxsize=4_096)
def _key(title: str) -> str:
    return name_key(title)
