"""References to memories and files, as callers give them, resolved to the ids and keys of the store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from graphmem.answers import Card
from graphmem.errors import InvalidInput, NotFound
from graphmem.model import Point, Scope
from graphmem.ranking import name_key
from graphmem.retrieval.cards import card
from graphmem.retrieval.question_spans import LEAST_PREFIX_CHARS
from graphmem.service.context import ServiceContext
from graphmem.store import Filter, Probe
from graphmem.temporal import View

Answer = TypeVar("Answer")

#: Candidates that the message on an ambiguous reference lists.
MOST_CANDIDATES = 10
_MOST_READ = 100


def with_references(
    context: ServiceContext,
    reader: Scope,
    at: Callable[[], Point],
    refs: Sequence[str],
    do: Callable[[Sequence[str]], Answer],
) -> Answer:
    """Return the answer of `do` for the ids that references name.

    References are first passed to `do` as they are, so that ids cost no lookup.

    Args:
        context: The context of the opened memory.
        reader: The reader's scope; memories outside it are never named.
        at: Returns the point at which names are looked up; called only if a reference is no id.
        refs: Ids, aliases, or beginnings of ids.
        do: Called with ids; raises `NotFound` if there is no memory with an id.

    Raises:
        NotFound: A reference names no memory that the reader sees.
        InvalidInput: A reference names several memories; the message lists them.
    """
    try:
        return do(refs)
    except NotFound:
        point = at()
        ids = [memory_id(context, reader, ref, point) or ref for ref in refs]
        if ids == list(refs):
            raise
    return do(ids)


def memory_id(context: ServiceContext, reader: Scope, ref: str, point: Point) -> str | None:
    """Return the id of the memory that a reference names to a reader at a point; None if it names none.

    An id comes before an alias, and an alias before the beginning of an id.

    Raises:
        InvalidInput: The reference names several memories; the message lists them.
    """
    if context.content_view(reader, [ref], point.seq).memory(ref) is not None:
        return ref
    candidates = _by_alias(context, reader, ref, point) or _by_prefix(context, reader, ref, point)
    if len(candidates) > 1:
        listed = "; ".join(
            f"{shown.id} {shown.title!r} ({shown.state.value})" for shown in candidates[:MOST_CANDIDATES]
        )
        more = f"; and {len(candidates) - MOST_CANDIDATES} more" if len(candidates) > MOST_CANDIDATES else ""
        raise InvalidInput(f"{ref!r} names {len(candidates)} memories, so give one of their ids: {listed}{more}")
    return candidates[0].id if candidates else None


def id_among(context: ServiceContext, reader: Scope, ref: str, ids: Sequence[str]) -> str:
    """Return the id, among some ids, that a reference names by alias or prefix; the reference itself if none.

    A write that is sent again looks among the ids of its first attempt, so that it names the same memory.
    """
    if ref in ids:
        return ref
    view, key = context.content_view(reader, ids), name_key(ref)
    by_alias = [memory_id for memory_id in ids if _is_alias(view, memory_id, key)]
    by_prefix = [memory_id for memory_id in ids if len(ref) >= LEAST_PREFIX_CHARS and memory_id.startswith(ref)]
    return next(iter([*by_alias, *by_prefix]), ref)


def _by_alias(context: ServiceContext, reader: Scope, ref: str, point: Point) -> list[Card]:
    key = name_key(ref)
    if not key:
        return []
    probe = Probe(names=(key,), limit=1)
    named = context.store.match(reader, probe, Filter(include_history=True), seq=point.seq).named.get(key, ())
    view = context.view(reader, named, point.seq)
    ids = [memory_id for memory_id in named if _is_alias(view, memory_id, key)]
    # A reworded memory and its successor share the alias: it names the successor.
    believed = [memory_id for memory_id in ids if not view.is_never(memory_id)] or ids
    current = [
        memory_id for memory_id in believed if not _leads_to(view, memory_id, set(believed) - {memory_id}, point.valid)
    ]
    return _cards(view, current or believed, point)


def _is_alias(view: View, memory_id: str, name: str) -> bool:
    memory = view.memory(memory_id)
    statement = None if memory is None else memory.statement
    return statement is not None and any(name_key(alias) == name for alias in statement.aliases)


def _leads_to(view: View, memory_id: str, targets: set[str], valid: datetime) -> bool:
    return any(edge.new in targets and view.covers(edge, valid) for edge in view.successions(memory_id))


def _by_prefix(context: ServiceContext, reader: Scope, ref: str, point: Point) -> list[Card]:
    if len(ref) < LEAST_PREFIX_CHARS or any(map(str.isspace, ref)):
        return []
    ids = context.store.ids_beginning(reader, ref, limit=_MOST_READ)
    return _cards(context.view(reader, ids, point.seq), ids, point)


def _cards(view: View, ids: Sequence[str], point: Point) -> list[Card]:
    return [shown for memory_id in ids if (shown := card(view, memory_id, point.valid)) is not None]
