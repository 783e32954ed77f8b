"""Pure fusion: what speaks for a memory, and how matches that resolve to one memory are taken together.

Every part lies between 0 and 1, whatever else is stored, so that a score says the same in every answer. Weights and
curves were chosen on the packs that `benchmarks/truth/CHOSEN.md` names, each pack judged with weights learnt on the
others; they are flat around their best, and rounded.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

#: An identifier beats everything else together, a title that is quoted beats words and meaning.
IDENTIFIER_WEIGHT = 4.0
QUOTED_WEIGHT = 2.0
#: Of a title that the question says without quoting it, for the share of the question that it makes up.
SAID_WEIGHT = 1.0
#: From this share on, the question asks for what has that title.
ASKED_FOR = 0.5
TITLE_WEIGHT = 0.5
#: Of titles said by accident, most are said in small part: a third counts a twenty-seventh.
TITLE_POWER = 3
GRAPH_WEIGHT = 0.1
#: What stands beside an answer is relevant at most for so much of its relevance.
BESIDE = 0.4
PRIOR_WEIGHT = 0.02
#: What does not hold comes first only where it matches by so much better.
NOT_HOLDING = 0.2

SHARE_OF_QUESTION = 0.3
#: (slope, offset) of the chance that the first answer is right: with vectors, and by words alone.
HYBRID_CURVE, LEXICAL_CURVE = (8.3, -3.7), (7.0, -2.8)
#: Below, an answer says nothing about the question: what this refuses is right in one of seven, or less.
CUT_HYBRID, CUT_LEXICAL = 0.3, 0.15
#: Behind a first answer that says enough, others are told that say this share of it.
FLOOR = 1 / 3


@dataclass(frozen=True, slots=True)
class Scored:
    """What speaks for one memory.

    Attributes:
        memory: Its id.
        words: What each term of the question adds, as a share of the most that all of them could add.
        held: The share of each term that it has, by the terms' weights.
        cosine: With the question's vector; None if they were not compared.
        title: The share of its title that the question says.
        name: What being named exactly is worth.
        is_named: Whether the question asks for it by name, and not for something whose words a name is part of.
        graph: What standing beside a good answer is worth.
        beside: How relevant that answer is.
        score: All parts together.
    """

    memory: str
    words: tuple[float, ...] = ()
    held: tuple[float, ...] = ()
    cosine: float | None = None
    title: float = 0.0
    name: float = 0.0
    is_named: bool = False
    graph: float = 0.0
    beside: float = 0.0
    score: float = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "score", math.fsum(self._parts))

    @property
    def _parts(self) -> tuple[float, ...]:
        said = math.fsum(self.words)
        return self.name, TITLE_WEIGHT * self.title**TITLE_POWER, said, max(self.cosine or 0.0, 0.0), self.graph

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
        if self.beside and not self.words:
            return BESIDE * self.beside
        share = math.fsum(self.held)
        if self.cosine is None:
            return _chance(share, LEXICAL_CURVE)
        return _chance(max(self.cosine, 0.0) + SHARE_OF_QUESTION * share, HYBRID_CURVE)


def merged(memory: str, matches: Sequence[Scored]) -> Scored:
    """What speaks for the memory that matches resolve to: of each part, term by term, that of the best match.

    So what others say besides counts, and saying the same again does not: a long chain gives no advantage.
    """
    if len(matches) == 1:
        return matches[0] if matches[0].memory == memory else replace(matches[0], memory=memory)
    cosines = [one.cosine for one in matches if one.cosine is not None]
    return Scored(
        memory,
        _best([one.words for one in matches]),
        _best([one.held for one in matches]),
        max(cosines, default=None),
        max((one.title for one in matches), default=0.0),
        max((one.name for one in matches), default=0.0),
        any(one.is_named for one in matches),
        max((one.graph for one in matches), default=0.0),
        max((one.beside for one in matches), default=0.0),
    )


def shares(said: Sequence[float], weights: Sequence[float]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """What each term adds, and the weight of each that is said at all, as shares of all weights together.

    Args:
        said: How far each term is said, from 0 to 1.
        weights: How much each says of what is asked.
    """
    whole = math.fsum(weights)
    if not said or whole <= 0.0:
        return (), ()
    pairs = list(zip(said, weights, strict=True))
    return (
        tuple(weight * one / whole for one, weight in pairs),
        tuple(weight / whole if one > 0.0 else 0.0 for one, weight in pairs),
    )


def named_weight(kind: float, carriers: int) -> float:
    """What a name is worth to each of those that carry it."""
    return float(kind / carriers**0.5)


def prior(confidence: float, recency: float, nearness: float) -> float:
    """A modest factor around 1 from three figures between 0 and 1: it reorders near ties and hides nothing."""
    return 1.0 + PRIOR_WEIGHT * (confidence + recency + nearness)


def cut(*, has_vectors: bool) -> float:
    """The relevance below which a memory says nothing about the question."""
    return CUT_HYBRID if has_vectors else CUT_LEXICAL


def _best(rows: Sequence[tuple[float, ...]]) -> tuple[float, ...]:
    told = [row for row in rows if row]
    return tuple(map(max, zip(*told, strict=True))) if told else ()


def _chance(value: float, curve: tuple[float, float]) -> float:
    slope, offset = curve
    return 1.0 / (1.0 + math.exp(-(slope * value + offset)))
