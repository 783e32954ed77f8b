"""Doubts and conflicts of memories that arose, or were settled, after a ledger position."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import field

from graphmem.answers import Sentence
from graphmem.deferred_dataclass import dataclass
from graphmem.model import Point, Scope
from graphmem.retrieval.dependencies import doubts
from graphmem.retrieval.reasons import named
from graphmem.service.conflict_rules import conflicts_among
from graphmem.service.context import ServiceContext
from graphmem.temporal import View

_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class ChangedCautions:
    """The changes of what to beware of among some memories.

    Attributes:
        ids: Memories with another doubt or other rivals than before, and those that came into force by a branch.
        settled: Sentences on doubts and conflicts that there are no more, by memory.
    """

    ids: frozenset[str] = frozenset()
    settled: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def after(
        cls,
        context: ServiceContext,
        reader: Scope,
        points: tuple[Point, Point],
        ids: Sequence[str],
        touched: Sequence[str],
    ) -> ChangedCautions:
        """Return the changes between two ledger positions.

        Args:
            context: The dependencies of the verb.
            reader: The reader's scope.
            points: The position that the caller has seen, and that of the answer, at one valid time.
            ids: The memories.
            touched: Memories that the entries between the positions name: every conflict that changed has one of them.
        """
        before, now = points
        changed: set[str] = set()
        settled = defaultdict[str, list[str]](list)
        old_doubts, new_doubts = doubts(context.store, reader, ids, points)
        for key in ids:
            if old_doubts.get(key) != new_doubts.get(key):
                changed.add(key)
                if key not in new_doubts:
                    settled[key].append("no longer suspect")
        every = list(dict.fromkeys([*ids, *touched]))
        rows = context.store.rows(reader, every)
        old, new = View(rows, reader, before.seq), View(rows, reader, now.seq)
        changed.update(key for key in ids if old.holds(key, before.valid) != new.holds(key, now.valid))
        old_pairs, new_pairs = conflicts_among(old, every, before.valid), conflicts_among(new, every, now.valid)
        for pair in old_pairs.keys() ^ new_pairs.keys():
            changed |= pair
        for pair in sorted(old_pairs.keys() - new_pairs.keys(), key=sorted):
            for key in (key for key in pair if new.holds(key, now.valid)):
                (other,) = pair - {key}
                settled[key].append(Sentence.of("no longer contested by ", named(new, other), f" [{other[:6]}]"))
        return cls(frozenset(changed), {key: tuple(told[:_MOST_NAMED]) for key, told in settled.items()})
