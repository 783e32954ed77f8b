"""Who gives blocks: graphmem with vectors and by words alone, and simple controls over what is in force."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from benchmarks.context.cases import Case
from benchmarks.truth.controls import StemmedText
from benchmarks.truth.loaded import OURS, WORDS_ONLY, Loaded
from graphmem.answers import Card, State
from graphmem.briefing.block import ContextBlock
from graphmem.briefing.task_paths import words_of
from graphmem.model import At, Scope
from graphmem.service import GraphMemory
from graphmem.store import Page
from graphmem.token_count import token_count

FLAT, TEXT, NEWEST, NOTHING = "flat file", "BM25", "newest", "none"
CONTROLS = (FLAT, TEXT, NEWEST, NOTHING)
_EVERYTHING = 100_000


@dataclass(frozen=True, slots=True)
class Given:
    """What a contestant gives for a case within a budget.

    Attributes:
        shown: The memories in the block.
        holding: Those of them that are shown as in force.
        mandatory: Those that stand under what must be followed.
        tokens: The tokens of the block.
    """

    shown: frozenset[str]
    holding: frozenset[str]
    mandatory: frozenset[str] = frozenset()
    tokens: int = 0


class Contestants:
    """Everybody who is asked about one corpus."""

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded
        self._titles = {record.id: record.statement.title for record in loaded.pack.records}
        self._order = [record.id for record in loaded.pack.records]
        self._text = StemmedText(loaded.pack.records)
        self._live: dict[tuple[str | None, datetime | None], list[str]] = {}

    def given(self, case: Case, budget: int) -> dict[str, Given]:
        """The block of each contestant."""
        ours = {name: given_by(self._block(memory, case, budget)) for name, memory in self._loaded.memories.items()}
        orders = {FLAT: self._in_force(case, is_newest=False), NEWEST: self._in_force(case, is_newest=True)}
        orders |= {TEXT: self._by_text(case), NOTHING: []}
        return ours | {name: self._cut(ids, budget) for name, ids in orders.items()}

    def block(self, case: Case, budget: int, contestant: str = OURS) -> ContextBlock:
        """The block of graphmem itself."""
        return self._block(self._loaded.memories[contestant], case, budget)

    def _block(self, memory: GraphMemory, case: Case, budget: int) -> ContextBlock:
        scope = Scope(self._loaded.pack.name, case.repo)
        return memory.context(case.text, case.paths, at=At(case.as_of), scope=scope, budget_tokens=budget)

    def _in_force(self, case: Case, *, is_newest: bool) -> list[str]:
        """What is in force, in the pack's order or the newest first."""
        key = (case.repo, case.as_of)
        if key not in self._live:
            scope = Scope(self._loaded.pack.name, case.repo)
            memory = self._loaded.memories[WORDS_ONLY]
            listed = memory.list(at=At(case.as_of), scope=scope, page=Page(_EVERYTHING)).cards
            self._live[key] = [card.id for card in sorted(listed, key=_since, reverse=True)]
        ids = self._live[key]
        return ids if is_newest else sorted(ids, key=self._order.index)

    def _by_text(self, case: Case) -> list[str]:
        live = frozenset(self._in_force(case, is_newest=True))
        scores = self._text.scores(f"{case.text} {words_of(case.paths)}", case.repo)
        return [key for key in sorted(scores, key=lambda key: (-scores[key], key)) if key in live]

    def _cut(self, ids: Sequence[str], budget: int) -> Given:
        """The first titles that fit, one a line, without anything besides."""
        shown: list[str] = []
        left = budget
        for key in ids:
            left -= token_count(f"- {self._titles[key]}")
            if left < 0:
                break
            shown.append(key)
        return Given(frozenset(shown), frozenset(shown), tokens=budget - max(left, 0))


def _since(card: Card) -> datetime:
    return card.holding[-1].start or card.recorded_at


def given_by(block: ContextBlock) -> Given:
    """What graphmem's own block gives."""
    items = [(section, item) for section in block.sections for item in section.items]
    rivals = [rival.memory.id for _, item in items for rival in item.contested]
    holding = [item.id for _, item in items if item.state is State.HOLDS]
    return Given(
        frozenset([*(item.id for _, item in items), *rivals]),
        frozenset(holding),
        frozenset(item.id for section, item in items if section.name.value == "must follow"),
        token_count(block.markdown),
    )


def recall(wanted: Iterable[str], shown: Iterable[str]) -> float:
    """The share of what is wanted that is shown; 1 if nothing is."""
    wanted = set(wanted)
    return len(wanted & set(shown)) / len(wanted) if wanted else 1.0
