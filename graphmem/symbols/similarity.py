"""Computes the similarity of two definitions' bodies: the share of runs of four words that both have."""

from __future__ import annotations

import re

from graphmem.deferred_dataclass import dataclass
from graphmem.symbols.definitions import Definition

#: Bodies with fewer words are too short to be recognised.
LEAST_WORDS = 20
_RUN = 4
_MOST_WORDS = 20_000
_WORD = re.compile(rb"[A-Za-z_\x80-\xff][\w\x80-\xff]*|\d\w*|[^\s\w]")

Run = tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class BodyWords:
    """The words of a body.

    Attributes:
        count: Their number.
        runs: Each four words that follow each other; of a shorter body, all of its words.
    """

    count: int
    runs: frozenset[Run]

    @property
    def is_telling(self) -> bool:
        """Return True if the body has enough words to be recognised by them."""
        return self.count >= LEAST_WORDS


def body_words(definition: Definition) -> BodyWords:
    """Return the words of a definition's parameters and body; its own name in them is left blank."""
    own = definition.last_name.encode()
    words = [b"" if word == own else word for word in _WORD.findall(definition.body)[:_MOST_WORDS]]
    runs = zip(*(words[shift:] for shift in range(_RUN)), strict=False) if len(words) >= _RUN else (tuple(words),)
    return BodyWords(len(words), frozenset(runs))


def similarity(left: BodyWords, right: BodyWords) -> float:
    """Return the share, from 0 to 1, of the runs of two bodies that both have."""
    both = len(left.runs & right.runs)
    return both / (len(left.runs) + len(right.runs) - both)
