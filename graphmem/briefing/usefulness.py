"""Computes the usefulness of a memory for a task: a weighted sum of its evidence."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from graphmem.deferred_dataclass import dataclass, field, field_names, replace

_UNIVERSAL = re.compile(r"\b(?:always|never|must|all|every|each|any|only|don't|do not)\b", re.IGNORECASE)
#: Decimal places of a rounded sum: stores may differ in the last digits.
_PLACES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryEvidence:
    """The evidence for a memory; every value but `name` lies between 0 and 1.

    Attributes:
        words: Share of the task's weight that its terms have.
        meaning: Cosine with the task.
        title: Share of its title that the task says.
        name: Weight of an exact name in the task.
        practice_words: As `words`, with the hint of the practice that fits best.
        practice_meaning: As `meaning`, with that hint.
        path_words: As `words`, with the words of the paths.
        coverage: How closely an anchor covers a path.
        nearness: Share of folders that an anchor and a path have in common.
        elsewhere: 1 if its anchors are in another part of the repository than all paths.
        universal: 1 if it says always, never, all or the like.
        convention: 1 if it is a convention.
        preference: 1 if it is the reader's own.
        in_flight: 1 if it is a task under way.
        claimed: 1 if it is a claim of the reader, or of another actor on the paths of the task.
    """

    words: float = 0.0
    meaning: float = 0.0
    title: float = 0.0
    name: float = 0.0
    practice_words: float = 0.0
    practice_meaning: float = 0.0
    path_words: float = 0.0
    coverage: float = 0.0
    nearness: float = 0.0
    elsewhere: float = 0.0
    universal: float = 0.0
    convention: float = 0.0
    preference: float = 0.0
    in_flight: float = 0.0
    claimed: float = 0.0

    @property
    def is_direct(self) -> bool:
        """Return True if the task or its paths lead to the memory, and not only its kind."""
        return max(self.words, self.meaning, self.name, self.coverage) > 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """The weight of each part of the evidence; `benchmarks/context/CHOSEN.md` names the data used to choose them."""

    words: float = 1.0
    meaning: float = 0.6
    title: float = 1.0
    name: float = 1.0
    practice_words: float = 0.65
    practice_meaning: float = 0.55
    path_words: float = 0.15
    coverage: float = 0.2
    nearness: float = 0.25
    elsewhere: float = -0.25
    universal: float = 0.07
    convention: float = 0.08
    preference: float = 0.15
    in_flight: float = 0.1
    #: Not chosen on data: who works on the same files now comes before conventions that share a word or two.
    claimed: float = 1.0


WEIGHTS = Weights()
NAMES = field_names(Weights)
#: A memory that is less useful is left out uncounted, unless a path or its mandate brings it.
FLOOR = 0.05


def usefulness(evidence: MemoryEvidence, weights: Weights = WEIGHTS) -> float:
    """Return the usefulness of a memory, rounded so that all stores order alike."""
    parts = (
        weights.words * evidence.words,
        weights.meaning * evidence.meaning,
        weights.title * evidence.title,
        weights.name * evidence.name,
        weights.practice_words * evidence.practice_words,
        weights.practice_meaning * evidence.practice_meaning,
        weights.path_words * evidence.path_words,
        weights.coverage * evidence.coverage,
        weights.nearness * evidence.nearness,
        weights.elsewhere * evidence.elsewhere,
        weights.universal * evidence.universal,
        weights.convention * evidence.convention,
        weights.preference * evidence.preference,
        weights.in_flight * evidence.in_flight,
        weights.claimed * evidence.claimed,
    )
    return round(math.fsum(parts), _PLACES)


def is_universal(title: str) -> bool:
    """Return True if a statement speaks of all cases."""
    return _UNIVERSAL.search(title) is not None


@dataclass(slots=True)
class EvidenceTable:
    """The evidence of each memory, collected from several searches; each part is the best of its values."""

    found: dict[str, MemoryEvidence] = field(default_factory=dict)

    def note(self, memory_id: str, **parts: float) -> None:
        """Add values for a memory; lower values than those noted change nothing."""
        noted = self.found.get(memory_id, MemoryEvidence())
        better = {name: value for name, value in parts.items() if value > getattr(noted, name)}
        self.found[memory_id] = replace(noted, **better)

    def set(self, memory_id: str, **parts: float) -> None:
        """Set values of a memory."""
        self.found[memory_id] = replace(self.found.get(memory_id, MemoryEvidence()), **parts)

    def pass_on(self, memory_id: str, to: Iterable[str]) -> None:
        """Give a memory's evidence to the memories that are returned instead of it."""
        evidence = self.found.pop(memory_id, MemoryEvidence())
        parts = {name: getattr(evidence, name) for name in NAMES}
        for successor in to:
            self.note(successor, **parts)
