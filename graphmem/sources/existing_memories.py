"""The memories that a store has under the source keys of a source."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from graphmem.deferred_dataclass import dataclass, field
from graphmem.model import Scope, Statement, SupersessionKind
from graphmem.temporal import View

if TYPE_CHECKING:
    from graphmem.rows import SourceRow
    from graphmem.store import Store

#: The words by which a statement is recognised under another source key.
Words = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class ExistingMemories:
    """Memories at a ledger position with their source keys.

    Attributes:
        view: The memories and the supersession chains that they are in.
        keys: The current source key of each memory that has one.
        by_key: The id of the memory that stands for each source key: of several the last recorded.
        former: Every (memory id, source key) that was recorded.
    """

    view: View
    keys: dict[str, str] = field(default_factory=dict)
    by_key: dict[str, str] = field(default_factory=dict)
    former: set[tuple[str, str]] = field(default_factory=set)

    def key_or_id(self, memory_id: str) -> str:
        """The source key of a memory, which stays the same when its words change; its id if it has none."""
        return self.keys.get(memory_id, memory_id)


def existing_below(store: Store, writer: Scope, keys: Sequence[str]) -> ExistingMemories:
    """The memories in the writer's scope with some source keys, or below a folder if a key ends in a slash or is ''."""
    return _existing(store, writer, store.sources(writer, keys=keys), is_listed=True)


def existing_of(store: Store, writer: Scope, memory_ids: Iterable[str]) -> ExistingMemories:
    """Some memories, wherever the writer sees them."""
    listed = list(memory_ids)
    return _existing(store, writer, store.sources(writer, memories=listed), extra=listed, is_listed=False)


def words_of(statement: Statement) -> Words:
    """Kind, title and body."""
    return statement.kind.value, statement.title, statement.body


def unique(pairs: Iterable[tuple[Words | None, str]]) -> dict[Words, str]:
    """The only value that goes with each words; words with several values are left out."""
    values: dict[Words, list[str]] = defaultdict(list)
    for words, value in pairs:
        if words is not None:
            values[words].append(value)
    return {words: listed[0] for words, listed in values.items() if len(listed) == 1}


def _existing(
    store: Store, writer: Scope, rows: Sequence[SourceRow], *, extra: Sequence[str] = (), is_listed: bool
) -> ExistingMemories:
    memory_ids = list(dict.fromkeys([*extra, *(row.memory for row in rows)]))
    seq = store.position(writer).seq
    view = View(store.rows(writer, memory_ids), writer, seq)
    related = {edge.new for memory_id in memory_ids for edge in view.edges_out(memory_id)}
    every = store.sources(writer, memories=[*memory_ids, *sorted(related.difference(memory_ids))])
    visible = [row for row in every if row.stamp.seq <= seq and view.lineage.sees(row.stamp)]
    keys = {row.memory: row.key for row in visible}
    existing = ExistingMemories(view, keys, former={(row.memory, row.key) for row in visible})
    if is_listed:
        for row in rows:
            if keys.get(row.memory) == row.key and _is_current(existing, row.memory, writer):
                existing.by_key[row.key] = row.memory
    return existing


def _is_current(existing: ExistingMemories, memory_id: str, writer: Scope) -> bool:
    memory = existing.view.memory(memory_id)
    is_own = memory is not None and memory.scope == writer and not existing.view.is_retracted(memory_id)
    return is_own and not _is_renamed(existing, memory_id)


def _is_renamed(existing: ExistingMemories, memory_id: str) -> bool:
    """True if later words of the same statement have another source key by now.

    Earlier releases recorded a renamed file as a correction by a memory with the other key.
    """
    own = existing.keys[memory_id]
    return any(
        existing.keys.get(edge.new) not in {None, own}
        and (edge.kind is SupersessionKind.CORRECTION or (edge.new, own) in existing.former)
        for edge in existing.view.edges_out(memory_id)
    )
