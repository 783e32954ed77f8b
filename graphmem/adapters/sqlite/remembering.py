"""What was read of a tenant's memories, so that no search reads it again."""

from __future__ import annotations

from dataclasses import dataclass, field

from graphmem.adapters.sqlite.values import Tenant
from graphmem.model import Scope
from graphmem.rows import BranchRow, MemoryRow
from graphmem.temporal.spans import Spans

_MOST_MEMORIES = 32_768


@dataclass(slots=True)
class Remembered:
    """What was read of one tenant at one ledger position.

    Attributes:
        memories: By number; what erasures alone change.
        holding: When memories hold for everybody, by number; None of those whose cache is not for everybody.
        homes: Every home of the tenant, once they were read.
        admitted: Which of them a reader sees.
        hidden: For each user, the homes of other users' private memories.
        branches: Every branch of the tenant, once they were read.
    """

    memories: dict[int, MemoryRow] = field(default_factory=dict)
    holding: dict[int, Spans | None] = field(default_factory=dict)
    homes: dict[int, Scope] = field(default_factory=dict)
    admitted: dict[Scope, frozenset[int]] = field(default_factory=dict)
    hidden: dict[str | None, frozenset[int]] = field(default_factory=dict)
    branches: dict[str, BranchRow] | None = None


class Memo:
    """The tenant that was read last, as of its last erasure and its last ledger entry."""

    def __init__(self) -> None:
        self._last: tuple[tuple[int, int, int], Remembered] = ((0, 0, 0), Remembered())

    def of(self, tenant: Tenant) -> Remembered:
        """What is known of a tenant whose row was read in this transaction; readers add to it what they read."""
        key = (tenant.number, tenant.epoch, tenant.seq)
        last, known = self._last
        if last != key or len(known.memories) > _MOST_MEMORIES:
            is_near = last[:2] == key[:2] and len(known.memories) <= _MOST_MEMORIES
            known = Remembered(known.memories if is_near else {})
            self._last = (key, known)
        return known

    def forget(self) -> None:
        """Something was erased."""
        self._last = ((0, 0, 0), Remembered())
