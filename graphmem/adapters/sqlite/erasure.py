"""Erasure of a memory's content."""

from __future__ import annotations

from graphmem.adapters.sqlite.snapshot import Snapshot
from graphmem.adapters.sqlite.values import rowid_of, seq_of
from graphmem.guard.index_terms import terms_of_statement
from graphmem.ledger import blank, content_digest, decode
from graphmem.model import Change, Statement, Supersede
from graphmem.statement_json import decode_statement
from graphmem.terms import statement_terms

_STATEMENT = "SELECT id, statement FROM memory WHERE number = ?"
_TOMBSTONE = (
    "UPDATE memory SET statement = NULL, kind = NULL, origin = NULL, language = NULL, subject = NULL,"
    " confidence = NULL, content = NULL, tombstone = coalesce(?, tombstone) WHERE number = ?"
)
_TOUCHES = "SELECT seq FROM touch WHERE memory = ?"
_BODY = "SELECT body FROM entry WHERE place = ?"
_BLANK = "UPDATE entry SET body = ?, salt = NULL, digest = NULL WHERE place = ?"
_BLANK_MOVES = "UPDATE move SET source_word = NULL WHERE memory = ?"
_BLANK_EDGES = "UPDATE superseded_by SET part = NULL, reason = NULL WHERE old = ? AND seq = ?"
_HAS_VECTOR = "SELECT count(*) FROM vector WHERE memory = ?"
_FIND_ANCHOR = "SELECT number FROM anchor WHERE id = ?"
_DROP_ABOUT = "DELETE FROM about WHERE anchor = ? AND memory = ?"
_DROP_ANCHOR = "DELETE FROM anchor WHERE number = ?1 AND NOT EXISTS (SELECT 1 FROM about WHERE anchor = ?1)"
_DROP_VECTOR = "DELETE FROM vector WHERE memory = ?"
_DROP_GUARD_TERM = "DELETE FROM guard_term WHERE tenant = ? AND term = ? AND memory = ?"
_DROP_SOURCES = "DELETE FROM source_key WHERE memory = ?"


def erase(snapshot: Snapshot, number: int, change: Change) -> bool:
    """Remove content, index rows and free text of a memory; its row and its edges stay.

    `TextWriter.erase` removes its terms from segments.

    Returns:
        Whether there was content: a restored memory may already lack it.
    """
    connection, tenant = snapshot.connection, snapshot.tenant
    memory_id, text = connection.execute(_STATEMENT, (number,)).fetchone() or ("", None)
    digest = None
    if text is not None:
        statement = decode_statement(text)
        digest = content_digest(tenant.key, statement)
        _drop_indexes(snapshot, number, statement)
    connection.execute(_TOMBSTONE, (digest, number))
    connection.execute(_BLANK_MOVES, (number,))
    connection.execute(_DROP_SOURCES, (number,))
    seqs = {seq_of(number), *(seq for (seq,) in connection.execute(_TOUCHES, (number,)))} - {change.seq}
    for seq in sorted(seqs):
        _blank_entry(snapshot, rowid_of(tenant.number, seq), memory_id)
    tenant.epoch += 1
    return text is not None


def _blank_entry(snapshot: Snapshot, place: int, key: str) -> None:
    connection = snapshot.connection
    body = str(connection.execute(_BODY, (place,)).get)
    connection.execute(_BLANK, (blank(body, key), place))
    operation, _, _ = decode(body)
    if isinstance(operation, Supersede):
        for old in snapshot.numbers(operation.old):
            connection.execute(_BLANK_EDGES, (old, seq_of(place)))


def _drop_indexes(snapshot: Snapshot, number: int, statement: Statement) -> None:
    connection, tenant = snapshot.connection, snapshot.tenant
    tenant.documents -= 1
    tenant.tokens -= len(statement_terms(statement))
    tenant.vectors -= int(str(connection.execute(_HAS_VECTOR, (number,)).get))
    for anchor in statement.anchors:
        anchor_number = connection.execute(_FIND_ANCHOR, (anchor.node_id(tenant.name),)).get
        if anchor_number is not None:
            connection.execute(_DROP_ABOUT, (anchor_number, number))
            connection.execute(_DROP_ANCHOR, (anchor_number,))
    for term in terms_of_statement(statement):
        connection.execute(_DROP_GUARD_TERM, (tenant.number, term, number))
    connection.execute(_DROP_VECTOR, (number,))
