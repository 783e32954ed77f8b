"""Rows of memories together with their supersession chains; a chain is read from the file once per process."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

import apsw

from graphmem.adapters.sqlite.row_cache import ChainRows, RowCache
from graphmem.adapters.sqlite.snapshot import Snapshot
from graphmem.adapters.sqlite.values import (
    DamagedRow,
    Row,
    confirm_row,
    edge_row,
    holding_of,
    ints,
    link_row,
    memory_row,
    move_row,
    retract_row,
    revoke_row,
    rowid_of,
)
from graphmem.model import Point
from graphmem.rows import BranchRow, CachedRows, EdgeRow, MemoryRow, MoveRow, Rows
from graphmem.temporal.spans import Spans, containing

_COMPONENT = """
    WITH RECURSIVE chained (number) AS (
      SELECT value FROM json_each(?1)
      UNION SELECT edge.new FROM superseded_by AS edge JOIN chained ON edge.old = chained.number
      UNION SELECT edge.old FROM superseded_by AS edge JOIN chained ON edge.new = chained.number
    )
    SELECT number FROM chained ORDER BY number
"""
_AHEAD = """
    WITH RECURSIVE ahead (number) AS (
      SELECT value FROM json_each(?1)
      UNION SELECT edge.new FROM superseded_by AS edge JOIN ahead ON edge.old = ahead.number
    )
    SELECT number FROM ahead ORDER BY number
"""
_AMENDS = """
    SELECT count(*) FROM json_each(?1) AS input CROSS JOIN superseded_by ON new = input.value
    WHERE kind = 'amendment'
"""
_MEMORIES = """
    SELECT number, is_common, holding, memory.id, home_branch, branch, recorded_at, kind, origin, confidence, subject,
      statement, home
    FROM json_each(?1) AS input CROSS JOIN memory ON memory.number = input.value
"""
#: Cached valid intervals, and whether the cache applies to every reader.
_HOLDING = """
    SELECT number, is_common, holding FROM json_each(?1) AS input CROSS JOIN memory ON number = input.value
"""
#: The same, for memories that no entry has named since the entry that recorded them.
_UNTOUCHED = """
    SELECT number, holding FROM json_each(?1) AS input CROSS JOIN memory ON number = input.value
    WHERE is_common AND branch IS NULL AND NOT EXISTS (SELECT 1 FROM touch WHERE touch.memory = number)
"""
_MOVES = """
    SELECT memory, seq, place, status, at, ordinal, source_word, recorded_at, branch
    FROM json_each(?1) AS input CROSS JOIN move ON move.memory = input.value
"""
_EDGES = """
    SELECT old, seq, new, kind, at, until, part, reason, recorded_at, branch
    FROM json_each(?1) AS input CROSS JOIN superseded_by ON old = input.value ORDER BY seq, old, new
"""
_RETRACTIONS = """
    SELECT memory, seq, recorded_at, branch
    FROM json_each(?1) AS input CROSS JOIN retraction ON memory = input.value ORDER BY seq
"""
_CONFIRMATIONS = """
    SELECT memory, seq, recorded_at, branch
    FROM json_each(?1) AS input CROSS JOIN confirmation ON memory = input.value ORDER BY seq
"""
_LINKS = """
    SELECT link.source, link.target, source.id, target.id, link.kind, link.seq, link.recorded_at, link.branch
    FROM (
      SELECT source, seq FROM json_each(?1) AS input CROSS JOIN link ON source = input.value
      UNION SELECT source, seq FROM json_each(?1) AS input CROSS JOIN link ON target = input.value
    ) AS pair
    CROSS JOIN link ON link.source = pair.source AND link.seq = pair.seq
    CROSS JOIN memory AS source ON source.number = link.source
    CROSS JOIN memory AS target ON target.number = link.target
    ORDER BY link.seq
"""
_REVOCATIONS = """
    SELECT change, move, seq, recorded_at, branch
    FROM json_each(?1) AS input CROSS JOIN revocation ON change = input.value ORDER BY seq
"""


#: Size of the cache of converted chains.
_MAX_CHAINS_CONVERTED = 2_048


def component(snapshot: Snapshot, seeds: Sequence[int]) -> Rows:
    """Read the rows of memories and of every memory in their chains; cached rows are not read again."""
    cache = snapshot.cache
    cache = RowCache() if cache is None else cache
    by_first_number: dict[int, ChainRows] = {}
    missing: list[int] = []
    for seed in seeds:
        chain = cache.chains.chain(seed, snapshot.tenant.seq)
        if chain is None:
            missing.append(seed)
        else:
            by_first_number[chain.numbers[0]] = chain
    if missing:
        for chain in _read(snapshot, missing):
            cache.chains.keep(chain)
            by_first_number[chain.numbers[0]] = chain
    return _rows_of(snapshot, [by_first_number[first] for first in sorted(by_first_number)])


def alone(snapshot: Snapshot, seeds: Sequence[int]) -> Rows:
    """Read memories with their own moves and retractions, without edges and links."""
    return _rows_of(snapshot, [_read_rows(snapshot, seeds, is_alone=True)])


def ahead(snapshot: Snapshot, seeds: Sequence[int]) -> Rows | None:
    """Read the rows of memories and of all their successors; returns None if any of them amends another memory."""
    reached = reached_ahead(snapshot.connection, seeds)
    if int(str(snapshot.connection.execute(_AMENDS, (ints(reached),)).get)):
        return None
    return rows_of(snapshot, reached)


def reached_ahead(connection: apsw.Connection, seeds: Sequence[int]) -> list[int]:
    """Return the numbers of memories and of all their successors along supersessions, sorted."""
    return [number for (number,) in connection.execute(_AHEAD, (ints(seeds),))]


def rows_of(snapshot: Snapshot, numbers: Sequence[int]) -> Rows:
    """Read the rows of memories without the caches."""
    return _rows_of(snapshot, [_read_rows(snapshot, numbers)])


def _read(snapshot: Snapshot, seeds: Sequence[int]) -> Iterator[ChainRows]:
    """Yield each chain that contains any of the memories."""
    if "superseded_by" in snapshot.empty_tables:
        chained = sorted(set(seeds))
    else:
        chained = [number for (number,) in snapshot.connection.execute(_COMPONENT, (ints(seeds),))]
    rows = _read_rows(snapshot, chained)
    chain_of = _component_roots(chained, rows.edges)
    numbers: dict[int, list[int]] = {}
    for number in chained:
        numbers.setdefault(chain_of[number], []).append(number)
    moves, edges = _by_chain(rows.moves, chain_of), _by_chain(rows.edges, chain_of)
    retractions, confirmations = _by_chain(rows.retractions, chain_of), _by_chain(rows.confirmations, chain_of)
    links: dict[int, list[Row]] = {}
    for row in rows.links:
        for first in {chain_of[number] for number in row[:2] if number in chain_of}:
            links.setdefault(first, []).append(row)
    by_kind = (moves, edges, retractions, confirmations, links)
    for first, members in numbers.items():
        yield ChainRows(snapshot.tenant.seq, tuple(members), *[tuple(rows.get(first, ())) for rows in by_kind])


def _by_chain(rows: Iterable[Row], chain_of: dict[int, int]) -> dict[int, list[Row]]:
    """Group rows by the chain of the memory in their first column."""
    grouped: dict[int, list[Row]] = {}
    for row in rows:
        grouped.setdefault(chain_of[row[0]], []).append(row)
    return grouped


def _component_roots(numbers: Sequence[int], edges: Iterable[Row]) -> dict[int, int]:
    """Map each number to the smallest number in its connected component."""
    adjacent: dict[int, list[int]] = {}
    for old, _, new, *_ in edges:
        adjacent.setdefault(old, []).append(new)
        adjacent.setdefault(new, []).append(old)
    roots: dict[int, int] = {}
    for number in numbers:
        if number not in roots:
            roots[number], todo = number, [number]
            while todo:
                for neighbour in adjacent.get(todo.pop(), ()):
                    if neighbour not in roots:
                        roots[neighbour] = number
                        todo.append(neighbour)
    return roots


def _read_rows(snapshot: Snapshot, numbers: Sequence[int], *, is_alone: bool = False) -> ChainRows:
    array, read, empty = ints(numbers), snapshot.connection.execute, snapshot.empty_tables
    has_edges, has_links = (not is_alone and table not in empty for table in ("superseded_by", "link"))
    return ChainRows(
        snapshot.tenant.seq,
        tuple(numbers),
        moves=tuple(read(_MOVES, (array,))),
        edges=tuple(read(_EDGES, (array,))) if has_edges else (),
        retractions=() if "retraction" in empty else tuple(read(_RETRACTIONS, (array,))),
        confirmations=() if "confirmation" in empty else tuple(read(_CONFIRMATIONS, (array,))),
        links=tuple(read(_LINKS, (array,))) if has_links else (),
    )


def _rows_of(snapshot: Snapshot, chains: Sequence[ChainRows]) -> Rows:
    memories = memories_of(snapshot, [number for chain in chains for number in chain.numbers])
    ids = {number: row.memory.id for number, row in memories.items()}
    moves: list[MoveRow] = []
    edges: list[tuple[Row, EdgeRow]] = []
    for chain in chains:
        chain_moves, chain_edges = _converted(chain, ids, snapshot.cache)
        moves += chain_moves
        edges += chain_edges
    edges.sort(key=_edge_order)
    retractions = sorted((row for chain in chains for row in chain.retractions), key=_seq)
    confirmations = sorted((row for chain in chains for row in chain.confirmations), key=_seq)
    # A link between two chains is in the rows of both.
    links = sorted(dict.fromkeys(row for chain in chains for row in chain.links), key=lambda row: row[5])
    seqs = {row.stamp.seq for row in moves}
    seqs.update([row.stamp.seq for _, row in edges], [row[1] for row in retractions], [row[5] for row in links])
    return Rows(
        memories={row.memory.id: row for row in memories.values()},
        moves=tuple(moves),
        edges=tuple([row for _, row in edges]),
        retractions=tuple([retract_row(row, ids) for row in retractions]),
        confirmations=tuple([confirm_row(row, ids) for row in confirmations]),
        links=tuple([link_row(row[2:]) for row in links]),
        revocations=tuple([revoke_row(row) for row in _revocations(snapshot, seqs)]),
        branches=_branches_once(snapshot),
    )


def _converted(
    chain: ChainRows, ids: dict[int, str], cache: RowCache
) -> tuple[list[MoveRow], list[tuple[Row, EdgeRow]]]:
    """Convert the moves and edges of a chain to row values; results of the latest chains are cached."""
    first = chain.numbers[0] if chain.numbers else 0
    cached = cache.converted.get(first)
    if cached is not None and cached[0] is chain:
        return cached[1]
    moves = [move_row(row, ids) for row in chain.moves]
    converted = moves, [(row, edge_row(row, ids)) for row in chain.edges]
    if len(cache.converted) > _MAX_CHAINS_CONVERTED:
        cache.converted.clear()
    cache.converted[first] = (chain, converted)
    return converted


def _edge_order(edge: tuple[Row, EdgeRow]) -> tuple[int, int, int]:
    row = edge[0]
    return row[1], row[0], row[2]


def _seq(row: Row) -> int:
    return int(row[1])


def _revocations(snapshot: Snapshot, seqs: Iterable[int]) -> list[Row]:
    """Read the revocations of the entries at these ledger positions, in ledger order."""
    if "revocation" in snapshot.empty_tables:
        return []
    cached, rowids = snapshot.cache.revocations, [rowid_of(snapshot.tenant.number, seq) for seq in seqs]
    if missing := [rowid for rowid in rowids if rowid not in cached]:
        read = dict.fromkeys(missing, tuple[Row, ...]())
        for row in snapshot.connection.execute(_REVOCATIONS, (ints(missing),)):
            read[row[0]] += (row,)
        cached.update(read)
    return sorted((row for rowid in rowids for row in cached[rowid]), key=lambda row: (row[2], row[0]))


def _branches_once(snapshot: Snapshot) -> dict[str, BranchRow]:
    cache = snapshot.cache
    if cache.branches is None:
        cache.branches = snapshot.branches()
    return cache.branches


def rows_at_point(
    snapshot: Snapshot,
    seeds: Collection[int],
    at: Point,
    *,
    with_chains: Collection[int] = (),
) -> CachedRows:
    """Read rows as `component` does, but skip the chain of a memory whose cached interval contains the point.

    Memories in `with_chains` always come with their chains.
    """
    memories = memories_of(snapshot, seeds)
    cached = _holding(snapshot, seeds, at.seq)
    settled = {number for number, spans in cached.items() if containing(spans, at.valid) is not None}.difference(
        with_chains
    )
    rows = with_caches(snapshot, [number for number in seeds if number not in settled], at.seq)
    chained = rows.chained.memories
    unchained = {number: memories[number] for number in settled if memories[number].memory.id not in chained}
    ids = {number: row.memory.id for number, row in unchained.items()}
    confirmed = _confirmations(snapshot, list(unchained))
    return CachedRows(
        rows.chained,
        holding={**rows.holding, **{memory_id: cached[number] for number, memory_id in ids.items()}},
        settled={row.memory.id: row for row in unchained.values()},
        confirmations=tuple([confirm_row(row, ids) for row in confirmed]),
    )


def _confirmations(snapshot: Snapshot, numbers: Sequence[int]) -> list[Row]:
    if not numbers or "confirmation" in snapshot.empty_tables:
        return []
    return snapshot.connection.execute(_CONFIRMATIONS, (ints(numbers),)).fetchall()


def with_caches(snapshot: Snapshot, seeds: Sequence[int], seq: int) -> CachedRows:
    """Read rows as `component` does, with the cached valid intervals that apply at a ledger position."""
    rows = component(snapshot, seeds)
    ids = {rowid_of(snapshot.tenant.number, row.stamp.seq): key for key, row in rows.memories.items()}
    cached = _holding(snapshot, ids, seq)
    return CachedRows(rows, {ids[number]: spans for number, spans in cached.items()})


def _holding(snapshot: Snapshot, numbers: Collection[int], seq: int) -> dict[int, Spans]:
    if seq < snapshot.tenant.seq:
        rows = snapshot.connection.execute(_UNTOUCHED, (ints(list(numbers)),)) if numbers else ()
        return {number: holding_of(text) for number, text in rows}
    intervals = snapshot.cache.holding
    if missing := [number for number in numbers if number not in intervals]:
        rows = snapshot.connection.execute(_HOLDING, (ints(missing),))
        intervals.update((number, holding_of(text) if is_common else None) for number, is_common, text in rows)
    return {number: spans for number in numbers if (spans := intervals[number]) is not None}


def memories_of(snapshot: Snapshot, numbers: Collection[int]) -> dict[int, MemoryRow]:
    """Read the rows of numbered memories, with their cached valid intervals; cached rows are not read again."""
    cached = snapshot.cache.memories
    if missing := [number for number in numbers if number not in cached]:
        stored, homes_by_number = _stored_memories(snapshot, missing), snapshot.homes()
        for number in missing:
            row = stored[number]
            if row[-1] not in homes_by_number:
                raise DamagedRow(f"the home of memory {row[1]!r} is missing")
            cached[number] = memory_row(row[:-1], homes_by_number[row[-1]])
    return {number: cached[number] for number in numbers}


def _stored_memories(snapshot: Snapshot, numbers: Sequence[int]) -> dict[int, Row]:
    """Return the cached stored rows by number, with at least these; the valid intervals of new ones are cached too."""
    cache = snapshot.cache
    stored = cache.stored
    if missing := [number for number in numbers if number not in stored]:
        rows: list[Row] = snapshot.connection.execute(_MEMORIES, (ints(missing),)).fetchall()
        if len(rows) < len(missing):
            raise DamagedRow("a supersession chain names a memory that is missing")
        for number, is_common, holding, *row in rows:
            stored[number] = (number, *row)
            cache.numbers[row[0]] = number
            cache.holding[number] = holding_of(holding) if is_common else None
    return stored


def numbers(snapshot: Snapshot, ids: Iterable[str]) -> list[int]:
    """Return the numbers of the memories that exist, in the order of the ids."""
    distinct, cached = list(dict.fromkeys(ids)), snapshot.cache.numbers
    missing = [memory_id for memory_id in distinct if memory_id not in cached]
    by_id = snapshot.numbers_by_id(missing) if missing else {}
    found = (cached.get(memory_id) or by_id.get(memory_id) for memory_id in distinct)
    return [number for number in found if number is not None]


class IdLookup:
    """Maps row numbers to memory ids and reads the rows at the same time: the caller needs the rows of matches next.

    Args:
        snapshot: Of the tenant that the numbers belong to.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        #: The number of each id returned so far.
        self.numbers: dict[str, int] = {}

    def of(self, numbers: Sequence[int]) -> dict[int, str]:
        """Return the id of each number."""
        rows = memories_of(self._snapshot, numbers)
        ids = {number: row.memory.id for number, row in rows.items()}
        self.numbers.update((memory_id, number) for number, memory_id in ids.items())
        return ids
