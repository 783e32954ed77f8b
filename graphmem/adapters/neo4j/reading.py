"""Rows and ledger entries, each read by one statement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from graphmem.adapters.neo4j.selecting import COVERS, SEEN
from graphmem.adapters.neo4j.values import (
    END,
    Head,
    admitted_homes,
    branch_row,
    confirm_row,
    edge_row,
    entry_of,
    head_of,
    link_row,
    memory_row,
    micros_of,
    move_row,
    retract_row,
    revoke_row,
)
from graphmem.errors import CorruptStore
from graphmem.instants import from_micros
from graphmem.ledger import GENESIS, Entry, change_of
from graphmem.model import Change, Point, Scope
from graphmem.rows import BranchRow, Rows
from graphmem.store import Position, Rivals
from graphmem.temporal.operations import MARKS

if TYPE_CHECKING:
    from neo4j import Record

    from graphmem.adapters.neo4j.connecting import Link

_HEAD_RECORDED_AT, _CHANGE_RECORDED_AT = micros_of("l.recorded_at"), micros_of("c.recorded_at")
_ROW_RECORDED_AT, _MEMORY_RECORDED_AT = micros_of("r.recorded_at"), micros_of("m.recorded_at")
_ROW_AT, _ROW_UNTIL = micros_of("r.at"), micros_of("r.until")
#: Of a ledger node `l`: up to when somebody was told what was known, in microseconds; null if nobody asked.
ANSWERED_TO = micros_of("l.answered_to")
#: The fields of `head_of`, of a ledger node `l`.
HEAD_FIELDS = f"""[l.seq, {_HEAD_RECORDED_AT}, l.hash, l.key, l.documents, l.tokens, l.vectors, l.epoch,
  l.is_restoring, {ANSWERED_TO}]"""
#: What leads from a ledger entry to the memories that it is about.
ABOUT = "|".join(("RECORDED", "MOVED", *MARKS))
#: The fields of `entry_of`, of a ledger entry `c`.
CHANGE_FIELDS = f"[c.seq, {_CHANGE_RECORDED_AT}, c.op_id, c.body, c.salt, c.digest, c.commitment, c.hash]"
_STAMP = f"r.seq, {_ROW_RECORDED_AT}, r.branch"

_HEAD = f"MATCH (l:Ledger {{tenant: $p.tenant}}) RETURN {HEAD_FIELDS} AS head"
_TENANTS = "MATCH (l:Ledger) RETURN l.tenant AS tenant ORDER BY tenant"
_BRANCHES = """
MATCH (b:Branch {tenant: $p.tenant}) RETURN [b.key, b.parent, b.opened, b.closed, b.is_merged] AS branch
"""

#: Every branch, as `branches_of` reads it.
BRANCHES = """
CALL () {
  MATCH (b:Branch {tenant: $p.tenant})
  RETURN collect([b.key, b.parent, b.opened, b.closed, b.is_merged]) AS branches
}
"""
#: Everything around the memories in the list `seeds` that are chained to each other, and every branch.
COMPONENT = f"""
CALL (seeds) {{
  UNWIND seeds AS seed MATCH (seed)-[:SUPERSEDED_BY*0..]-(m:Memory) RETURN collect(DISTINCT m) AS chained
}}
CALL (chained) {{
  UNWIND chained AS m
  MATCH (c:Change)-[r:MOVED]->(m) WITH m, r ORDER BY r.seq, r.index
  RETURN collect([m.id, [r.status, {_ROW_AT}, r.ordinal, r.source_word, r.index, {_STAMP}]]) AS moves
}}
CALL (chained) {{
  UNWIND chained AS m
  MATCH (m)-[r:SUPERSEDED_BY]->(n:Memory) WITH m, n, r ORDER BY r.seq
  RETURN collect([m.id, n.id, r.kind, {_ROW_AT}, {_ROW_UNTIL}, r.part, r.reason, {_STAMP}]) AS edges
}}
CALL (chained) {{
  UNWIND chained AS m
  MATCH (:Change)-[r:RETRACTED|CONFIRMED]->(m) WITH m, r ORDER BY r.seq
  RETURN collect([type(r), m.id, [{_STAMP}]]) AS flags
}}
CALL (chained) {{
  UNWIND chained AS m
  MATCH (m)-[r:DEPENDS_ON|IMPLEMENTS|REFINES|FIXES|CONFLICTS_WITH]-(:Memory) WITH DISTINCT r ORDER BY r.seq
  RETURN collect([startNode(r).id, endNode(r).id, type(r), {_STAMP}]) AS links
}}
CALL (moves, edges, flags, links) {{
  WITH [x IN moves | x[1][5]] + [x IN edges | x[7]] + [x IN flags | x[2][0]] + [x IN links | x[3]] AS seqs
  UNWIND seqs AS seq WITH DISTINCT seq
  MATCH (c:Change {{tenant: $p.tenant, seq: seq}})<-[r:REVOKES]-(:Change) WITH c, r ORDER BY r.seq
  RETURN collect([c.seq, r.move, {_STAMP}]) AS revocations
}}
{BRANCHES}
"""
_T_MICROS = micros_of("t")
_MEMORY = f"""
  [m.id, m.repo, m.user, m.branch, m.environment, m.kind, m.origin, m.confidence, m.subject, m.statement,
    m.seq, {_MEMORY_RECORDED_AT}, m.written_on]
"""
COMPONENT_FIELDS = f"""
  [m IN chained | {_MEMORY}] AS memories,
  moves, edges, flags, links, revocations, branches
"""
# A cache tells no more and no less than is known at a position if nothing after it has changed the cache.
_TELLS = "m.is_common AND m.cached_seq <= known"
#: The rows of the memories in the lists `found` and `rivals` as of ledger position `known`; those of `found` that may
#: come alone do so, unless the list `whole` has their ids.
ROWS = f"""
CALL (found, whole, known) {{
  UNWIND found AS m
  WITH m, $p.settles AND NOT m.id IN whole AND {_TELLS} AND {COVERS} AS is_settled
  RETURN collect(CASE WHEN is_settled THEN m END) AS settled, collect(CASE WHEN is_settled THEN null ELSE m END) AS rest
}}
WITH *, rest + rivals AS seeds
{COMPONENT}
CALL (settled) {{
  UNWIND settled AS m
  MATCH (:Change)-[r:CONFIRMED]->(m) WITH m, r ORDER BY r.seq
  RETURN collect([m.id, [{_STAMP}]]) AS confirmed
}}
"""
#: The fields of `rows_of_found`.
ROWS_FIELDS = f"""
  {COMPONENT_FIELDS}, confirmed,
  [m IN settled | {_MEMORY}] AS alone,
  [m IN chained + settled WHERE {_TELLS} |
    [m.id, [t IN m.holds_from | {_T_MICROS}], [t IN m.holds_to | {_T_MICROS}]]] AS holding
"""
_ROWS = f"""
CALL () {{
  UNWIND $p.ids AS id MATCH (m:Memory {{tenant: $p.tenant, id: id}}) RETURN collect(DISTINCT m) AS found
}}
WITH found, $p.seq AS known
CALL (known) {{
  UNWIND $p.subjects AS subject
  MATCH (m:Memory {{tenant: $p.tenant, subject: subject}})
  WHERE m.seq <= $p.seq AND {SEEN} AND NOT ({_TELLS} AND NOT {COVERS})
  WITH m ORDER BY m.seq DESC LIMIT $p.rivals
  RETURN collect(m) AS rivals
}}
WITH found, rivals, known, [] AS whole
{ROWS}
RETURN {ROWS_FIELDS}
"""

_ENTRIES = f"""
MATCH (c:Change) WHERE c.tenant = $p.tenant AND c.seq > $p.after AND c.seq <= $p.last
RETURN {CHANGE_FIELDS} AS entry ORDER BY c.seq LIMIT $p.limit
"""
_HASH_AT = "MATCH (c:Change {tenant: $p.tenant, seq: $p.seq}) RETURN c.hash AS hash"
_BY_OP_ID = f"MATCH (c:Change {{tenant: $p.tenant, op_id: $p.op_id}}) RETURN {CHANGE_FIELDS} AS entry"
_OF_MEMORY = f"""
MATCH (m:Memory {{tenant: $p.tenant, id: $p.id}})
MATCH (c:Change)-[:{ABOUT}]->(m)
WITH DISTINCT c RETURN {CHANGE_FIELDS} AS entry ORDER BY c.seq
"""
_LAST = f"""
MATCH (l:Ledger {{tenant: $p.tenant}}) WHERE l.seq > 0
RETURN l.seq AS seq, {_HEAD_RECORDED_AT} AS recorded_at
"""
LAST_BEFORE = f"""
MATCH (c:Change) WHERE c.tenant = $p.tenant AND c.recorded_at <= $p.moment
RETURN c.seq AS seq, {_CHANGE_RECORDED_AT} AS recorded_at ORDER BY c.recorded_at DESC LIMIT 1
"""
_PAGE = 1_000


def head(link: Link, tenant: str) -> Head:
    """The tenant's head; one with `seq` 0 if nothing was ever written for it."""
    found = link.records(_HEAD, {"tenant": tenant})
    return head_of(tenant, found[0]["head"] if found else None)


def tenants(link: Link) -> list[str]:
    """Every tenant that has a ledger, also one without entries, sorted."""
    return [one["tenant"] for one in link.records(_TENANTS, {})]


def branches(link: Link, tenant: str) -> dict[str, BranchRow]:
    """Every branch of the tenant."""
    found = (branch_row(one["branch"]) for one in link.records(_BRANCHES, {"tenant": tenant}))
    return {row.key: row for row in found}


def rows(
    link: Link, reader: Scope, ids: Iterable[str], *, rivals: Rivals | None = None, settled_at: Point | None = None
) -> Rows:
    """The rows of memories and of all that they are chained to.

    Memories whose cache says that they hold at the point `settled_at` come alone.
    """
    at = settled_at if rivals is None else rivals.at
    asked = {
        "tenant": reader.tenant,
        "ids": list(dict.fromkeys(ids)),
        "subjects": [] if rivals is None else list(rivals.subjects),
        "rivals": 0 if rivals is None else rivals.limit,
        "homes": list(admitted_homes(reader)),
        **settling(at, settles=settled_at is not None),
    }
    return rows_of_found(reader.tenant, link.records(_ROWS, asked)[0])


def settling(at: Point | None, *, settles: bool) -> dict[str, object]:
    """The parameters of `ROWS`."""
    return {"settles": settles, "at": None if at is None else at.valid, "seq": None if at is None else at.seq}


def rows_of_found(tenant: str, found: Record) -> Rows:
    """From what `ROWS_FIELDS` returns."""
    chained = rows_of(tenant, found)
    alone = [memory_row(tenant, fields) for fields in found["alone"]]
    settled = {row.memory.id: row for row in alone if row.memory.id not in chained.memories}
    confirmed = [confirm_row(key, fields) for key, fields in found["confirmed"] if key in settled]
    return replace(
        chained,
        memories={**chained.memories, **settled},
        confirmations=(*chained.confirmations, *confirmed),
        holding={key: _spans(starts, ends) for key, starts, ends in found["holding"]},
        settled=frozenset(settled),
    )


def _spans(starts: Sequence[int], ends: Sequence[int]) -> tuple[tuple[datetime, datetime], ...]:
    return tuple(zip(map(from_micros, starts), map(from_micros, ends), strict=True))


def rows_of(tenant: str, found: Record) -> Rows:
    """From what `COMPONENT_FIELDS` returns."""
    memories = sorted((memory_row(tenant, fields) for fields in found["memories"]), key=lambda row: row.stamp.seq)
    flags = found["flags"]
    return Rows(
        memories={row.memory.id: row for row in memories},
        moves=tuple(move_row(key, fields) for key, fields in found["moves"]),
        edges=tuple(edge_row(fields) for fields in found["edges"]),
        retractions=tuple(retract_row(key, fields) for kind, key, fields in flags if kind == "RETRACTED"),
        confirmations=tuple(confirm_row(key, fields) for kind, key, fields in flags if kind == "CONFIRMED"),
        links=tuple(link_row(fields) for fields in found["links"]),
        revocations=tuple(revoke_row(fields) for fields in found["revocations"]),
        branches=branches_of(found),
    )


def branches_of(found: Record) -> dict[str, BranchRow]:
    """From what `BRANCHES` returns."""
    return {row.key: row for row in map(branch_row, found["branches"])}


# ---- the ledger


def entries(link: Link, tenant: str, *, after: int = 0, last: int | None = None) -> Iterator[Entry]:
    """Sealed entries in order, those past a position, read page by page."""
    end, seq = head(link, tenant).seq if last is None else last, max(after, 0)
    previous = GENESIS
    if seq:
        found = link.records(_HASH_AT, {"tenant": tenant, "seq": seq})
        previous = found[0]["hash"] if found else GENESIS
    while seq < end:
        page = link.records(_ENTRIES, {"tenant": tenant, "after": seq, "last": end, "limit": _PAGE})
        for one in page:
            entry = entry_of(one["entry"], previous)
            previous, seq = entry.hash, entry.seq
            yield entry
        if len(page) < _PAGE:
            return


def changes(link: Link, tenant: str, *, after: int, limit: int) -> list[Change]:
    """Entries as readers see them, those past a position."""
    asked = {"tenant": tenant, "after": after, "last": END, "limit": max(limit, 0)}
    return _changes(link.records(_ENTRIES, asked))


def change_by_op_id(link: Link, tenant: str, op_id: str) -> Change | None:
    """The entry of an `op_id`; None if it was never used."""
    return next(iter(_changes(link.records(_BY_OP_ID, {"tenant": tenant, "op_id": op_id}))), None)


def changes_of(link: Link, tenant: str, memory: str) -> list[Change]:
    """Entries that name a memory or revoke one that does, in order."""
    return _changes(link.records(_OF_MEMORY, {"tenant": tenant, "id": memory}))


def position(link: Link, tenant: str, instant: datetime | None) -> Position:
    """The last entry at or before a moment."""
    asked = {"tenant": tenant, "moment": instant}
    found = link.records(_LAST if instant is None else LAST_BEFORE, asked)
    return position_of(found[0] if found else None)


def position_of(found: Record | None) -> Position:
    """From what `LAST_BEFORE` returns."""
    return Position(0, None) if found is None else Position(found["seq"], from_micros(found["recorded_at"]))


def entry_of_op(fields: list[object]) -> Entry:
    """An entry whose predecessor is not looked up."""
    return entry_of(fields, GENESIS)


def _changes(found: Iterable[Record]) -> list[Change]:
    read: list[Change] = []
    for one in found:
        if one["entry"][3] is None:
            raise CorruptStore(f"ledger entry {one['entry'][0]} has no body; restore the store from an export")
        read.append(change_of(entry_of_op(one["entry"])))
    return read
