"""INSERT and UPDATE statements, one per table, and the parameter tuples for each row of a planned transaction."""

from __future__ import annotations

from collections.abc import Callable

from graphmem.adapters.sqlite.values import Row, Tenant, optional_micros, rowid_of
from graphmem.instants import to_micros
from graphmem.rows import Rows, Stamp

#: In execution order: "derived" updates memory rows that an earlier statement inserts.
INSERTS = {
    "anchor": "INSERT INTO anchor (number, id, kind, repo, name) VALUES (?, ?, ?, ?, ?)",
    "entry": (
        "INSERT INTO entry (place, tenant, recorded_at, op_id, branch, salt, digest, commitment, hash, body)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    ),
    "memory": (
        "INSERT INTO memory (number, tenant, id, home, home_branch, branch, recorded_at, kind, origin, language,"
        " subject, confidence, content, status, is_common, holding, statement)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    ),
    "move": (
        "INSERT INTO move (memory, seq, place, status, at, ordinal, source_word, recorded_at, branch)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
    ),
    "edge": (
        "INSERT INTO superseded_by (old, seq, new, kind, at, until, part, reason, recorded_at, branch)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    ),
    "retraction": "INSERT INTO retraction (memory, seq, recorded_at, branch) VALUES (?, ?, ?, ?)",
    "confirmation": "INSERT INTO confirmation (memory, seq, recorded_at, branch) VALUES (?, ?, ?, ?)",
    "source": "INSERT INTO source_key (memory, seq, tenant, key, recorded_at, branch) VALUES (?, ?, ?, ?, ?, ?)",
    "link": "INSERT INTO link (source, seq, target, kind, recorded_at, branch) VALUES (?, ?, ?, ?, ?, ?)",
    "revocation": "INSERT INTO revocation (change, seq, move, recorded_at, branch) VALUES (?, ?, ?, ?, ?)",
    "reading": "INSERT INTO reading (tenant, repo, seq) VALUES (?, ?, ?)",
    "touch": "INSERT OR IGNORE INTO touch (memory, seq) VALUES (?, ?)",
    "about": "INSERT OR IGNORE INTO about (anchor, memory) VALUES (?, ?)",
    "guard": "INSERT OR IGNORE INTO guard_term (tenant, term, memory) VALUES (?, ?, ?)",
    "vector": "INSERT INTO vector (memory, data) VALUES (?, ?)",
    "derived": "UPDATE memory SET status = ?, is_common = ?, holding = ? WHERE number = ?",
}


def append(pending: dict[str, list[Row]], tenant: Tenant, rows: Rows, number: Callable[[str], int]) -> None:
    """Collect every row except memories and branches in `pending`; `number` returns the row number of a memory id."""
    for row in rows.moves:
        move = row.move
        seq, *rest = _stamp_parts(row.stamp)
        pending["move"].append(
            (
                number(row.memory),
                seq,
                row.index,
                move.status,
                to_micros(move.at),
                move.ordinal,
                move.source_word,
                *rest,
            )
        )
    for edge in rows.edges:
        seq, *rest = _stamp_parts(edge.stamp)
        times = (optional_micros(edge.at), optional_micros(edge.until))
        pending["edge"].append(
            (number(edge.old), seq, number(edge.new), edge.kind, *times, edge.part, edge.reason, *rest)
        )
    for retraction in rows.retractions:
        pending["retraction"].append((number(retraction.memory), *_stamp_parts(retraction.stamp)))
    for confirmation in rows.confirmations:
        pending["confirmation"].append((number(confirmation.memory), *_stamp_parts(confirmation.stamp)))
    for source in rows.sources:
        seq, *rest = _stamp_parts(source.stamp)
        pending["source"].append((number(source.memory), seq, tenant.number, source.key, *rest))
    for reading in rows.readings:
        pending["reading"].append((tenant.number, reading.repo or "", reading.stamp.seq))
    for link in rows.links:
        seq, *rest = _stamp_parts(link.stamp)
        pending["link"].append((number(link.source), seq, number(link.target), link.kind, *rest))
    for revocation in rows.revocations:
        seq, *rest = _stamp_parts(revocation.stamp)
        rowids = (rowid_of(tenant.number, revocation.change), rowid_of(tenant.number, seq))
        pending["revocation"].append((*rowids, revocation.move, *rest))


def _stamp_parts(stamp: Stamp) -> tuple[int, int, str | None]:
    return stamp.seq, to_micros(stamp.recorded_at), stamp.branch
