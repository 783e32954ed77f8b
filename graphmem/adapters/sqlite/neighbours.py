"""Graph queries other than supersession: typed links, shared anchors, contested subjects, forks and conflicts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

import apsw

from graphmem.adapters.sqlite import chains
from graphmem.adapters.sqlite.row_cache import RowCache
from graphmem.adapters.sqlite.snapshot import Snapshot
from graphmem.adapters.sqlite.term_hashes import linking
from graphmem.adapters.sqlite.values import ints, rowid_of, rowid_range
from graphmem.deferred_dataclass import dataclass
from graphmem.model import Scope
from graphmem.store import Neighbour

_LINKED = """
    SELECT link.target, link.source, link.kind, link.seq
    FROM json_each(?1) AS input CROSS JOIN link ON link.source = input.value AND link.seq <= ?2
    UNION ALL SELECT link.source, link.target, link.kind, link.seq
    FROM json_each(?1) AS input CROSS JOIN link ON link.target = input.value AND link.seq <= ?2
    ORDER BY 4
"""
_ANCHOR = """
    SELECT number, (SELECT count(*) FROM (SELECT 1 FROM about WHERE anchor = number AND memory <= ?2 LIMIT 1001))
    FROM anchor WHERE id = ?1
"""
_ABOUT = "SELECT memory FROM about WHERE anchor = ? AND memory <= ? ORDER BY memory DESC LIMIT ?"
_HOMES = """
    SELECT number, memory.id, home FROM json_each(?1) AS input CROSS JOIN memory ON number = input.value
    WHERE statement IS NOT NULL
"""
_SUBJECTS = """
    SELECT subject, id, home FROM memory WHERE tenant = ?1 AND subject IN (
      SELECT subject FROM memory WHERE tenant = ?1 AND subject IS NOT NULL GROUP BY subject HAVING count(*) > 1
    ) ORDER BY subject, id
"""
_FORKED = """
    SELECT memory.id, memory.home FROM (
      SELECT old FROM superseded_by WHERE until IS NULL AND kind <> 'amendment' AND old > ?1 AND old < ?2
      GROUP BY old HAVING count(DISTINCT seq) > 1
    ) CROSS JOIN memory ON number = old ORDER BY memory.id
"""

_CONTRADICTED = """
    SELECT DISTINCT source.id, source.home, target.id, target.home
    FROM link
    CROSS JOIN memory AS source ON source.number = link.source
    CROSS JOIN memory AS target ON target.number = link.target
    WHERE link.kind = 'conflicts_with' AND link.source > ?1 AND link.source < ?2
      AND source.statement IS NOT NULL AND target.statement IS NOT NULL ORDER BY source.id, target.id
"""

#: How many steps' homes are read at once: most readers see the first few.
_READ_AT_ONCE = 24
#: Row numbers of a neighbour and a seed, and what joins them.
_Step = tuple[int, int, str]

#: Anchors of more memories than this are skipped: they say little about any of them.
_HUB = 1_000


@dataclass(frozen=True, slots=True)
class Reach:
    """Bounds of a step: nothing recorded after ledger position `seq`, and at most `limit` memories."""

    seq: int
    limit: int


@dataclass(frozen=True, slots=True)
class NeighbourStep:
    """A neighbour with its row number, and whether a typed link leads to it."""

    neighbour: Neighbour
    number: int
    is_link: bool


def neighbours(snapshot: Snapshot, reader: Scope, ids: Sequence[str], reach: Reach) -> list[NeighbourStep]:
    """Return memories one step away: over links first, then over anchors, the rarest first."""
    seeds = chains.numbers(snapshot, ids)
    linked = [(to, of, over) for to, of, over, _ in snapshot.connection.execute(_LINKED, (ints(seeds), reach.seq))]
    steps = [*linked, *_over_anchors(snapshot, seeds, reach)]
    distinct = [step for step in dict.fromkeys(steps) if step[0] != step[1]]
    over_links = set(linked)
    return [
        NeighbourStep(Neighbour(to, of, step[2]), step[0], step in over_links)
        for step, to, of in islice(_visible_steps(snapshot, reader, seeds, distinct), reach.limit)
    ]


def _visible_steps(
    snapshot: Snapshot, reader: Scope, seeds: Sequence[int], steps: Sequence[_Step]
) -> Iterator[tuple[_Step, str, str]]:
    """Yield the steps between memories that the reader sees, with the ids of both; homes are read in pieces."""
    id_of = _visible(snapshot, reader, seeds)
    for first in range(0, len(steps), _READ_AT_ONCE):
        piece = [step for step in steps[first : first + _READ_AT_ONCE] if step[1] in id_of]
        known = _visible(snapshot, reader, sorted({step[0] for step in piece}))
        yield from ((step, known[step[0]], id_of[step[1]]) for step in piece if step[0] in known)


def _over_anchors(snapshot: Snapshot, seeds: Sequence[int], reach: Reach) -> list[tuple[int, int, str]]:
    last, most = rowid_of(snapshot.tenant.number, reach.seq), reach.limit + len(seeds)
    shared = _shared(snapshot, seeds, last)
    about: dict[int, list[int]] = {}
    steps: dict[tuple[int, int, str], None] = {}
    for _, anchor, number, over in sorted(shared):
        if anchor not in about:
            about[anchor] = _about(snapshot.connection, (anchor, last, most), snapshot.cache)
        steps.update({(memory, number, over): None for memory in about[anchor]})
        if len(steps) > reach.limit * 4 + len(seeds) * len(shared):
            break
    return list(steps)


def _about(connection: apsw.Connection, key: tuple[int, int, int], cache: RowCache) -> list[int]:
    memories = cache.about.get(key)
    if memories is None:
        memories = cache.about[key] = [memory for (memory,) in connection.execute(_ABOUT, key)]
    return memories


def _shared(snapshot: Snapshot, seeds: Sequence[int], last: int) -> list[tuple[int, int, int, str]]:
    """Return (memory count, anchor number, seed, anchor name) for each anchor that a seed shares."""
    anchors, shared = snapshot.cache.anchors, list[tuple[int, int, int, str]]()
    for number, row in chains.memories_of(snapshot, seeds).items():
        for anchor in linking(row.memory.statement.anchors) if row.memory.statement else ():
            key = (anchor.node_id(snapshot.tenant.name), last)
            if key not in anchors:
                anchors[key] = snapshot.connection.execute(_ANCHOR, key).fetchone() or (0, 0)
            node, count = anchors[key]
            if 1 < count <= _HUB:
                shared.append((count, node, number, f"{anchor.kind}:{anchor.name}"))
    return shared


def _visible(snapshot: Snapshot, reader: Scope, numbers: Sequence[int]) -> dict[int, str]:
    admitted = snapshot.admitted(reader)
    rows = snapshot.connection.execute(_HOMES, (ints(numbers),))
    return {number: key for number, key, home in rows if home in admitted}


def contested_subjects(snapshot: Snapshot, reader: Scope) -> dict[str, tuple[str, ...]]:
    """Return the subjects that two or more visible memories have, with their ids in order."""
    homes = snapshot.homes()
    ids_of: dict[str, list[str]] = {}
    for subject, memory_id, home in snapshot.connection.execute(_SUBJECTS, (snapshot.tenant.number,)):
        if reader.admits(homes[home]):
            ids_of.setdefault(subject, []).append(memory_id)
    return {subject: tuple(ids) for subject, ids in ids_of.items() if len(ids) > 1}


def forked(snapshot: Snapshot, reader: Scope) -> list[str]:
    """Return the sorted ids of memories that two or more entries supersede without an end date."""
    homes = snapshot.homes()
    return [
        memory_id
        for memory_id, home in snapshot.connection.execute(_FORKED, rowid_range(snapshot.tenant))
        if reader.admits(homes[home])
    ]


def declared_conflicts(snapshot: Snapshot, reader: Scope) -> list[tuple[str, str]]:
    """Return the pairs that a `conflicts_with` link joins, where the reader sees both."""
    homes = snapshot.homes()
    rows = snapshot.connection.execute(_CONTRADICTED, rowid_range(snapshot.tenant))
    return [
        (source, target)
        for source, source_home, target, target_home in rows
        if reader.admits(homes[source_home]) and reader.admits(homes[target_home])
    ]
