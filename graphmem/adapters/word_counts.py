"""How often each word occurs in a memory's text, as stores keep it for exact scores: `" once twice=2 "`."""

from __future__ import annotations

from collections.abc import Mapping


def spelt_counts(counts: Mapping[str, int]) -> str:
    """The stored form."""
    return f" {' '.join([word if count == 1 else f'{word}={count}' for word, count in counts.items()])} "


def many_of(counts: str, spelt: str) -> int:
    """How often a word occurs more than once, read from the stored form; `spelt` is `" word="`, and 0 is none."""
    start = counts.find(spelt)
    if start < 0:
        return 0
    start += len(spelt)
    return int(counts[start : counts.index(" ", start)])
