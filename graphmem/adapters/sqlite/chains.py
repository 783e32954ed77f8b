"""The rows of memories with all that they are chained to; what a process has read of a chain it does not read again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

import apsw

from graphmem.adapters.sqlite import reading
from graphmem.adapters.sqlite.reading import branches, homes
from graphmem.adapters.sqlite.remembering import Chain, Remembered
from graphmem.adapters.sqlite.values import (
    Row,
    Tenant,
    confirm_row,
    edge_row,
    holding_of,
    ints,
    link_row,
    memory_row,
    move_row,
    place_of,
    retract_row,
    revoke_row,
)
from graphmem.errors import CorruptStore
from graphmem.model import Point
from graphmem.rows import BranchRow, EdgeRow, MemoryRow, MoveRow, Rows
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
    SELECT count(*) FROM json_each(?1) AS wanted CROSS JOIN superseded_by ON new = wanted.value
    WHERE kind = 'amendment'
"""
_MEMORIES = """
    SELECT number, is_common, holding, home, memory.id, home_branch, branch, recorded_at, kind, origin, confidence,
      subject, statement
    FROM json_each(?1) AS wanted CROSS JOIN memory ON memory.number = wanted.value
"""
#: When memories hold for everybody.
_HOLDING = """
    SELECT number, is_common, holding FROM json_each(?1) AS wanted CROSS JOIN memory ON number = wanted.value
"""
#: The same of those that no entry has named since the one that recorded them.
_UNTOUCHED = """
    SELECT number, holding FROM json_each(?1) AS wanted CROSS JOIN memory ON number = wanted.value
    WHERE is_common AND branch IS NULL AND NOT EXISTS (SELECT 1 FROM touch WHERE touch.memory = number)
"""
_MOVES = """
    SELECT memory, seq, place, status, at, ordinal, source_word, recorded_at, branch
    FROM json_each(?1) AS wanted CROSS JOIN move ON move.memory = wanted.value
"""
_EDGES = """
    SELECT old, seq, new, kind, at, until, part, reason, recorded_at, branch
    FROM json_each(?1) AS wanted CROSS JOIN superseded_by ON old = wanted.value ORDER BY seq, old, new
"""
_RETRACTIONS = """
    SELECT memory, seq, recorded_at, branch
    FROM json_each(?1) AS wanted CROSS JOIN retraction ON memory = wanted.value ORDER BY seq
"""
_CONFIRMATIONS = """
    SELECT memory, seq, recorded_at, branch
    FROM json_each(?1) AS wanted CROSS JOIN confirmation ON memory = wanted.value ORDER BY seq
"""
_LINKS = """
    SELECT link.source, link.target, source.id, target.id, link.kind, link.seq, link.recorded_at, link.branch
    FROM (
      SELECT source, seq FROM json_each(?1) AS wanted CROSS JOIN link ON source = wanted.value
      UNION SELECT source, seq FROM json_each(?1) AS wanted CROSS JOIN link ON target = wanted.value
    ) AS found
    CROSS JOIN link ON link.source = found.source AND link.seq = found.seq
    CROSS JOIN memory AS source ON source.number = link.source
    CROSS JOIN memory AS target ON target.number = link.target
    ORDER BY link.seq
"""
_REVOCATIONS = """
    SELECT change, move, seq, recorded_at, branch
    FROM json_each(?1) AS wanted CROSS JOIN revocation ON change = wanted.value ORDER BY seq
"""


#: Rows of so many chains are kept as the kernel wants them.
_MOST_TOLD = 2_048


def component(
    connection: apsw.Connection, tenant: Tenant, seeds: Sequence[int], known: Remembered | None = None
) -> Rows:
    """The rows of memories and of all that they are chained to; what is known is not read again."""
    known = Remembered() if known is None else known
    found: dict[int, Chain] = {}
    missing: list[int] = []
    for seed in seeds:
        chain = known.chains.chain(seed, tenant.seq)
        if chain is None:
            missing.append(seed)
        else:
            found[chain.numbers[0]] = chain
    if missing:
        for chain in _read(connection, tenant, missing):
            known.chains.keep(chain)
            found[chain.numbers[0]] = chain
    return _rows_of(connection, tenant, [found[first] for first in sorted(found)], known)


def alone(connection: apsw.Connection, tenant: Tenant, seeds: Sequence[int], known: Remembered) -> Rows:
    """Memories with their own moves and retractions, without anything that they are chained to."""
    return _rows_of(connection, tenant, [_read_rows(connection, tenant, seeds, is_alone=True)], known)


def ahead(connection: apsw.Connection, tenant: Tenant, seeds: Sequence[int]) -> Rows | None:
    """The rows of memories and of all that follows them along supersessions; None if one of those is an amendment."""
    reached = reached_ahead(connection, seeds)
    if int(str(connection.execute(_AMENDS, (ints(reached),)).get)):
        return None
    return rows_of(connection, tenant, reached)


def reached_ahead(connection: apsw.Connection, seeds: Sequence[int]) -> list[int]:
    """Numbers of memories and of all that follows them along supersessions."""
    return [number for (number,) in connection.execute(_AHEAD, (ints(seeds),))]


def rows_of(connection: apsw.Connection, tenant: Tenant, reached: Sequence[int]) -> Rows:
    """The rows of memories, as they are written at this moment."""
    return _rows_of(connection, tenant, [_read_rows(connection, tenant, reached)], Remembered())


def _read(connection: apsw.Connection, tenant: Tenant, seeds: Sequence[int]) -> Iterator[Chain]:
    """Each chain that one of the memories is in."""
    chained = [number for (number,) in connection.execute(_COMPONENT, (ints(seeds),))]
    every = _read_rows(connection, tenant, chained)
    chain_of = _told_apart(chained, every.edges)
    parts: dict[int, Chain] = {}
    for number in chained:
        parts.setdefault(chain_of[number], Chain(tenant.seq, [])).numbers.append(number)
    for row in every.moves:
        parts[chain_of[row[0]]].moves.append(row)
    for row in every.edges:
        parts[chain_of[row[0]]].edges.append(row)
    for row in every.retractions:
        parts[chain_of[row[0]]].retractions.append(row)
    for row in every.confirmations:
        parts[chain_of[row[0]]].confirmations.append(row)
    for row in every.links:
        for first in {chain_of[number] for number in row[:2] if number in chain_of}:
            parts[first].links.append(row)
    yield from parts.values()


def _told_apart(numbers: Sequence[int], edges: Iterable[Row]) -> dict[int, int]:
    """For each number the least of those that edges join it with."""
    beside: dict[int, list[int]] = {}
    for old, _, new, *_ in edges:
        beside.setdefault(old, []).append(new)
        beside.setdefault(new, []).append(old)
    found: dict[int, int] = {}
    for number in numbers:
        if number not in found:
            found[number], todo = number, [number]
            while todo:
                for other in beside.get(todo.pop(), ()):
                    if other not in found:
                        found[other] = number
                        todo.append(other)
    return found


def _read_rows(connection: apsw.Connection, tenant: Tenant, numbers: Sequence[int], *, is_alone: bool = False) -> Chain:
    wanted, read = ints(numbers), connection.execute
    return Chain(
        tenant.seq,
        list(numbers),
        moves=read(_MOVES, (wanted,)).fetchall(),
        edges=[] if is_alone else read(_EDGES, (wanted,)).fetchall(),
        retractions=read(_RETRACTIONS, (wanted,)).fetchall(),
        confirmations=read(_CONFIRMATIONS, (wanted,)).fetchall(),
        links=[] if is_alone else read(_LINKS, (wanted,)).fetchall(),
    )


def _rows_of(connection: apsw.Connection, tenant: Tenant, chains: Sequence[Chain], known: Remembered) -> Rows:
    memories = memories_of(connection, tenant, [number for chain in chains for number in chain.numbers], known)
    ids = {number: row.memory.id for number, row in memories.items()}
    moves: list[MoveRow] = []
    edges: list[tuple[Row, EdgeRow]] = []
    for chain in chains:
        told = _told(chain, ids, known)
        moves += told[0]
        edges += told[1]
    edges.sort(key=_edge_order)
    retractions = sorted((row for chain in chains for row in chain.retractions), key=_seq)
    confirmations = sorted((row for chain in chains for row in chain.confirmations), key=_seq)
    # A link between two chains is among the rows of both.
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
        revocations=tuple([revoke_row(row) for row in _revocations(connection, tenant, seqs, known)]),
        branches=_branches_once(connection, tenant, known),
    )


def _told(chain: Chain, ids: dict[int, str], known: Remembered) -> tuple[list[MoveRow], list[tuple[Row, EdgeRow]]]:
    """The moves and edges of a chain, made once for the chains asked about last."""
    first = chain.numbers[0] if chain.numbers else 0
    kept = known.told.get(first)
    if kept is not None and kept[0] is chain:
        return kept[1]
    moves = [move_row(row, ids) for row in chain.moves]
    told = moves, [(row, edge_row(row, ids)) for row in chain.edges]
    if len(known.told) > _MOST_TOLD:
        known.told.clear()
    known.told[first] = (chain, told)
    return told


def _edge_order(edge: tuple[Row, EdgeRow]) -> tuple[int, int, int]:
    row = edge[0]
    return row[1], row[0], row[2]


def _seq(row: Row) -> int:
    return int(row[1])


def _revocations(connection: apsw.Connection, tenant: Tenant, seqs: Iterable[int], known: Remembered) -> list[Row]:
    """What undoes the entries at these positions, in ledger order."""
    found, places = known.revocations, [place_of(tenant.number, seq) for seq in seqs]
    if missing := [place for place in places if place not in found]:
        read: dict[int, list[Row]] = {place: [] for place in missing}
        for row in connection.execute(_REVOCATIONS, (ints(missing),)):
            read[row[0]].append(row)
        found.update(read)
    return sorted((row for place in places for row in found[place]), key=lambda row: (row[2], row[0]))


def _branches_once(connection: apsw.Connection, tenant: Tenant, known: Remembered) -> dict[str, BranchRow]:
    if known.branches is None:
        known.branches = branches(connection, tenant)
    return known.branches


def settled_or_whole(
    connection: apsw.Connection,
    tenant: Tenant,
    seeds: Collection[int],
    known: Remembered,
    at: Point,
    *,
    whole: Collection[int] = (),
) -> Rows:
    """As `component`, but only the memory itself where its cache says for everybody that it holds at the point.

    Those among `whole` come with all that is theirs.
    """
    memories = memories_of(connection, tenant, seeds, known)
    cached = _holding(connection, tenant, seeds, known, at.seq)
    settled = {number for number, spans in cached.items() if containing(spans, at.valid) is not None}.difference(whole)
    rows = with_caches(connection, tenant, [one for one in seeds if one not in settled], known, at.seq)
    alone = {number: memories[number] for number in settled if memories[number].memory.id not in rows.memories}
    ids = {number: row.memory.id for number, row in alone.items()}
    confirmed = connection.execute(_CONFIRMATIONS, (ints(list(alone)),))
    return replace(
        rows,
        memories={**rows.memories, **{row.memory.id: row for row in alone.values()}},
        confirmations=rows.confirmations + tuple([confirm_row(row, ids) for row in confirmed]),
        holding={**rows.holding, **{key: cached[number] for number, key in ids.items()}},
        settled=frozenset(ids.values()),
    )


def with_caches(connection: apsw.Connection, tenant: Tenant, seeds: Sequence[int], known: Remembered, seq: int) -> Rows:
    """As `component`, with the caches that tell what is known at a ledger position."""
    rows = component(connection, tenant, seeds, known)
    ids = {place_of(tenant.number, row.stamp.seq): key for key, row in rows.memories.items()}
    cached = _holding(connection, tenant, ids, known, seq)
    return replace(rows, holding={ids[number]: spans for number, spans in cached.items()})


def _holding(
    connection: apsw.Connection, tenant: Tenant, wanted: Collection[int], known: Remembered, seq: int
) -> dict[int, Spans]:
    if seq < tenant.seq:
        rows = connection.execute(_UNTOUCHED, (ints(list(wanted)),)) if wanted else ()
        return {number: holding_of(text) for number, text in rows}
    found = known.holding
    if missing := [number for number in wanted if number not in found]:
        rows = connection.execute(_HOLDING, (ints(missing),))
        found.update((number, holding_of(text) if is_common else None) for number, is_common, text in rows)
    return {number: spans for number in wanted if (spans := found[number]) is not None}


def memories_of(
    connection: apsw.Connection, tenant: Tenant, wanted: Collection[int], known: Remembered
) -> dict[int, MemoryRow]:
    """The rows of numbered memories; those not yet known are read together with when they hold."""
    found = known.memories
    if missing := [number for number in wanted if number not in found]:
        places = homes(connection, tenant, known)
        rows: list[Row] = connection.execute(_MEMORIES, (ints(missing),)).fetchall()
        if len(rows) < len(missing):
            raise CorruptStore(
                "a chain leads to a memory that is missing; restore the store from a backup or an export"
            )
        for number, is_common, holding, home, *row in rows:
            if home not in places:
                raise CorruptStore(
                    f"memory {row[0]!r} lives at a home that is missing; restore the store from a backup"
                )
            found[number] = memory_row((number, *row), places[home])
            known.numbers[row[0]] = number
            known.holding[number] = holding_of(holding) if is_common else None
    return {number: found[number] for number in wanted}


def numbers(connection: apsw.Connection, tenant: Tenant, ids: Iterable[str], known: Remembered) -> list[int]:
    """Numbers of those memories that there are."""
    wanted, met = list(dict.fromkeys(ids)), known.numbers
    found = reading.numbers_by_id(connection, tenant, (key for key in wanted if key not in met))
    return [met[key] if key in met else found[key] for key in wanted if key in met or key in found]


class Ids:
    """Ids of numbered memories, whose rows are read with them: what matches is looked at next.

    Args:
        connection: In a read transaction.
        tenant: Whose memories.
        known: Memories that were read before.
    """

    def __init__(self, connection: apsw.Connection, tenant: Tenant, known: Remembered) -> None:
        self._connection = connection
        self._tenant = tenant
        self._known = known
        #: Numbers of all ids that were asked for.
        self.numbers: dict[str, int] = {}

    def of(self, numbers: Sequence[int]) -> dict[int, str]:
        """The id of each number."""
        rows = memories_of(self._connection, self._tenant, numbers, self._known)
        found = {number: row.memory.id for number, row in rows.items()}
        self.numbers.update((key, number) for number, key in found.items())
        return found
