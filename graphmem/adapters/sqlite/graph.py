"""Steps over the graph other than supersession: typed links and shared anchors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import apsw

from graphmem.adapters.sqlite import chains, reading
from graphmem.adapters.sqlite.indexing import linking
from graphmem.adapters.sqlite.remembering import Remembered
from graphmem.adapters.sqlite.values import Tenant, ints, place_of
from graphmem.model import Scope
from graphmem.store import Neighbour

_LINKED = """
    SELECT link.target, link.source, link.kind, link.seq
    FROM json_each(?1) AS wanted CROSS JOIN link ON link.source = wanted.value AND link.seq <= ?2
    UNION ALL SELECT link.source, link.target, link.kind, link.seq
    FROM json_each(?1) AS wanted CROSS JOIN link ON link.target = wanted.value AND link.seq <= ?2
    ORDER BY 4
"""
_ANCHOR = """
    SELECT number, (SELECT count(*) FROM (SELECT 1 FROM about WHERE anchor = number AND memory <= ?2 LIMIT 1001))
    FROM anchor WHERE id = ?1
"""
_ABOUT = "SELECT memory FROM about WHERE anchor = ? AND memory <= ? ORDER BY memory DESC LIMIT ?"
_PLACES = """
    SELECT number, memory.id, home FROM json_each(?1) AS wanted CROSS JOIN memory ON number = wanted.value
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
    SELECT DISTINCT one.id, one.home, other.id, other.home
    FROM link
    CROSS JOIN memory AS one ON one.number = link.source CROSS JOIN memory AS other ON other.number = link.target
    WHERE link.kind = 'conflicts_with' AND link.source > ?1 AND link.source < ?2
      AND one.statement IS NOT NULL AND other.statement IS NOT NULL ORDER BY one.id, other.id
"""

#: An anchor that more memories than this are about says little of any of them.
_HUB = 1_000


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a step goes: nothing recorded after ledger position `seq`, and at most `limit` memories."""

    seq: int
    limit: int


@dataclass(frozen=True, slots=True)
class Step:
    """A neighbour with its number, and whether the step to it is a typed link."""

    told: Neighbour
    number: int
    is_link: bool


def neighbours(
    connection: apsw.Connection, tenant: Tenant, reader: Scope, ids: Sequence[str], reach: Reach, known: Remembered
) -> list[Step]:
    """Memories one step away: over links first, then over anchors, the rarer first."""
    seeds = chains.numbers(connection, tenant, ids, known)
    linked = [(to, of, over) for to, of, over, _ in connection.execute(_LINKED, (ints(seeds), reach.seq))]
    steps = [*linked, *_over_anchors(connection, tenant, seeds, reach, known)]
    keys = _visible(connection, tenant, reader, sorted({*seeds, *[step[0] for step in steps]}), known)
    found = dict.fromkeys([step for step in steps if step[0] != step[1] and step[0] in keys and step[1] in keys])
    over_links = set(linked)
    return [
        Step(Neighbour(keys[step[0]], keys[step[1]], step[2]), step[0], step in over_links)
        for step in islice(found, reach.limit)
    ]


def _over_anchors(
    connection: apsw.Connection, tenant: Tenant, seeds: Sequence[int], reach: Reach, known: Remembered
) -> list[tuple[int, int, str]]:
    last, most = place_of(tenant.number, reach.seq), reach.limit + len(seeds)
    shared = _shared(connection, tenant, seeds, last, known)
    about: dict[int, list[int]] = {}
    steps: dict[tuple[int, int, str], None] = {}
    for _, anchor, number, over in sorted(shared):
        if anchor not in about:
            about[anchor] = _about(connection, (anchor, last, most), known)
        steps.update({(memory, number, over): None for memory in about[anchor]})
        if len(steps) > reach.limit * 4 + len(seeds) * len(shared):
            break
    return list(steps)


def _about(connection: apsw.Connection, asked: tuple[int, int, int], known: Remembered) -> list[int]:
    found = known.about.get(asked)
    if found is None:
        found = known.about[asked] = [memory for (memory,) in connection.execute(_ABOUT, asked)]
    return found


def _shared(
    connection: apsw.Connection, tenant: Tenant, seeds: Sequence[int], last: int, known: Remembered
) -> list[tuple[int, int, int, str]]:
    """(memories about it, anchor, seed, its name) for each anchor that leads from a seed to others."""
    held, shared = known.anchors, list[tuple[int, int, int, str]]()
    for number, row in chains.memories_of(connection, tenant, seeds, known).items():
        for anchor in linking(row.memory.statement.anchors) if row.memory.statement else ():
            key = (anchor.node_id(tenant.name), last)
            if key not in held:
                held[key] = connection.execute(_ANCHOR, key).fetchone() or (0, 0)
            node, count = held[key]
            if 1 < count <= _HUB:
                shared.append((count, node, number, f"{anchor.kind}:{anchor.name}"))
    return shared


def _visible(
    connection: apsw.Connection, tenant: Tenant, reader: Scope, numbers: Sequence[int], known: Remembered
) -> dict[int, str]:
    admitted = reading.admitted(connection, tenant, reader, known)
    rows = connection.execute(_PLACES, (ints(numbers),))
    return {number: key for number, key, home in rows if home in admitted}


def contested_subjects(connection: apsw.Connection, tenant: Tenant, reader: Scope) -> dict[str, tuple[str, ...]]:
    """Subjects of two or more memories that the reader admits, with their ids in order."""
    homes = reading.homes(connection, tenant)
    found: dict[str, list[str]] = {}
    for subject, key, home in connection.execute(_SUBJECTS, (tenant.number,)):
        if reader.admits(homes[home]):
            found.setdefault(subject, []).append(key)
    return {subject: tuple(keys) for subject, keys in found.items() if len(keys) > 1}


def forked(connection: apsw.Connection, tenant: Tenant, reader: Scope, span: tuple[int, int]) -> list[str]:
    """Ids of memories that two or more entries let be superseded for good, sorted."""
    homes = reading.homes(connection, tenant)
    return [key for key, home in connection.execute(_FORKED, span) if reader.admits(homes[home])]


def declared_conflicts(
    connection: apsw.Connection, tenant: Tenant, reader: Scope, span: tuple[int, int]
) -> list[tuple[str, str]]:
    """Pairs between which somebody declared a contradiction, where the reader admits both."""
    homes = reading.homes(connection, tenant)
    rows = connection.execute(_CONTRADICTED, span)
    return [(one, other) for one, home, other, far in rows if reader.admits(homes[home]) and reader.admits(homes[far])]
