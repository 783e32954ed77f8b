"""From what a caller calls a memory or a file to what the store knows it by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import PurePosixPath
from typing import TypeVar

from graphmem.answers import Card
from graphmem.errors import InvalidInput, NotFound
from graphmem.model import Point, Scope
from graphmem.ranking import name_key
from graphmem.retrieval.cards import card
from graphmem.retrieval.named_ids import LEAST_PREFIX_CHARS
from graphmem.service.desk import Desk
from graphmem.store import Filter, Probe
from graphmem.temporal import View

Answer = TypeVar("Answer")

#: So many candidates of an ambiguous reference are listed.
MOST_CANDIDATES = 10
_MOST_READ = 100
_GLOB = frozenset("*?")
#: Imports know what a file says by a key that begins with one of these and the name of the source.
_IMPORTED = ("claude", "basic-memory")


def with_references(
    desk: Desk, reader: Scope, at: Callable[[], Point], refs: Sequence[str], do: Callable[[Sequence[str]], Answer]
) -> Answer:
    """What `do` answers for the ids that are meant; refs that are ids cost nothing.

    Args:
        desk: Has the store.
        reader: Who names the memories: others are never told of.
        at: Gives the point at which the names are looked up, if they must be.
        refs: Ids, aliases, or beginnings of ids.
        do: Raises NotFound for what is no id.

    Raises:
        NotFound: A ref names nothing that the reader sees.
        InvalidInput: A ref names several memories; the message lists them.
    """
    try:
        return do(refs)
    except NotFound:
        point = at()
        ids = [memory_id(desk, reader, ref, point) or ref for ref in refs]
        if ids == list(refs):
            raise
    return do(ids)


def memory_id(desk: Desk, reader: Scope, ref: str, point: Point) -> str | None:
    """The id of the memory that a ref names to a reader at a point; None if it names none.

    An id names its memory, whatever else is called so; then an alias; then the beginning of an id.

    Raises:
        InvalidInput: It names several.
    """
    if desk.view_alone(reader, [ref], point.seq).memory(ref) is not None:
        return ref
    found = _by_alias(desk, reader, ref, point) or _by_beginning(desk, reader, ref, point)
    if len(found) > 1:
        listed = "; ".join(f"{one.id} {one.title!r} ({one.state.value})" for one in found[:MOST_CANDIDATES])
        more = f"; and {len(found) - MOST_CANDIDATES} more" if len(found) > MOST_CANDIDATES else ""
        raise InvalidInput(f"{ref!r} names {len(found)} memories, so give one of their ids: {listed}{more}")
    return found[0].id if found else None


def id_among(desk: Desk, reader: Scope, ref: str, ids: Sequence[str]) -> str:
    """The one of some ids that a ref names, so that a write which is sent again means what it meant; else the ref."""
    if ref in ids:
        return ref
    view, key = desk.view_alone(reader, ids), name_key(ref)
    named = [one for one in ids if _is_alias(view, one, key)]
    begun = [one for one in ids if len(ref) >= LEAST_PREFIX_CHARS and one.startswith(ref)]
    return next(iter([*named, *begun]), ref)


def _by_alias(desk: Desk, reader: Scope, ref: str, point: Point) -> list[Card]:
    key = name_key(ref)
    if not key:
        return []
    probe = Probe(names=(key,), limit=1)
    named = desk.store.match(reader, probe, Filter(include_history=True), seq=point.seq).named.get(key, ())
    view = desk.view(reader, named, point.seq)
    ids = [one for one in named if _is_alias(view, one, key)]
    # What was reworded keeps its alias: the words that it has now are meant.
    believed = [one for one in ids if not view.is_never(one)] or ids
    current = [one for one in believed if not _leads_to(view, one, set(believed) - {one}, point.valid)] or believed
    return _cards(view, current, point)


def _is_alias(view: View, key: str, name: str) -> bool:
    memory = view.memory(key)
    said = None if memory is None else memory.statement
    return said is not None and any(name_key(alias) == name for alias in said.aliases)


def _leads_to(view: View, key: str, others: set[str], valid: datetime) -> bool:
    return any(edge.new in others and view.covers(edge, valid) for edge in view.successions(key))


def _by_beginning(desk: Desk, reader: Scope, ref: str, point: Point) -> list[Card]:
    if len(ref) < LEAST_PREFIX_CHARS or any(map(str.isspace, ref)):
        return []
    ids = desk.store.ids_beginning(reader, ref, limit=_MOST_READ)
    return _cards(desk.view(reader, ids, point.seq), ids, point)


def _cards(view: View, ids: Sequence[str], point: Point) -> list[Card]:
    return [shown for key in ids if (shown := card(view, key, point.valid)) is not None]


def with_real_paths(where: Filter) -> Filter:
    """The filter, under which a path finds also what was imported from the file of that path."""
    if not where.paths:
        return where
    paths = [_plain(path) for path in where.paths]
    files = [path for path in paths if path and not _GLOB & set(path) and not path.endswith("/")]
    keys = [f"{source}/*/{path}{rest}" for source in _IMPORTED for path in files for rest in ("", "/**")]
    return replace(where, paths=tuple(dict.fromkeys([*paths, *keys])))


def _plain(path: str) -> str:
    """The path without `./` before it."""
    if not path.startswith("./"):
        return path
    return PurePosixPath(path).as_posix() + ("/" if path.endswith("/") else "")
