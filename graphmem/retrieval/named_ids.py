"""Memory ids and id prefixes in a query. See ADR-0058."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from graphmem.deferred_dataclass import dataclass, field
from graphmem.model import Memory, Scope
from graphmem.ranking import name_key
from graphmem.retrieval.question_spans import may_begin_id, possible_ids
from graphmem.store import Store
from graphmem.temporal import View

_MOST_LOOKED_UP = 20
_MOST_BEGINNINGS = 4
_MOST_READ = 100


@dataclass(frozen=True, slots=True)
class NamedIds:
    """The memories that a query names by id.

    Attributes:
        ids: Id to the name key of the memory's title, for the lookup in the store.
        beginnings: Id to the word of the query, for ids given as a prefix.
    """

    ids: Mapping[str, str] = field(default_factory=dict)
    beginnings: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """The distinct name keys of the memories' titles."""
        return tuple(dict.fromkeys(self.ids.values()))


NO_IDS = NamedIds()


def named_ids_in(store: Store, text: str, reader: Scope, seq: int | None) -> NamedIds:
    """Return the visible memories that a query names by id; a prefix must match a single id.

    Args:
        store: Queried only if the text contains a possible id.
        text: The query.
        reader: The reader's scope.
        seq: The query's ledger position; None for the latest.
    """
    words = list(dict.fromkeys(possible_ids(text)))[:_MOST_LOOKED_UP]
    if not words:
        return NO_IDS
    position = store.position(reader).seq if seq is None else seq
    named = dict(_seen(store, words, reader, position))
    beginnings: dict[str, str] = {}
    rest = [word for word in words if word not in named and may_begin_id(word, text)]
    for word in rest[:_MOST_BEGINNINGS]:
        ids = store.ids_beginning(reader, word, limit=_MOST_READ)
        matched = dict(_seen(store, ids, reader, position)) if ids else {}
        if len(matched) == 1:
            named |= matched
            beginnings |= dict.fromkeys(matched, word)
    return NamedIds(
        {memory_id: name for memory_id, memory in named.items() if (name := _title_key(memory))}, beginnings
    )


def _seen(store: Store, ids: Sequence[str], reader: Scope, seq: int) -> Iterable[tuple[str, Memory]]:
    view = View(store.rows(reader, ids, is_alone=True), reader, seq)
    return ((memory_id, memory) for memory_id in ids if (memory := view.memory(memory_id)) is not None)


def _title_key(memory: Memory) -> str:
    return "" if memory.statement is None else name_key(memory.statement.title)
