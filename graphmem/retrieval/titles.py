"""How much of a memory's title a question says: for titles half remembered, unquoted or cut short."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import chain

from graphmem.ranking import name_key, tokens

#: A name that stands in a title of which at least this much else is said belongs to that title.
_HALF = 0.5


class Titles:
    """The titles of the memories that matched, each word weighed by how few of them carry it.

    Args:
        titles: Memory id to title; equal titles count as one.
        aliases: Memory id to aliases.
    """

    def __init__(self, titles: Mapping[str, str], aliases: Mapping[str, Sequence[str]] | None = None) -> None:
        self._titles = titles
        self._with_alias = defaultdict[str, list[str]](list)
        for key, names in (aliases or {}).items():
            for name in {name_key(one) for one in names}:
                if name.isalpha():
                    self._with_alias[name].append(key)
        distinct = set(titles.values())
        carried = Counter(chain.from_iterable(map(_words, distinct)))
        self._weight = {word: _rarity(len(distinct), held) for word, held in carried.items()}

    def title(self, key: str) -> str:
        """The title of a memory; empty if it is not among them."""
        return self._titles.get(key, "")

    @property
    def one_word_aliases(self) -> frozenset[str]:
        """Name keys of aliases of one word without a digit: a store is not asked for these."""
        return frozenset(self._with_alias)

    def with_alias(self, name: str) -> Sequence[str]:
        """Ids of the memories that have one of `one_word_aliases`."""
        return self._with_alias.get(name, ())

    def coverage(self, said: Iterable[str]) -> dict[str, float]:
        """Which share of each title, by weight, is among the words said; those with nothing are left out."""
        words = frozenset(said)
        shares = {key: self._share(_words(title), words) for key, title in self._titles.items()}
        return {key: share for key, share in shares.items() if share > 0}

    def swallows(self, name: str, named: Collection[str], said: Iterable[str]) -> bool:
        """Whether a name is but a part of the title of some other memory, of which the question says more."""
        inside = frozenset(tokens(name))
        words = frozenset(said)
        return any(
            key not in named
            and f" {name} " in f" {_key(title)} "
            and self._share(_words(title) - inside, words) >= _HALF
            for key, title in self._titles.items()
        )

    def _share(self, title: frozenset[str], said: frozenset[str]) -> float:
        whole = sum(self._weight[word] for word in title)
        return sum(self._weight[word] for word in title & said) / whole if whole else 0.0


@lru_cache(maxsize=4_096)
def _rarity(count: int, held: int) -> float:
    return math.log(1 + (count - held + 0.5) / (held + 0.5))


@lru_cache(maxsize=16_384)
def _words(title: str) -> frozenset[str]:
    return frozenset(tokens(title))


@lru_cache(maxsize=16_384)
def _key(title: str) -> str:
    return name_key(title)
