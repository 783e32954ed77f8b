"""How rows are written: one statement per table, and the tuples that it takes."""

from __future__ import annotations

from collections.abc import Callable

from graphmem.adapters.sqlite.values import Row, Tenant, optional_micros, place_of
from graphmem.instants import to_micros
from graphmem.rows import Rows, Stamp

#: In the order in which they are written; what is derived is set in rows that are there by then.
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
    "touch": "INSERT OR IGNORE INTO touch (memory, seq) VALUES (?, ?)",
    "about": "INSERT OR IGNORE INTO about (anchor, memory) VALUES (?, ?)",
    "vector": "INSERT INTO vector (memory, data) VALUES (?, ?)",
    "derived": "UPDATE memory SET status = ?, is_common = ?, holding = ? WHERE number = ?",
}


def append(pending: dict[str, list[Row]], tenant: Tenant, rows: Rows, number: Callable[[str], int]) -> None:
    """Collect every row that is no memory and no branch; `number` gives that of a memory."""
    for one in rows.moves:
        move = one.move
        seq, *rest = _stamp_parts(one.stamp)
        pending["move"].append(
            (
                number(one.memory),
                seq,
                one.index,
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
    for link in rows.links:
        seq, *rest = _stamp_parts(link.stamp)
        pending["link"].append((number(link.source), seq, number(link.target), link.kind, *rest))
    for revocation in rows.revocations:
        seq, *rest = _stamp_parts(revocation.stamp)
        places = (place_of(tenant.number, revocation.change), place_of(tenant.number, seq))
        pending["revocation"].append((*places, revocation.move, *rest))


def _stamp_parts(stamp: Stamp) -> tuple[int, int, str | None]:
    return stamp.seq, to_micros(stamp.recorded_at), stamp.branch
