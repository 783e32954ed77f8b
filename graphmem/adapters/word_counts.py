"""The stored form of a memory's word counts, for exact scores: `" once twice=2 "`."""

from __future__ import annotations

from collections.abc import Mapping


def spelt_counts(counts: Mapping[str, int]) -> str:
    """Return the stored form of word counts."""
    return f" {' '.join([word if count == 1 else f'{word}={count}' for word, count in counts.items()])} "


def many_of(counts: str, key: str) -> int:
    """Return the count of a word that occurs more than once, else 0; `key` is `" word="`."""
    start = counts.find(key)
    if start < 0:
        return 0
    start += len(key)
    return int(counts[start : counts.index(" ", start)])
