"""Pure fusion: how much each way of matching counts, and how matches add up at what they resolve to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from graphmem.store import Matches

#: Tried on real corpora (`make truth`): a name beats any wording; vectors help reworded questions a little and hurt
#: when they count as much as words.
NAME_WEIGHT = 3.0
LEXICAL_WEIGHT = 1.0
VECTOR_WEIGHT = 0.35
TITLE_WEIGHT = 2.0
GRAPH_WEIGHT = 0.1
PRIOR_WEIGHT = 0.05


@dataclass(frozen=True, slots=True)
class Scored:
    """A matched memory and the parts of its score."""

    memory: str
    parts: Mapping[str, float]

    @property
    def score(self) -> float:
        """All parts together."""
        return sum(self.parts.values())

    @property
    def is_named(self) -> bool:
        """Whether the question named it exactly."""
        return "name" in self.parts


def fuse(matches: Matches, named: Mapping[str, float], titles: Mapping[str, float]) -> list[Scored]:
    """One score for each matched memory, best first, ties by id.

    Args:
        matches: From the store.
        named: Memories that the question names, with a share of 1 divided among those of one name.
        titles: Matched memories to the share of their title that the question says.
    """
    parts: dict[str, dict[str, float]] = {}
    for key, share in named.items():
        parts.setdefault(key, {})["name"] = NAME_WEIGHT * share
    for key, share in titles.items():
        parts.setdefault(key, {})["title"] = TITLE_WEIGHT * share
    for label, weight, found in (
        ("lexical", LEXICAL_WEIGHT, matches.lexical),
        ("vector", VECTOR_WEIGHT, matches.vector),
    ):
        best = max((score for _, score in found), default=0.0)
        for key, score in found:
            if score > 0 and best > 0:
                parts.setdefault(key, {})[label] = weight * score / best
    scored = [Scored(key, one) for key, one in parts.items()]
    return sorted(scored, key=lambda one: (-one.score, one.memory))


def add_up(scored: list[Scored]) -> dict[str, float]:
    """The parts of a head's score from the matches that led to it: each part summed."""
    total: dict[str, float] = {}
    for one in scored:
        for label, value in one.parts.items():
            total[label] = total.get(label, 0.0) + value
    return total


def prior(confidence: float, recency: float, nearness: float) -> float:
    """A modest factor around 1 from three figures between 0 and 1: it reorders near ties and hides nothing."""
    return 1.0 + PRIOR_WEIGHT * (confidence + recency + nearness)
