"""Pure score fusion: the parts of a memory's score, and the combination of matches that resolve to the same memory.

Every part lies between 0 and 1, independent of other memories, so that scores are comparable across answers. Weights
and
curves were fitted on the packs that `benchmarks/truth/CHOSEN.md` names, each pack judged with weights fitted on the
others; the optimum is flat, and the values are rounded.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

from graphmem.deferred_dataclass import dataclass, field, replace

#: An identifier outweighs all other parts together, a quoted title outweighs text and vector.
IDENTIFIER_WEIGHT = 4.0
QUOTED_WEIGHT = 2.0
#: Weight of an unquoted title, times the share of the query that it covers.
TITLE_IN_QUERY_WEIGHT = 1.0
#: From this share of the query on, the memory counts as named by the query.
NAMED_SHARE = 0.5
TITLE_WEIGHT = 0.5
#: Most accidental matches cover a small part of a title: a third counts a twenty-seventh.
TITLE_POWER = 3
GRAPH_WEIGHT = 0.1
#: A neighbour's relevance is at most this share of the relevance of its head.
NEIGHBOUR_RELEVANCE = 0.4
PRIOR_WEIGHT = 0.02
#: Score penalty of a memory that is not in force.
NOT_HOLDING = 0.2

SHARE_OF_QUESTION = 0.3
#: (slope, offset) of the logistic curve for the probability that the first answer is right: with vectors, and lexical
#: only.
HYBRID_CURVE, LEXICAL_CURVE = (8.3, -3.7), (7.0, -2.8)
#: Minimum relevance of a first answer: below it, at most one in seven is right.
CUT_HYBRID, CUT_LEXICAL = 0.3, 0.15
#: Further answers need this share of the minimum.
FLOOR = 1 / 3


@dataclass(frozen=True, slots=True)
class Scored:
    """The parts of a memory's score.

    Attributes:
        memory: The memory's id.
        words: The contribution of each query term, as a share of the maximum of all terms together.
        held: The weight share of each query term that the memory has.
        cosine: With the query's vector; None if they were not compared.
        title: The share of the title's words in the query.
        name: The weight of an exact name match.
        is_named: Whether the query names this memory, and not another memory whose title includes the name.
        graph: The contribution of a good neighbour.
        neighbour_relevance: The relevance of that neighbour.
        score: The sum of all parts.
    """

    memory: str
    words: tuple[float, ...] = ()
    held: tuple[float, ...] = ()
    cosine: float | None = None
    title: float = 0.0
    name: float = 0.0
    is_named: bool = False
    graph: float = 0.0
    neighbour_relevance: float = 0.0
    score: float = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "score", math.fsum(self._parts))

    @property
    def _parts(self) -> tuple[float, ...]:
        lexical = math.fsum(self.words)
        return self.name, TITLE_WEIGHT * self.title**TITLE_POWER, lexical, max(self.cosine or 0.0, 0.0), self.graph

    @property
    def parts(self) -> dict[str, float]:
        """The parts of the score that are not nothing."""
        labels = ("name", "title", "words", "meaning", "graph")
        return {label: part for label, part in zip(labels, self._parts, strict=True) if part > 0.0}

    @property
    def relevance(self) -> float:
        """The chance, between 0 and 1, that this answers the question if nothing answers better."""
        if self.is_named:
            return 1.0
        if self.neighbour_relevance and not self.words:
            return NEIGHBOUR_RELEVANCE * self.neighbour_relevance
        share = math.fsum(self.held)
        if self.cosine is None:
            return _chance(share, LEXICAL_CURVE)
        return _chance(max(self.cosine, 0.0) + SHARE_OF_QUESTION * share, HYBRID_CURVE)


def merged(memory: str, matches: Sequence[Scored]) -> Scored:
    """Combine the matches that resolve to a memory: the maximum of each part, term by term.

    Additional terms of other matches count, repeated terms do not: a long chain has no advantage.
    """
    if len(matches) == 1:
        return matches[0] if matches[0].memory == memory else replace(matches[0], memory=memory)
    cosines = [match.cosine for match in matches if match.cosine is not None]
    return Scored(
        memory,
        _best([match.words for match in matches]),
        _best([match.held for match in matches]),
        max(cosines, default=None),
        max((match.title for match in matches), default=0.0),
        max((match.name for match in matches), default=0.0),
        any(match.is_named for match in matches),
        max((match.graph for match in matches), default=0.0),
        max((match.neighbour_relevance for match in matches), default=0.0),
    )


def shares(saturations: Sequence[float], weights: Sequence[float]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return each term's contribution, and the weight of each term that occurs, as shares of all weights.

    Args:
        saturations: Each term's saturated frequency, from 0 to 1.
        weights: Each term's weight in the query.
    """
    total, normalised = _normalised(tuple(weights))
    if not saturations or total <= 0.0:
        return (), ()
    return (
        tuple([weight * saturation / total for saturation, weight in zip(saturations, weights, strict=True)]),
        tuple([share if saturation > 0.0 else 0.0 for saturation, share in zip(saturations, normalised, strict=True)]),
    )


@lru_cache(maxsize=64)
def _normalised(weights: tuple[float, ...]) -> tuple[float, tuple[float, ...]]:
    """Return the sum of the weights, and each weight's share of it."""
    total = math.fsum(weights)
    return total, tuple(weight / total for weight in weights) if total > 0.0 else ()


def named_weight(kind: float, carriers: int) -> float:
    """Return the weight of a name for each of the memories that have it."""
    return float(kind / carriers**0.5)


def prior(confidence: float, recency: float, nearness: float) -> float:
    """Return a factor near 1 from three values between 0 and 1; it reorders near ties and excludes nothing."""
    return 1.0 + PRIOR_WEIGHT * (confidence + recency + nearness)


def cut(*, has_vectors: bool) -> float:
    """Return the minimum relevance of a first answer."""
    return CUT_HYBRID if has_vectors else CUT_LEXICAL


def _best(rows: Sequence[tuple[float, ...]]) -> tuple[float, ...]:
    filled = [row for row in rows if row]
    return tuple(map(max, zip(*filled, strict=True))) if filled else ()


def _chance(value: float, curve: tuple[float, float]) -> float:
    slope, offset = curve
    return 1.0 / (1.0 + math.exp(-(slope * value + offset)))
